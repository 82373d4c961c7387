import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ApiError, malformed } from '../errors/api-error';

/** A client that sends a byte a minute holds no more than this long on to its body. */
const deadlineMs = 15_000;

/**
 * The bytes of a request's body; empty when it has none.
 * @throws ApiError 413 over `limit` bytes, 415 for a compressed body, 408 past the deadline, 400 when the client left
 */
export async function readBody(request: Readable & Pick<IncomingMessage, 'headers'>, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ApiError('unsupported-media-type', 'Content-Encoding is not supported: send the body as it is.');
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (error: ApiError) => {
      settle();
      // What still comes is read and thrown away, so that the answer reaches a client in the middle of sending.
      request.resume();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) stop(tooLarge(limit));
    };
    const onEnd = () => {
      settle();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
    };
    const onGone = () => stop(malformed('The connection ended before the body did.'));
    const late = () =>
      stop(new ApiError('request-timeout', 'The body did not arrive in time.', { headers: { Connection: 'close' } }));
    const timer = setTimeout(late, deadlineMs);
    const settle = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      request.on('error', () => {});
    };
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

function tooLarge(limit: number): ApiError {
  return new ApiError('payload-too-large', `The body is larger than ${limit / 1024} KiB.`);
}

/** The media type of a Content-Type header in lower case, and its charset; both empty when there is none. */
export function mediaType(contentType = ''): { type: string; charset: string } {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length) ?? '';
  return { type, charset: charset.replace(/^"(.*)"$/, '$1') };
}
