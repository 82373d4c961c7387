import { createHmac, createPrivateKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createOutboundAuth } from '../../src/activities/outbound-auth';
import { apiKeyName, appClientName, credentialOfClientName } from '../../src/domain/credential/names';
import { maxRetryAfterMs, parseRetryAfter } from '../../src/domain/retry-schedule';
import { Secret } from '../../src/domain/secret';
import { httpMessageSignatureHeaders } from '../../src/domain/signing/http-message-signatures';
import { newSigningKeyPair } from '../../src/domain/signing/jwk';
import { standardWebhooksHeaders } from '../../src/domain/signing/standard-webhooks';
import { parseAllowedOrigins } from '../../src/domain/url-policy';
import { AwsFailure, callAws } from '../../src/platform/aws/errors';
import { ConfigurationError, parseDuration, readConfig } from '../../src/platform/config';
import type { EgressResult } from '../../src/platform/egress/egress';
import {
  createKeyring,
  DecryptionError,
  parseEncryptionKeys,
  UnknownEncryptionKeyError,
} from '../../src/platform/keyring';
import { parseTokenSigningKeys } from '../../src/platform/tokens';
import { verifySovrin, verifyStandardWebhooks, verifyTyk, type SovrinRequest } from '../../src/verify';
import { keysOf } from '../../src/verify/key-set';
import { VerificationError } from '../../src/verify/verification-error';
import { anyText, near, outcomeOf, settledOf } from './texts';

/** What operators set, receivers and AWS answer, and the database holds: whatever it is, it is read or refused. */

const base64Key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString('base64'));

