import { connect } from 'node:net';
import { startTestApi, type TestApi } from '../support/api';
import { basic, carryOut, configurePortal, credentialSecrets, password, wanted } from './portal';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '1000/m' }, overrides: { credentialSecrets } });
  const { tenantId } = await api.newClient();
  await configurePortal(api.dependencies.portals, { tenantId, username: 'portal' });
  carryOut(api);
});
afterAll(() => api.close());

const posts = ['createCredentials', 'updateCredentials', 'revokeCredentials'] as const;
const encoded = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`;

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', `/v1/${path}`, { body, headers: { authorization: basic(), ...headers } });

it.each([
  ['none', undefined],
  ['an empty one', ''],
  ['another scheme', 'Bearer x'],
  ['a scheme alone', 'Basic'],
  ['no base64', 'Basic !!!'],
  ['too much padding', `${basic()}=`],
  ['padding left out', basic().replace(/=+$/, '')],
  ['bits beyond the end', basic().replace('cmQ=', 'cmR=')],
  ['text behind it', `${basic()} x`],
  ['two in one header', `${basic()}, ${basic()}`],
  ['no UTF-8', encoded(Buffer.from([0xff, 0x3a, 0x41]))],
  ['the password in Latin-1', encoded(Buffer.from(`portal:${password}`, 'latin1'))],
  ['a control character', encoded(`portal:${password}\0`)],
  ['no colon', encoded('portal')],
  ['a colon alone', encoded(':')],
  ['no user name', encoded(`:${password}`)],
  ['no password', encoded('portal:')],
  ['an unknown user name', basic('nobody')],
  ['the user name in another case', basic('Portal')],
  ['a wrong password', basic('portal', 'wrong')],
  ['the password up to its colon', basic('portal', 'pass')],
  ['the password and more', basic('portal', `${password}!`)],
])('a wrong credential is answered alike on every path, before the body is looked at: %s', async (what, given) => {
  const headers = { 'x-request-id': 'same', ...(given !== undefined && { authorization: given }) };
  if (what === 'bits beyond the end') expect(given).not.toBe(basic());
  const answers = [await api.call('GET', '/v1/health', { headers })];
  for (const path of posts) answers.push(await api.call('POST', `/v1/${path}`, { body: 'not json', headers }));
  const large = { ...headers, 'content-type': 'text/plain' };
  answers.push(await api.call('POST', '/v1/createCredentials', { body: 'x'.repeat(300_000), headers: large }));
  for (const answer of answers) {
    expect(answer).toMatchObject({
      status: 401,
      text: '{"code":"unauthorized","message":"The user name or password is wrong.","requestId":"same"}',
    });
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="everhook", charset="UTF-8"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

it.each(['basic', 'BASIC', 'bASIC', 'Basic '])('takes the scheme as %j', async (scheme) => {
  const authorization = basic().replace('Basic', scheme);
  expect((await api.call('GET', '/v1/health', { headers: { authorization } })).status).toBe(204);
});

it('throttles who guesses, and nobody else', async () => {
  const throttling = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '5/m' } });
  try {
    const { tenantId } = await throttling.newClient();
    await configurePortal(throttling.dependencies.portals, { tenantId, username: 'portal' });
    const health = (authorization: string) => throttling.call('GET', '/v1/health', { headers: { authorization } });
    // At once, as a guesser would.
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, guess) => health(basic('guessed', `no-${guess}`))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    // Two are looked at at a time: the second may pass beside the fifth.
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(6);
    const after = await health(basic('guessed', 'no'));
    expect(after).toMatchObject({ status: 429, json: { code: 'too_many_requests' } });
    expect(after.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((await health(basic())).status).toBe(204);
  } finally {
    await throttling.close();
  }
});

it('sees a changed password at once, although the old one was right a moment ago', async () => {
  const { tenantId } = await api.newClient();
  const health = () => api.call('GET', '/v1/health', { headers: { authorization: basic('changing') } });
  await configurePortal(api.dependencies.portals, { tenantId, username: 'changing' });
  expect((await health()).status).toBe(204);
  await configurePortal(api.dependencies.portals, { tenantId, username: 'changing', passwordHash: 'of another' });
  expect((await health()).status).toBe(401);
});

describe('methods and paths', () => {
  it.each(posts)('%s takes POST alone', async (path) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await api.call(method, `/v1/${path}`);
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'POST']);
      if (method !== 'HEAD') expect(answer.json).toMatchObject({ code: 'method_not_allowed' });
    }
  });

  it('health takes GET, and HEAD as HTTP has it', async () => {
    for (const method of ['POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await api.call(method, '/v1/health');
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await api.call('HEAD', '/v1/health')).status).toBe(401);
    expect((await api.call('HEAD', '/v1/health', { headers: { authorization: basic() } })).status).toBe(204);
  });

  it.each(['/v1/createcredentials', '/v1/createCredentials/', '/v1/healthz', '/V1/health'])(
    'there is nothing at %s',
    async (path) => {
      for (const method of ['GET', 'POST']) expect((await api.call(method, path)).status).toBe(404);
    },
  );
});

describe('bodies', () => {
  it.each([
    ['no JSON', '{', 400, 'malformed_request'],
    ['an array', '[]', 400, 'malformed_request'],
    ['null', 'null', 400, 'malformed_request'],
    ['a key twice', '{"apiKeyId": "a", "apiKeyId": "b"}', 400, 'malformed_request'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'malformed_request'],
    ['a NUL', '{"appName": "a\\u0000", "developer": "d"}', 400, 'malformed_request'],
    ['half a surrogate pair', '{"appName": "\\ud800", "developer": "d"}', 400, 'malformed_request'],
    ['a prototype', '{"__proto__": {"apiKeyId": "a"}}', 400, 'malformed_request'],
    ['numbers for text', '{"apiKeyId": 1}', 400, 'validation_failed'],
    ['too much', `{"pad": "${'x'.repeat(300_000)}"}`, 413, 'payload_too_large'],
  ])('are refused alike on every path: %s', async (_what, body, status, code) => {
    for (const path of posts) {
      const answer = await post(path, body, { 'x-request-id': 'mine' });
      expect(answer).toMatchObject({ status, json: { code, message: expect.stringMatching(/./), requestId: 'mine' } });
      expect(Object.keys(answer.json as object)).toEqual(['code', 'message', 'requestId']);
      expect(answer.headers.get('x-request-id')).toBe('mine');
    }
  });

  it('must be there, and JSON by their type', async () => {
    for (const path of posts) {
      expect((await api.call('POST', `/v1/${path}`, { headers: { authorization: basic() } })).status).toBe(400);
      expect((await post(path, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await post(path, '{}', { 'content-type': 'application/json; charset=latin1' })).status).toBe(415);
    }
  });

  it('never repeat in an answer what was sent', async () => {
    const answer = await post('createCredentials', { ...wanted('leak'), appName: { apiKey: 's3cret-value' } });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('s3cret');
  });
});

describe('on the wire', () => {
  /** Everything that is answered to a request as written, until the server ends the connection. */
  async function raw(path: string, body: object, credentials = [basic()]): Promise<string> {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    const text = JSON.stringify(body);
    const authorization = credentials.map((one) => `Authorization: ${one}\r\n`).join('');
    socket.write(
      `POST /v1/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${authorization}` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  it('two credentials are none, also where one of them is right', async () => {
    for (const two of [
      [basic(), basic('nobody')],
      [basic('nobody'), basic()],
      [basic(), basic()],
    ]) {
      expect(await raw('revokeCredentials', { apiKeyId: 'a' }, two)).toMatch(/^HTTP\/1.1 401 /);
    }
  });

  it('the credentials are the type and its pair in this order, and 204 has no byte of a body', async () => {
    const [, created = ''] = (await raw('createCredentials', wanted('wire'))).split('\r\n\r\n');
    expect(created).toMatch(/^{"credentialType":"API_KEY","apiKeyId":"k[^"]+","apiKey":"value-of-k[^"]+"}$/);
    const { apiKeyId } = JSON.parse(created) as { apiKeyId: string };
    for (const path of ['updateCredentials', 'revokeCredentials']) {
      const [head = '', ...rest] = (await raw(path, { apiKeyId, appName: 'renamed' })).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1.1 204 No Content\r\n/);
      expect(head).not.toMatch(/^(content-length|content-type|transfer-encoding):/im);
      expect(head).toMatch(/^cache-control: no-store$/im);
      expect(rest).toEqual(['']);
    }
  });
});
