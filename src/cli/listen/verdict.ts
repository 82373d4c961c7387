import {
  VerificationError,
  verifySovrin,
  verifyStandardWebhooksSignature,
  verifyTyk,
  type KeySource,
} from '../../verify';

/** A request as it came. */
export interface Received {
  method: string;
  /** Path and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

/** One of the signatures that a request has. `genuine` null: it could not be verified. */
export interface SignatureCheck {
  scheme: 'Standard Webhooks' | 'HTTP Message Signature' | 'X-Signature-SHA256';
  genuine: boolean | null;
  /** A code of `everhook/verify`, or what is missing to verify it; null when it is genuine. */
  code: string | null;
  reason: string | null;
}

/** `unverified`: there was nothing to verify it with. */
export interface Verdict {
  verdict: 'genuine' | 'not genuine' | 'unverified';
  checks: SignatureCheck[];
}

/** What requests are verified with; what is null is not verified. */
export interface VerifiedWith {
  secrets: readonly string[];
  /** The keys that Everhook publishes, for sovrin. */
  keys: KeySource | null;
  /** Whose deliveries these are; null: of any webhook. */
  webhookId: string | null;
  /** The host of the URL that was registered; null: the one that the request names. */
  host: string | null;
}

/**
 * Whether a request is genuine, by every signature that it has. One that is wrong makes it not genuine, and so does having
 * none at all where there is a secret to verify with.
 */
export async function judge(request: Received, by: VerifiedWith): Promise<Verdict> {
  const checks: SignatureCheck[] = [];
  const { headers } = request;
  if (headers['webhook-signature'] !== undefined || by.secrets.length > 0) {
    checks.push(await check('Standard Webhooks', by.secrets.length > 0 ? () => standard(request, by) : null));
  }
  if (headers['x-signature-sha256'] !== undefined) {
    checks.push(await check('X-Signature-SHA256', by.secrets.length > 0 ? () => tyk(request, by) : null));
  }
  if (headers['signature-input'] !== undefined) {
    const { keys } = by;
    checks.push(await check('HTTP Message Signature', keys ? () => sovrin(request, by, keys) : null));
  }
  if (checks.some(({ genuine }) => genuine === false)) return { verdict: 'not genuine', checks };
  return { verdict: checks.some(({ genuine }) => genuine) ? 'genuine' : 'unverified', checks };
}

const needs: Record<SignatureCheck['scheme'], string> = {
  'Standard Webhooks': 'set EVERHOOK_WEBHOOK_SECRET to verify it',
  'X-Signature-SHA256': 'set EVERHOOK_WEBHOOK_SECRET to verify it',
  'HTTP Message Signature': 'set EVERHOOK_URL, where the keys are published, to verify it; https, or on this machine',
};

async function check(scheme: SignatureCheck['scheme'], verify: (() => unknown) | null): Promise<SignatureCheck> {
  if (verify === null) return { scheme, genuine: null, code: 'nothing_to_verify_with', reason: needs[scheme] };
  try {
    await verify();
    return { scheme, genuine: true, code: null, reason: null };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    // That keys can't be had says nothing of the request.
    const genuine = error.code === 'keys_unavailable' ? null : false;
    return { scheme, genuine, code: error.code, reason: error.message };
  }
}

const standard = ({ headers, body }: Received, { secrets }: VerifiedWith) =>
  verifyStandardWebhooksSignature({ headers, body, secrets });

const tyk = ({ headers, body }: Received, { secrets }: VerifiedWith) => verifyTyk({ headers, body, secrets });

function sovrin(request: Received, { webhookId, host }: VerifiedWith, keys: KeySource): Promise<unknown> {
  const named = request.headers.host;
  const of = documentOf(request.body)?.webhookId;
  return verifySovrin({
    ...request,
    keys,
    host: host ?? (typeof named === 'string' ? named : ''),
    webhookIds: webhookId ?? (typeof of === 'string' ? of : []),
  });
}

/** A body that is a JSON object; null for every other. */
export function documentOf(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