describe('a setting', () => {
  it('that is a duration is milliseconds of 250ms, 3s, 60m or 24h, and nothing else', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
    const written = fc.tuple(fc.nat({ max: 999_999_999 }), fc.constantFrom('ms', 's', 'm', 'h'));
    fc.assert(
      fc.property(written, ([count, unit]) => {
        expect(parseDuration(`${count}${unit}`)).toBe(count * units[unit as keyof typeof units]);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(anyText, near(fc.constantFrom('250ms', '3s', '60m'))), (text) => {
        const ms = parseDuration(text);
        if (ms !== null) expect([Number.isSafeInteger(ms), /^\d{1,9}(ms|s|m|h)$/.test(text)]).toEqual([true, true]);
      }),
    );
  });

  const names = [
    ...['PORT', 'LOG_LEVEL', 'DATABASE_URL', 'RETRY_BASE', 'EGRESS_ALLOW', 'EGRESS_DNS_SERVERS', 'RATE_LIMIT_EVENTS'],
    ...['ENCRYPTION_KEYS', 'TOKEN_SIGNING_KEY', 'AWS_REGION', 'TEMPORAL_UI_URL', 'WORKER_MAX_DELIVERIES', 'EVERHOOK_X'],
  ];
  it('of whatever text is taken, or refused in one line that names it', () => {
    const good = {
      DATABASE_URL: 'postgres://localhost/x',
      ENCRYPTION_KEYS: `k:${randomBytes(32).toString('base64')}`,
      TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    };
    const values = near(
      fc.constantFrom('1', 'true', '3s', '100/s', 'https://x.example', '10.0.0.1:53,[::1]', 'eu-central-1'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.oneof(anyText, values), (name, value) => {
        const outcome = outcomeOf(() => readConfig({ ...good, [name]: value }));
        if ('value' in outcome) return;
        expect(outcome.error).toBeInstanceOf(ConfigurationError);
        const { message } = outcome.error as Error;
        expect(message.startsWith(name)).toBe(true);
        expect(message.split('\n')).toHaveLength(1);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, (text: string) => unknown, fc.Arbitrary<string>]>([
    ['encryption keys', parseEncryptionKeys, base64Key.map((key) => `k1:${key}`)],
    ['token signing keys', parseTokenSigningKeys, base64Key],
  ])('that has %s never shows a part of them in what is wrong with it', (_what, parse, keys) => {
    fc.assert(
      fc.property(near(keys), (text) => {
        const outcome = outcomeOf(() => parse(text));
        if ('value' in outcome) return;
        expect(outcome.error).toBeInstanceOf(Error);
        const { message } = outcome.error as Error;
        for (let at = 0; at + 8 <= text.length; at += 1) expect(message).not.toContain(text.slice(at, at + 8));
      }),
    );
  });

  it('that allows origins gives back each as the URL standard writes it', () => {
    const origin = fc.tuple(fc.constantFrom('http', 'https'), fc.domain(), fc.integer({ min: 1024, max: 65535 }));
    const written = origin.map(([scheme, host, port]) => `${scheme}://${host}:${port}`);
    fc.assert(
      fc.property(fc.oneof(anyText, near(written)), (text) => {
        const outcome = outcomeOf(() => parseAllowedOrigins(text));
        if ('error' in outcome) return expect((outcome.error as Error).message.split('\n')).toHaveLength(1);
        const again = outcome.value.map((one) => one.origin).join(',');
        expect(parseAllowedOrigins(again)).toEqual(outcome.value);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a stored ciphertext', () => {
  const binding = { tenantId: 't', recordId: 'r', field: 'f' };
  const keyring = createKeyring(parseEncryptionKeys(`k1:${randomBytes(32).toString('base64')}`));

  it('that something was done to does not decrypt, and says nothing but its key id', async () => {
    const whole = await keyring.encrypt(new Secret('canary'), binding);
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, near(fc.constant(whole))), async (text) => {
        const outcome = await settledOf(() => keyring.decrypt(text, binding));
        if ('value' in outcome) return expect([text, outcome.value.reveal()]).toEqual([whole, 'canary']);
        const { error } = outcome;
        expect(error instanceof DecryptionError || error instanceof UnknownEncryptionKeyError).toBe(true);
        expect(error instanceof UnknownEncryptionKeyError ? error.kid.length : 0).toBeLessThan(33);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an answer', () => {
  const answered = (statusCode: number, body = ''): EgressResult => ({
    kind: 'response',
    statusCode,
    headers: {},
    body: Buffer.from(body),
    truncated: false,
    durationMs: 1,
  });

  it('with a Retry-After of whatever text asks for nothing, or for up to a minute', () => {
    const date = fc.date({ noInvalidDate: true }).map((at) => at.toUTCString());
    fc.assert(
      fc.property(fc.oneof(anyText, fc.nat().map(String), date, near(date)), (text) => {
        const ms = parseRetryAfter(text, new Date('2026-01-01T00:00:00Z'));
        if (ms !== undefined) expect(ms > 0 && ms <= maxRetryAfterMs).toBe(true);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (seconds) => {
        expect(parseRetryAfter(String(seconds), new Date())).toBe(seconds * 1_000);
      }),
    );
  });

  it('of a token server is a token, or an auth_error that repeats nothing of it', async () => {
    const answers = fc.record(
      {
        access_token: fc.oneof(fc.jsonValue(), fc.constant('canary-token')),
        token_type: fc.oneof(fc.jsonValue(), fc.constantFrom('Bearer', 'bearer')),
        expires_in: fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom('3600', -1, 1e308)),
      },
      { requiredKeys: [] },
    );
    const bodies = fc.oneof(
      anyText,
      answers.map((answer) => JSON.stringify(answer)),
      near(fc.json()),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const auth = createOutboundAuth({
          egress: {
            send: () => Promise.resolve(answered(200, body)),
            close: () => Promise.resolve(),
          },
          blockedAddresses: { note: () => {} },
          shutdown: new AbortController().signal,
        });
        const given: (string | null)[] = [];
        const result = await auth.send({
          tenantId: 't',
          webhookId: 'w',
          auth: { type: 'client_credential', clientId: 'c', tokenUrl: 'https://example.com/token' },
          secret: { id: 's', value: new Secret('canary-secret') },
          send: (authorization) => {
            given.push(authorization);
            return Promise.resolve(answered(204));
          },
        });
        if (result.kind === 'response') return expect(given[0]).toMatch(/^Bearer [\x21-\x7e]+$/);
        expect(result).toMatchObject({
          errorClass: 'auth_error',
          detail: 'token request: the answer is not a bearer token',
        });
      }),
    );
  });

  it('of AWS that is an error of whatever kind is a failure of a known one, without a word that AWS said', async () => {
    const thrown = fc.oneof(
      fc.anything(),
      fc
        .tuple(anyText, fc.anything(), fc.anything())
        .map(([name, metadata, response]) =>
          Object.assign(new Error('canary'), { name, $metadata: metadata, $response: response }),
        ),
    );
    await fc.assert(
      fc.asyncProperty(thrown, async (error) => {
        const outcome = await settledOf(() => callAws('cognito', 'X', undefined, () => Promise.reject(error)));
        const failure = 'error' in outcome ? outcome.error : undefined;
        expect(failure).toBeInstanceOf(AwsFailure);
        expect(String(failure)).not.toContain('canary');
      }),
    );
  });
});

describe('names in AWS', () => {
  it('are such as AWS takes, whatever an app is called, and tell whose they are', () => {
    const credentialId = '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f';
    const installationId = '0198c0de-0000-7000-8000-3a1b2c4d5e6f';
    fc.assert(
      fc.property(anyText, anyText, (appName, developer) => {
        expect(apiKeyName({ appName, developer })).toMatch(/^[ -~]{1,1024}$/);
        const client = appClientName({ appName }, { installationId, credentialId });
        expect(client).toMatch(/^[\w\s+=,.@-]{1,128}$/);
        expect(credentialOfClientName(client, installationId)).toBe(credentialId);
        expect([null, credentialId]).toContain(credentialOfClientName(appName, installationId));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a received request', () => {
  const pair = newSigningKeyPair();
  const key = { kid: pair.kid, privateKey: createPrivateKey(pair.privateKeyPem.reveal()) };
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const codeOf = (error: unknown) => (error instanceof VerificationError ? error.code : error);

  function sovrin(body: Uint8Array): SovrinRequest {
    const sent = { 'content-type': 'application/json', host: 'hooks.example' };
    const url = 'https://hooks.example/in';
    const signed = { method: 'POST', url, headers: sent, body: Buffer.from(body), created: new Date(), key };
    const headers = { ...sent, ...httpMessageSignatureHeaders(signed) };
    return {
      method: 'POST',
      url: '/in',
      host: 'hooks.example',
      webhookIds: 'w',
      keys: { keys: [pair.publicJwk] },
      body,
      headers,
    };
  }

  it('of sovrin with whatever headers is refused in its own words, or is the one that was signed', async () => {
    const event = { id: 'e', type: 't', payload: {}, timestamp: '2026-01-15T09:30:00.000Z' };
    const whole = sovrin(Buffer.from(JSON.stringify({ webhookId: 'w', event })));
    const headers = whole.headers as Record<string, string>;
    const names = fc.constantFrom('signature', 'signature-input', 'content-digest', 'host');
    await fc.assert(
      fc.asyncProperty(
        names.chain((name) => fc.tuple(fc.constant(name), fc.oneof(anyText, near(fc.constant(headers[name] ?? ''))))),
        async ([name, value]) => {
          const outcome = await settledOf(() => verifySovrin({ ...whole, headers: { ...headers, [name]: value } }));
          if ('error' in outcome) expect(outcome.error).toBeInstanceOf(VerificationError);
          else expect(outcome.value).toMatchObject({ id: 'e', type: 't' });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('that is genuine has a body that is an event, or malformed_body', async () => {
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record(
          { type: fc.jsonValue(), event: fc.jsonValue(), data: fc.jsonValue(), timestamp: fc.jsonValue() },
          { requiredKeys: [] },
        )
        .map((value) => Buffer.from(JSON.stringify(value))),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (made) => {
        const body = Buffer.from(made);
        const standard = standardWebhooksHeaders({
          eventId: 'e',
          timestamp: new Date(),
          body,
          secrets: [new Secret(secret)],
        });
        const tyk = { 'x-signature-sha256': createHmac('sha256', 'key').update(body).digest('hex') };
        const outcomes = [
          outcomeOf(() => verifyStandardWebhooks({ secrets: secret, headers: standard, body })),
          outcomeOf(() => verifyTyk({ secrets: 'key', headers: tyk, body })),
          await settledOf(() => verifySovrin(sovrin(body))),
        ];
        for (const outcome of outcomes) {
          if ('error' in outcome) expect(['malformed_body', 'wrong_webhook']).toContain(codeOf(outcome.error));
        }
      }),
    );
  });

  it('of Tyk with whatever signature is refused in its own words', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, near(fc.constant('ab'.repeat(32)))), fc.uint8Array(), (signature, body) => {
        const outcome = outcomeOf(() =>
          verifyTyk({ secrets: 'key', headers: { 'x-signature-sha256': signature }, body }),
        );
        expect('error' in outcome && outcome.error).toBeInstanceOf(VerificationError);
      }),
    );
  });

  it('is verified with a key set of which only the keys are used', () => {
    const jwk = fc.record(
      {
        kty: fc.constantFrom('OKP', 'RSA'),
        crv: fc.constantFrom('Ed25519', 'x'),
        kid: fc.jsonValue(),
        x: fc.oneof(fc.jsonValue(), fc.base64String()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(jwk), (keys) => {
        const found = keysOf({ keys: [...keys, pair.publicJwk] });
        expect(found.get(pair.kid)?.asymmetricKeyType).toBe('ed25519');
      }),
    );
  });
});
