import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
  await api.dependencies.messageSigningKeys.ensureOne();
});
afterAll(() => api.close());

const call = (method: string, path = '', body?: unknown, token = client.token) =>
  api.call(method, `/v1/webhooks${path}`, { token, ...(body !== undefined && { body }) });
const minimal = { events: ['OpenIdCredentialIssued'], url: 'https://example.com' };
const create = async (more: object = {}) =>
  (await call('POST', '', { ...minimal, ...more })).json as { id: string; url: string };
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;

describe('create', () => {
  it('answers 201 with exactly id, events, url and disabled', async () => {
    const answer = await call('POST', '', minimal);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.json).toEqual({ id: uuid, ...minimal, disabled: false });
    expect(answer.text).not.toContain('whsec_');
  });

  it('takes both event types, and a webhook that starts disabled', async () => {
    const body = { events: ['OidcIssuerCredentialIssued', 'OpenIdCredentialIssued'], url: minimal.url, disabled: true };
    expect((await call('POST', '', body)).json).toEqual({ id: uuid, ...body });
  });

  it.each([
    ['https://example.com', 'https://example.com'],
    ['https://example.com/', 'https://example.com/'],
    ['HTTPS://Example.COM:443/A/../b', 'https://example.com/b'],
    ['https://münchen.example/ä', 'https://xn--mnchen-3ya.example/%C3%A4'],
    ['https://example.com.', 'https://example.com'],
    ['https://example.com:8443/x', 'https://example.com:8443/x'],
  ])('stores and answers %s as %s', async (url, normalised) => {
    const { id, url: answered } = await create({ url });
    expect(answered).toBe(normalised);
    expect((await call('GET', `/${id}`)).json).toMatchObject({ url: normalised });
  });

  it.each([
    'http://example.com',
    'https:example.com',
    'https:///example.com',
    'https:\\\\example.com',
    ' https://example.com',
    'https://exa\tmple.com',
    'ftp://example.com',
    'example.com',
    '/hooks',
    'https://1.1.1.1',
    'https://0x7f.1',
    'https://2130706433',
    'https://[::1]',
    'https://１２７.０.０.１',
    'https://example.com?',
    'https://example.com/?a=b',
    'https://example.com#',
    'https://example.com/#a',
    'https://user@example.com',
    'https://@example.com',
    'https://example.com:22',
    'https://localhost',
    'https://intranet',
    'https://a..b',
    `https://example.com/${'x'.repeat(2048)}`,
  ])('answers 400 for the URL %j', async (url) => {
    const answer = await call('POST', '', { ...minimal, url });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      code: 'BadRequest',
      message: 'The body is not valid.',
      details: [{ msg: expect.stringMatching(/^The .*\.$/) as string, param: 'url', location: 'body' }],
    });
  });

  it.each([
    ['no url', { events: minimal.events }, 'url', undefined],
    ['no events', { url: minimal.url }, 'events', undefined],
    ['an empty list', { ...minimal, events: [] }, 'events', []],
    ['a name instead of a list', { ...minimal, events: 'OpenIdCredentialIssued' }, 'events', 'OpenIdCredentialIssued'],
    [
      'an event type that came later',
      { ...minimal, events: ['OpenIdCredentialIssuedSummary'] },
      'events[0]',
      'OpenIdCredentialIssuedSummary',
    ],
    [
      "one of Everhook's own",
      { ...minimal, events: ['OpenIdCredentialIssued', 'everhook.test'] },
      'events[1]',
      'everhook.test',
    ],
    ['a text for disabled', { ...minimal, disabled: 'false' }, 'disabled', 'false'],
    ['null for disabled', { ...minimal, disabled: null }, 'disabled', null],
  ])('answers 400 for %s, with what was sent', async (_what, body, param, value) => {
    const answer = await call('POST', '', body);
    expect(answer.status).toBe(400);
    const detail = { msg: expect.any(String) as string, param, location: 'body' };
    expect(answer.json).toEqual({
      code: 'BadRequest',
      message: 'The body is not valid.',
      details: [value === undefined ? detail : { ...detail, value }],
    });
  });

  it('repeats no secret and nothing long', async () => {
    const secrets = await call('POST', '', {
      ...minimal,
      url: 'https://user:canary@example.com',
      password: 'canary',
      secret: { a: 'canary' },
    });
    expect(secrets.status).toBe(400);
    expect(secrets.text).not.toContain('canary');
    const query = await call('POST', '', { ...minimal, url: 'https://example.com/?token=canary' });
    expect(query.text).not.toContain('canary');
    const long = await call('POST', '', { url: 'x'.repeat(100_000), events: Array(500).fill('y'.repeat(200)) });
    expect(long.status).toBe(400);
    expect(long.text.length).toBeLessThan(10_000);
    const key = await call('POST', '', { ...minimal, ['k'.repeat(100_000)]: 1 });
    expect(key.text.length).toBeLessThan(1_000);
  });
});

