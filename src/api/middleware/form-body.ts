import type { IncomingMessage } from 'node:http';
import { ApiError, malformed } from '../errors/api-error';
import { mediaType, readBody } from './read-body';

const formLimit = 8 * 1024;

/**
 * A form-encoded body. Parameters without a value count as left out (RFC 6749 section 3.2).
 * @throws ApiError 415 for another type, 400 for a parameter given twice, and as readBody
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (mediaType(request.headers['content-type']).type !== 'application/x-www-form-urlencoded') {
    throw new ApiError('unsupported-media-type', 'The body must be application/x-www-form-urlencoded.');
  }
  const form = new URLSearchParams((await readBody(request, formLimit)).toString('utf8'));
  const names = [...form.keys()];
  if (new Set(names).size < names.length) throw malformed('A parameter is there twice.');
  for (const name of names) if (form.get(name) === '') form.delete(name);
  return form;
}
