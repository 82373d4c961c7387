import type { ErrorClass } from '../../domain/delivery';

/** The classes that an exchange itself can end in; the other two are given by what the caller makes of an answer. */
export type EgressErrorClass = Exclude<ErrorClass, 'http_status' | 'auth_error'>;

/** What the network or the receiver did to an exchange. Never leaves the egress: it becomes a result. */
export class ExchangeFailure extends Error {
  /**
   * @param detail for operators' logs: an error code and checked addresses; no header, body or path
   * @param statusCode of an answer that began and did not end
   */
  constructor(
    readonly errorClass: EgressErrorClass,
    readonly detail: string,
    readonly statusCode: number | null = null,
  ) {
    super(`${errorClass}: ${detail}`);
    this.name = 'ExchangeFailure';
  }
}

/** The code of a system, TLS or protocol error, or its name; never its message, which may quote the receiver. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown';
}

/** Codes that say something about this machine and nothing about the receiver: they must not count as an attempt. */
const ownTrouble = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

export function isOwnTrouble(error: unknown): boolean {
  return ownTrouble.has(codeOf(error));
}
