import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { PayloadDecryptionError } from '../../platform/payload-codec';
import { UnknownEncryptionKeyError } from '../../platform/keyring';
import type { ApiDependencies } from '../dependencies';
import { ApiError, malformed } from '../errors/api-error';
import type { AuthenticateOperator } from '../middleware/codec-access';
import type { RateLimits } from '../middleware/rate-limits';
import { operatorRoute, type PublicJsonRequest, type Route } from '../route';
import { codecSignInRoutes } from './codec-sign-in';

/** Temporal takes payloads of up to 2 MiB, which are a third more in base64. */
const bodyLimit = 3 * 1024 * 1024;

/** A payload in proto3's JSON: bytes are base64. */
const payload = z.object({
  metadata: z.record(z.string(), z.string()).nullish(),
  data: z.string().nullish(),
});
const payloads = z.object({ payloads: z.array(payload).max(1_000) });

/**
 * Temporal's remote codec: the Web UI and the `temporal` command have payloads decrypted here. None without `CODEC_TOKEN`.
 * The token may stand in the path, for a Web UI that can be told an address and nothing else, as the dev server's.
 */
export function codecRoutes(
  { codec, config }: Pick<ApiDependencies, 'codec' | 'config'>,
  limits: RateLimits,
  authenticate: AuthenticateOperator,
): Route[] {
  const { CODEC_TOKEN: token, TEMPORAL_NAMESPACE: namespace, TEMPORAL_UI_URL: webUi } = config;
  if (!token) return [];

  async function run(
    work: (payloads: Payload[]) => Promise<Payload[]>,
    { headers, body }: PublicJsonRequest<z.output<typeof payloads>>,
  ) {
    const asked = headers['x-namespace'];
    if (asked !== undefined && asked !== namespace) throw malformed(`X-Namespace is not ${namespace}.`);
    const done = await work(body.payloads.map(fromJson)).catch((error: unknown) => {
      throw refusalOf(error);
    });
    return { status: 200, body: { payloads: done.map(toJson) } };
  }

  const both = [
    { name: 'decode', work: codec.decode },
    { name: 'encode', work: codec.encode },
  ];
  const places = [
    { under: '/codec', params: undefined },
    { under: '/codec/{token}', params: z.object({ token: z.string() }) },
  ];
  const routes = both.flatMap(({ name, work }) =>
    places.map(({ under, params }) =>
      operatorRoute({
        method: 'post',
        path: `${under}/${name}`,
        tag: 'Operations',
        operationId: `${name}Payloads`,
        summary: `Has payloads of Temporal ${name}d`,
        ...(params && { params }),
        responses: {},
        body: payloads,
        bodyLimit,
        async handle(request) {
          await limits.codec();
          return run(work, request);
        },
      }),
    ),
  );
  const secure = webUi?.startsWith('https:') ?? true;
  return [...routes, ...codecSignInRoutes({ token, authenticate, secure })];
}

function fromJson({ metadata, data }: z.output<typeof payload>): Payload {
  const bytes = Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const);
  return { metadata: Object.fromEntries(bytes), data: Buffer.from(data ?? '', 'base64') };
}

function toJson({ metadata, data }: Payload) {
  const texts = Object.entries(metadata ?? {}).map(([key, value]) => [key, base64(value)] as const);
  return { metadata: Object.fromEntries(texts), data: base64(data ?? new Uint8Array()) };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** A payload that can't be read is the asker's trouble: asking again does not help. */
function refusalOf(error: unknown): unknown {
  const known = error instanceof UnknownEncryptionKeyError || error instanceof PayloadDecryptionError;
  return known ? new ApiError('unprocessable', error.message) : error;
}
