import type { Dispatcher } from 'undici';
import type { Connection } from './connections';
import { codeOf, ExchangeFailure, isOwnTrouble } from './failure';
import type { Interruption } from './interruption';

export interface ExchangeRequest {
  method: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'HEAD';
  /** With the query string. */
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
}

export interface Answer {
  statusCode: number;
  /** Lower-case names, the first value of each. */
  headers: Record<string, string>;
  body: Buffer;
  /** There was more body than was read; the connection is closed. */
  truncated: boolean;
}

const maxBodyBytes = 64 * 1024;
/** A receiver may send several 1xx before its answer (RFC 9110, 15.2); more of them than this is a flood. */
const maxInformational = 10;

/**
 * Sends one request and reads its answer; redirects are answers like others. After any other rejection than a
 * StaleConnection the connection must be destroyed, which also stops what is still under way on it.
 * @throws ExchangeFailure for what the network or the receiver did
 * @throws StaleConnection when a kept connection broke before a byte of the answer: it opens a new one when used again
 * @throws TypeError for a request that can't be written, such as a header value with a line break
 */
export function exchange(
  connection: Connection,
  request: ExchangeRequest,
  interruption: Interruption,
): Promise<Answer> {
  return interruption.phase<Answer>((resolve, reject) => {
    const reader = new AnswerReader(connection, resolve, reject);
    connection.client.dispatch({ ...request, reset: !connection.keepAfterThis() }, reader);
    return (reason) => reader.giveUp(reason);
  });
}

/**
 * The receiver closed a kept connection, most likely before it saw the request. All clients of HTTP send it again then
 * (RFC 9112, 9.3.1, for what may be processed twice); ours may be, because receivers tell twins by the event's id.
 */
export class StaleConnection extends ExchangeFailure {
  constructor() {
    super('connect_error', 'a kept connection was closed');
  }
}

const goneCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

class AnswerReader implements Dispatcher.DispatchHandler {
  #sending = false;
  #begun = false;
  #informational = 0;
  #statusCode: number | null = null;
  #headers: Record<string, string> = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #settled = false;

  constructor(
    private readonly connection: Connection,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (reason: unknown) => void,
  ) {}

  /** Ends the exchange with the reason; a deadline that passes in mid-answer is told with the status of that answer. */
  giveUp(reason: unknown): void {
    this.#fail(
      reason instanceof ExchangeFailure && this.#statusCode !== null
        ? new ExchangeFailure(reason.errorClass, reason.detail, this.#statusCode)
        : reason,
    );
  }

  /** undici is about to write the request; an error before this means that nothing was written. */
  onRequestStart(): void {
    this.#sending = true;
  }

  onResponseStarted(): void {
    this.#begun = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) {
      this.#informational++;
      if (this.#informational > maxInformational) this.#fail(new ExchangeFailure('protocol_error', 'too many 1xx'));
      return;
    }
    this.#statusCode = statusCode;
    this.#headers = firstValues(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > maxBodyBytes) {
      this.#finish(true);
      this.connection.destroy();
    }
  }

  onResponseEnd(): void {
    this.connection.completed();
    this.#finish(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#fail(this.#failureOf(error));
  }

  #finish(truncated: boolean): void {
    if (this.#settled || this.#statusCode === null) return;
    this.#settled = true;
    // Copies: a chunk is a view of a whole read buffer, which must not live as long as a short body.
    const body = Buffer.concat(this.#chunks, Math.min(this.#size, maxBodyBytes));
    this.resolve({ statusCode: this.#statusCode, headers: this.#headers, body, truncated });
  }

  #fail(reason: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.reject(reason);
  }

  #failureOf(error: unknown): unknown {
    if (error instanceof ExchangeFailure || isOwnTrouble(error)) return error;
    const code = codeOf(error);
    if (this.connection.exchanges > 0 && !this.#begun && (!this.#sending || goneCodes.has(code))) {
      return new StaleConnection();
    }
    switch (code) {
      case 'UND_ERR_INVALID_ARG':
      case 'UND_ERR_NOT_SUPPORTED':
        return new TypeError('the request can not be written', { cause: error });
      case 'ECONNRESET':
      case 'EPIPE':
      case 'ETIMEDOUT':
        return new ExchangeFailure('connect_error', code, this.#statusCode);
      case 'UND_ERR_SOCKET':
        return this.#begun
          ? new ExchangeFailure('protocol_error', 'closed before the end of the answer', this.#statusCode)
          : new ExchangeFailure('connect_error', 'closed without an answer');
    }
    // With TLS 1.3 a receiver refuses a handshake, a missing client certificate for one, after it ended for this side.
    const errorClass = code.startsWith('ERR_SSL_') ? 'tls_error' : 'protocol_error';
    return new ExchangeFailure(errorClass, code, this.#statusCode);
  }
}

function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const first: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    const text = typeof value === 'object' ? value[0] : value;
    if (text !== undefined) first[name] = text;
  }
  return first;
}
