import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotListen } from '../../platform/config';
import { describe, type ReceivedDelivery } from './delivery';
import { forward } from './forward';
import { judge, type Received, type VerifiedWith } from './verdict';

export interface Listener {
  port: number;
  close(): Promise<void>;
}

/** More than any delivery is. */
const largestBytes = 8 * 1024 * 1024;
const notGenuine = 401;

/**
 * Receives deliveries, verifies each, and answers: `status` for one that is genuine or can't be verified, or what the app
 * behind `forwardTo` answers; 401 for one that is not genuine, which is not handed on.
 *
 * @param options.verifiedWith as it is when a request comes: a webhook that is registered for this listener is known later
 * @throws ConfigurationError when the port can't be listened on
 */
export async function listenForDeliveries(options: {
  host: string;
  port: number;
  status: number;
  forwardTo: string | null;
  verifiedWith(): VerifiedWith;
  onDelivery(delivery: ReceivedDelivery): void;
}): Promise<Listener> {
  const seen = new Map<string, number>();

  async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedAt = new Date();
    const body = await read(message);
    if (body === null) return void response.writeHead(413).end();
    const { method = '', url = '', headers } = message;
    const request: Received = { method, url, headers, body };
    const verdict = await judge(request, options.verifiedWith());
    const described = describe(request);
    const known = described.eventId ?? '';
    const times = (seen.get(known) ?? 0) + 1;
    // A forged request must not make the true one look like a repetition.
    if (known !== '' && verdict.verdict !== 'not genuine') seen.set(known, times);

    const began = performance.now();
    const passed = verdict.verdict !== 'not genuine' && options.forwardTo !== null;
    const answer = passed ? await forward(options.forwardTo ?? '', request) : null;
    const status = answer?.status ?? (verdict.verdict === 'not genuine' ? notGenuine : options.status);
    options.onDelivery({
      receivedAt: receivedAt.toISOString(),
      ...verdict,
      method,
      path: url,
      ...described,
      times,
      answered: {
        status,
        by: passed ? 'forward' : 'listen',
        durationMs: Math.round(performance.now() - began),
        error: answer?.error ?? null,
      },
    });
    if (answer?.contentType) response.setHeader('content-type', answer.contentType);
    response.writeHead(status).end(answer?.body);
  }

  const server = createServer((message, response) => {
    receive(message, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { '--port': options.port, '--host': options.host })));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(message: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > largestBytes) return null;
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
