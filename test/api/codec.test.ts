import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { Secret } from '../../src/domain/secret';
import { codecSession } from '../../src/api/middleware/codec-session';
import { startTestApi, type Answer, type TestApi } from '../support/api';
import { codecOf, newEncryptionKey } from '../support/codec';

const token = randomBytes(32).toString('base64url');
const encryptionKeys = newEncryptionKey('k1');
const canary = 'maria@example.com';
const webUi = 'https://temporal.example.com';
let api: TestApi;

beforeAll(async () => {
  const env = { CODEC_TOKEN: token, TEMPORAL_UI_URL: `${webUi}/ui`, ENCRYPTION_KEYS: encryptionKeys };
  api = await startTestApi({ env });
});
afterAll(() => api.close());

/** proto3's JSON, as the Web UI sends it. */
const toJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});
const plain = toJson(defaultPayloadConverter.toPayload({ email: canary }) ?? {});
const encrypted = async (by = codecOf(encryptionKeys)) => {
  const [payload = {}] = await by.encode([defaultPayloadConverter.toPayload({ email: canary }) ?? {}]);
  return toJson(payload);
};
const bearer = { authorization: `Bearer ${token}` };
const post = (path: string, payloads: unknown, headers: Record<string, string> = bearer) =>
  api.call('POST', path, { body: { payloads }, headers });
const payloadsOf = ({ json }: Answer) => (json as { payloads: unknown[] }).payloads;
const statusOf = async (answer: Promise<Answer>) => (await answer).status;

