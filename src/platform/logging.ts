import { isNativeError } from 'node:util/types';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type { Logger } from 'pino';

/**
 * JSON lines on standard output, or at another destination. What must never be logged is not passed here; the
 * redaction is the second lock.
 */
export function createLogger(options: { level: string; role: string; destination?: DestinationStream }): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: { role: options.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: errorForLog },
    redact: {
      paths: [
        'authorization',
        'headers',
        'password',
        'secret',
        '*.authorization',
        '*.headers',
        '*.password',
        '*.secret',
      ],
      censor: '[redacted]',
    },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}

interface LoggedError {
  name: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: LoggedError;
}

/**
 * What of an error may be logged: libraries hang requests, headers, options and statement parameters on
 * their errors, so only these keys pass. A pg error's `detail` quotes values and stays out.
 */
export function errorForLog(error: unknown): LoggedError {
  if (!isNativeError(error)) return { name: typeof error, message: 'not an Error' };
  return {
    name: error.name,
    // knex puts the whole statement in front of the message.
    message: (error.message.split(' - ').at(-1) ?? '').trim().slice(0, 500),
    ...('code' in error && { code: error.code }),
    ...(error.stack && { stack: frames(error.stack) }),
    ...(isNativeError(error.cause) && { cause: errorForLog(error.cause) }),
  };
}

/** A stack begins with the message, which may have several lines. */
function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 7)
    .join('\n');
}