describe('update', () => {
  it('answers 200 with the webhook as it is now', async () => {
    const { id } = await create();
    const body = { events: ['OidcIssuerCredentialIssued'], url: 'https://other.example.com/x', disabled: true };
    const answer = await call('PUT', `/${id}`, body);
    expect([answer.status, answer.json]).toEqual([200, { id, ...body }]);
    expect((await call('GET', `/${id}`)).json).toEqual({ id, ...body });
  });

  it('is a full replacement: without disabled it enables again', async () => {
    const { id } = await create({ disabled: true });
    expect((await call('PUT', `/${id}`, minimal)).json).toEqual({ id, ...minimal, disabled: false });
    expect((await call('PUT', `/${id}`, { disabled: true })).status).toBe(400);
    expect((await call('PUT', `/${id}`, { url: minimal.url })).status).toBe(400);
  });

  it('judges the URL as create does', async () => {
    const { id } = await create();
    expect((await call('PUT', `/${id}`, { ...minimal, url: 'https://127.1' })).status).toBe(400);
  });
});

describe('list', () => {
  it('answers pages of 100 unless said otherwise, newest first', async () => {
    const own = await api.newClient();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.unshift(((await call('POST', '', minimal, own.token)).json as { id: string }).id);
    }
    await api.call('POST', '/api/v1/webhooks', {
      token: own.token,
      body: { targetUrl: 'https://example.com', events: ['everhook.test'] },
    });
    const all = await call('GET', '', undefined, own.token);
    expect(all.status).toBe(200);
    expect(all.json).toEqual({ data: ids.map((id) => ({ id, ...minimal, disabled: false })) });
    const page = (await call('GET', '?limit=2', undefined, own.token)).json as { data: object[]; nextCursor: string };
    expect(page.data).toMatchObject([{ id: ids[0] }, { id: ids[1] }]);
    const rest = await call('GET', `?limit=1000&cursor=${page.nextCursor}`, undefined, own.token);
    expect(rest.json).toEqual({ data: [{ id: ids[2], ...minimal, disabled: false }] });
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=x', 'page=2'])('answers 400 for ?%s', async (query) => {
    const answer = await call('GET', `?${query}`);
    expect(answer.status).toBe(400);
    const param = query.split('=')[0];
    expect(answer.json).toMatchObject({ code: 'BadRequest', details: [{ param, location: 'query' }] });
  });
});

describe('read and delete', () => {
  it('answer 404 for a webhook of another contract, a malformed id and one that is gone', async () => {
    const native = await api.call('POST', '/api/v1/webhooks', {
      token: client.token,
      body: { targetUrl: 'https://example.com', events: ['everhook.test'] },
    });
    const { id } = await create();
    const deleted = await call('DELETE', `/${id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    for (const gone of [(native.json as { id: string }).id, 'not-a-uuid', '%00', id]) {
      for (const [method, body] of [['GET'], ['DELETE'], ['PUT', minimal]] as const) {
        const answer = await call(method, `/${gone}`, body);
        expect(answer.status).toBe(404);
        expect(answer.text).toBe('{"code":"NotFound","message":"There is nothing here.","details":[]}');
      }
    }
  });
});

describe('every error is in this format', () => {
  it.each([
    ['no token', 'GET', '', { token: '' }, 401, 'Unauthorized'],
    ['an unknown path', 'GET', '/a/b', {}, 404, 'NotFound'],
    ['another method', 'PATCH', '', {}, 405, 'MethodNotAllowed'],
    ['another content type', 'POST', '', { headers: { 'Content-Type': 'text/plain' } }, 415, 'UnsupportedMediaType'],
    ['no JSON', 'POST', '', { body: '{' }, 400, 'BadRequest'],
    ['a long body', 'POST', '', { body: `"${'x'.repeat(300_000)}"` }, 413, 'PayloadTooLarge'],
  ])('%s', async (_what, method, path, options, status, code) => {
    const body = method === 'POST' ? JSON.stringify(minimal) : undefined;
    const answer = await api.call(method, `/v1/webhooks${path}`, { token: client.token, body, ...options });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ code, message: expect.any(String) as string, details: [] });
  });

  it('and only under its own path', async () => {
    const answer = await api.call('GET', '/v1/webhooksx', { token: client.token });
    expect(answer.json).toMatchObject({ type: '/problems/not-found' });
  });
});

describe('keys', () => {
  it('are public, Ed25519, without private parts, and change at once with a rotation', async () => {
    const read = async () => {
      const answer = await api.call('GET', '/v1/webhooks/jwks');
      expect(answer.status).toBe(200);
      return (answer.json as { keys: { kid: string }[] }).keys;
    };
    const keys = await read();
    const key = { kty: 'OKP', crv: 'Ed25519', kid: expect.any(String) as string, use: 'sig' };
    expect(keys).toEqual([{ ...key, x: expect.stringMatching(/^[\w-]{43}$/) as string }]);
    const { kid } = await api.dependencies.messageSigningKeys.rotate(new Date());
    expect((await read()).map((one) => one.kid).sort()).toEqual([keys[0]?.kid, kid].sort());
  });
});