describe('the codec endpoint', () => {
  it('decrypts for whoever has the token, and leaves what is not encrypted as it is', async () => {
    const answer = await post('/codec/decode', [await encrypted(), plain]);
    expect([answer.status, payloadsOf(answer)]).toEqual([200, [plain, plain]]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is asked as newer versions of the Web UI do, with a query and the namespace', async () => {
    const headers = { ...bearer, 'x-namespace': 'default' };
    expect(await statusOf(post('/codec/decode?preserveStorageRefs=true', [await encrypted()], headers))).toBe(200);
    const elsewhere = await post('/codec/decode', [await encrypted()], { ...bearer, 'x-namespace': 'elsewhere' });
    expect(elsewhere).toMatchObject({ status: 400, json: { detail: 'X-Namespace is not default.' } });
  });

  it('encrypts what is to be sent to a workflow', async () => {
    const encoded = payloadsOf(await post('/codec/encode', [plain]));
    expect(JSON.stringify(encoded)).not.toContain(plain.data);
    expect(payloadsOf(await post('/codec/decode', encoded))).toEqual([plain]);
  });

  it('takes the token in the path, from those who can be told an address only', async () => {
    expect(payloadsOf(await post(`/codec/${token}/decode`, [await encrypted()], {}))).toEqual([plain]);
    expect(await statusOf(post(`/codec/${token}x/decode`, [plain], {}))).toBe(404);
    // The token in the path is what counts then.
    expect(await statusOf(post('/codec/wrong/decode', [plain]))).toBe(404);
  });

  it('signs a browser in for twelve hours', async () => {
    const page = await api.call('GET', '/codec');
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('action="/codec/session"')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const signIn = (given: string) => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      return api.call('POST', '/codec/session', { body: new URLSearchParams({ token: given }).toString(), headers });
    };
    const wrong = await signIn('wrong');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    const [cookie = ''] = (await signIn(token)).headers.getSetCookie();
    expect(cookie).toMatch(/; Path=\/codec; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
    const [value = ''] = cookie.split(';');
    expect(value).not.toContain(token);
    expect(await statusOf(post('/codec/decode', [plain], { cookie: `other=1; ${value}` }))).toBe(200);
    expect(await statusOf(post('/codec/decode', [plain], { cookie: value.slice(0, -2) }))).toBe(401);
  });

  it('ends a sign-in when its time is over, when it is changed, and when the token is', () => {
    const session = codecSession(new Secret(token));
    const value = (session.open(0, { secure: false }).split(';')[0] ?? '').trim();
    const later = value.replace('=43200000.', '=99943200000.');
    expect(later).not.toBe(value);
    expect(session.isOpen(value, 43_199_999)).toBe(true);
    expect(session.isOpen(value, 43_200_000)).toBe(false);
    expect(session.isOpen(later, 0)).toBe(false);
    expect(codecSession(new Secret(`${token}2`)).isOpen(value, 0)).toBe(false);
  });

  it('answers 401 to everybody else before it reads what they send', async () => {
    const { token: tenants } = await api.newClient();
    const basic = `Basic ${Buffer.from(`operator:${token}`).toString('base64')}`;
    for (const authorization of ['', 'Bearer', `Bearer ${tenants}`, `Bearer ${token}2`, token, basic]) {
      const headers: Record<string, string> = authorization === '' ? {} : { authorization };
      const answer = await post('/codec/decode', [await encrypted()], headers);
      expect([authorization, answer.status]).toEqual([authorization, 401]);
      expect(answer.text).not.toContain(token);
    }
    const large = await api.call('POST', '/codec/decode', { body: 'x'.repeat(4 * 1024 * 1024) });
    expect(large.status).toBe(401);
  });

  it('slows guesses down, and never keeps out who has the token', async () => {
    const guess = () => statusOf(post('/codec/decode', [plain], { authorization: 'Bearer guess' }));
    const statuses = [];
    for (let tries = 0; tries < 30; tries += 1) statuses.push(await guess());
    expect(statuses.at(-1)).toBe(429);
    expect(await statusOf(post('/codec/decode', [plain]))).toBe(200);
    expect(await statusOf(post('/codec/decode', [plain], {}))).toBe(401);
  });

  it('names the key that is missing, and says so of what does not decrypt', async () => {
    const lost = await post('/codec/decode', [await encrypted(codecOf(newEncryptionKey('lost')))]);
    expect(lost).toMatchObject({ status: 422, json: { detail: expect.stringContaining('lost') } });
    const elsewhere = await post('/codec/decode', [
      await encrypted(codecOf(encryptionKeys, { namespace: 'elsewhere' })),
    ]);
    expect(elsewhere).toMatchObject({ status: 422, json: { detail: expect.stringContaining('does not decrypt') } });
    const garbage = { metadata: { encoding: Buffer.from('binary/encrypted').toString('base64') }, data: '!?' };
    expect(await statusOf(post('/codec/decode', [garbage]))).toBe(422);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no payloads', '{}', 400],
    ['something else', '{"payloads":[1]}', 400],
    ['a number for bytes', '{"payloads":[{"metadata":{"encoding":1},"data":""}]}', 400],
    ['too many', JSON.stringify({ payloads: Array.from({ length: 1_001 }, () => ({})) }), 400],
    ['too much', JSON.stringify({ payloads: [{ data: 'x'.repeat(3 * 1024 * 1024) }] }), 413],
  ])('refuses %s', async (_what, body, status) => {
    expect(await statusOf(api.call('POST', '/codec/decode', { body, headers: bearer }))).toBe(status);
  });

  it('lets pages of the Web UI ask, with their cookie, and of nobody else', async () => {
    const ask = (origin: string, method = 'OPTIONS', path = '/codec/decode') =>
      api.call(method, path, {
        headers: {
          origin,
          ...(method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : bearer),
          'access-control-request-headers': 'content-type,x-namespace',
        },
        ...(method === 'POST' && { body: { payloads: [plain] } }),
      });
    const allowed = await ask(webUi);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': webUi,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type, X-Namespace, Authorization, Authorization-Extras',
      vary: 'Origin',
    });
    expect((await ask(webUi, 'POST')).headers.get('access-control-allow-origin')).toBe(webUi);
    // Without it a page could not read why it was refused.
    const refused = await post('/codec/decode', [plain], { origin: webUi });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, webUi]);
    for (const stranger of ['https://evil.example', 'https://temporal.example.com.evil.example', 'null', `${webUi}/`]) {
      expect((await ask(stranger)).headers.get('access-control-allow-origin')).toBeNull();
      expect((await ask(stranger, 'POST')).headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await ask(webUi, 'GET', '/api/v1/webhooks')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('leaves neither token nor payload in the log', async () => {
    await post(`/codec/${token}/decode`, [await encrypted()], {});
    const log = JSON.stringify(api.logged);
    expect(log).toContain('/codec/{token}/decode');
    for (const secret of [token, canary, plain.data]) expect(log).not.toContain(secret);
  });

  it('is no part of the OpenAPI document', async () => {
    expect((await api.call('GET', '/openapi.json')).text).not.toContain('/codec');
  });
});

describe('without CODEC_TOKEN', () => {
  it('there is no codec endpoint', async () => {
    const without = await startTestApi();
    for (const path of ['/codec/decode', `/codec/${token}/decode`, '/codec/session']) {
      expect(await statusOf(without.call('POST', path, { body: { payloads: [plain] }, headers: bearer }))).toBe(404);
    }
    const asked = await without.call('OPTIONS', '/codec/decode', { headers: { origin: 'http://localhost:8233' } });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    await without.close();
  });
});
