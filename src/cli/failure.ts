import { MissingPartError } from '../../scripts/local-stack/missing-part';
import { EncryptionKeyUnavailable } from '../platform/key-encryption';
import { errorForLog } from '../platform/logging';
import { isEverhookError, type EverhookError } from '../client';
import { ConfigurationError } from '../platform/config';
import { classifyStoreError, StoreUnavailable } from '../store/database';
import { printable } from './output';

/** How a command ends, for scripts: README has the same table. */
export const exitCodes = {
  ok: 0,
  /** The command was understood and could not be done. */
  failed: 1,
  /** Wrong arguments or settings: trying again the same way can't help. */
  usage: 2,
  /** PostgreSQL, Temporal or the API does not answer: worth trying again. */
  unavailable: 3,
} as const;
export type FailureCode = 1 | 2 | 3;

/** A command ends here; the message is the one line that its user reads. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  constructor(
    message: string,
    readonly exitCode: FailureCode = exitCodes.failed,
  ) {
    super(message);
  }
}

/** Invalid authorization, unknown database. */
const wrongDatabaseUrl = /^(28|3D000)/;

/** A wrong one is as wrong a setting as a wrong password in `DATABASE_URL`. */
const apiCredentials = 'EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET, is not right';

/** What to say about an error, on one line, and how to exit. */
export function describeFailure(error: unknown): { message: string; exitCode: FailureCode } {
  if (error instanceof CommandFailure) return { message: error.message, exitCode: error.exitCode };
  if (isEverhookError(error)) {
    const message = printable(error.message);
    if (error.code === 'unauthorized') return { message: `${apiCredentials}: ${message}`, exitCode: exitCodes.usage };
    if (!isPassing(error)) return { message, exitCode: exitCodes.failed };
    return { message: message + againIn(error), exitCode: exitCodes.unavailable };
  }
  if (error instanceof ConfigurationError) return { message: error.message, exitCode: exitCodes.usage };
  if (error instanceof MissingPartError) return { message: error.message, exitCode: exitCodes.failed };
  // By name: its module loads the Temporal SDK, which most commands do without.
  if (error instanceof Error && error.name === 'TemporalUnavailable') {
    return { message: 'Temporal is unavailable; TEMPORAL_ADDRESS says where it is', exitCode: exitCodes.unavailable };
  }
  if (error instanceof EncryptionKeyUnavailable) {
    const { cause } = errorForLog(error);
    return { message: cause ? `${error.message}: ${cause.message}` : error.message, exitCode: exitCodes.unavailable };
  }
  const { message, code } = errorForLog(error);
  if (typeof code === 'string' && wrongDatabaseUrl.test(code)) {
    return { message: `DATABASE_URL is not right: ${message}`, exitCode: exitCodes.usage };
  }
  if (classifyStoreError(error) instanceof StoreUnavailable) {
    return { message: `the database of DATABASE_URL is unavailable: ${message}`, exitCode: exitCodes.unavailable };
  }
  return { message: oneLine(message) || 'failed without a message', exitCode: exitCodes.failed };
}

const againIn = ({ retryAfterMs }: EverhookError) =>
  retryAfterMs === null ? '' : `; try again in ${Math.ceil(retryAfterMs / 1000)} s`;

/** Whether the API or what it stands on is away, or asks for patience: worth trying again. */
export function isPassing(error: unknown): error is EverhookError {
  return isEverhookError(error) && passing.has(error.code);
}

const passing = new Set<EverhookError['code']>([
  'network',
  'timeout',
  'too-many-requests',
  'bad-gateway',
  'unavailable',
]);

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
