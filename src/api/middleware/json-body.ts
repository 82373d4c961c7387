import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ApiError, malformed } from '../errors/api-error';
import { checkJson } from './json-hygiene';
import { mediaType, readBody } from './read-body';

/** The longest body of every request but a batch of events. */
export const bodyLimit = 256 * 1024;

/**
 * A request's body as the JSON object it must be; undefined when there is none at all.
 * @throws ApiError 400, 408, 413, 415 as readBody and {@link checkJson} say
 */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<object | undefined> {
  if (!hasBody(request)) return undefined;
  const { type, charset } = mediaType(request.headers['content-type']);
  if (type !== 'application/json' || (charset !== '' && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new ApiError('unsupported-media-type', 'The body must be application/json in UTF-8.');
  }
  const bytes = await readBody(request, limit);
  if (!isUtf8(bytes)) throw malformed('The body is not valid UTF-8.');
  return parseJsonObject(bytes.toString('utf8'));
}

/** @throws ApiError 400 */
export function parseJsonObject(text: string): object {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.');
  }
  checkJson(text, value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
