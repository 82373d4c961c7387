import { startTestApi, anyRequestId, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi({ env: { EGRESS_ALLOW: 'http://localhost:9010' } });
  client = await api.newClient();
});
afterAll(() => api.close());

const uuidV7 = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string;
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const minimal = { targetUrl: 'https://example.com/hooks?a=b', events: ['everhook.test'] };

const post = (body: object, token = client.token) => api.call('POST', '/api/v1/webhooks', { token, body });
async function create(body: object = {}, token = client.token) {
  const answer = await post({ ...minimal, ...body }, token);
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  return answer.json as { id: string; secret: string; updatedAt: string; headers: object };
}
const get = (id: string, token = client.token) => api.call('GET', `/api/v1/webhooks/${id}`, { token });
const patch = (id: string, body: object, token = client.token) =>
  api.call('PATCH', `/api/v1/webhooks/${id}`, { token, body });

describe('POST /api/v1/webhooks', () => {
  it('answers with the webhook, its defaults and its secret', async () => {
    const answer = await post(minimal);
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: uuidV7,
      contract: 'everhook',
      targetUrl: 'https://example.com/hooks?a=b',
      events: ['everhook.test'],
      channels: [],
      description: null,
      disabled: false,
      authType: 'noauth',
      timeoutMs: 3000,
      maxRetries: 3,
      headers: {},
      createdAt: time,
      updatedAt: time,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    const { id } = answer.json as { id: string };
    expect(answer.headers.get('location')).toBe(`/api/v1/webhooks/${id}`);
    const { secret, ...shown } = answer.json as { secret: string };
    const read = await get(id);
    expect(read.json).toEqual(shown);
    expect(read.text).not.toContain(secret);
  });

  it('takes everything that can be set', async () => {
    const body = {
      targetUrl: 'https://MÜNCHEN.example/ä',
      events: ['OpenIdCredentialIssued', 'OidcIssuerCredentialIssued', 'everhook.test'],
      description: 'All of it',
      disabled: true,
      headers: { 'X-Environment': 'production' },
      channels: ['customer:42', 'eu'],
      timeoutMs: 100,
      maxRetries: 10,
    };
    expect((await post(body)).json).toMatchObject({ ...body, targetUrl: 'https://xn--mnchen-3ya.example/%C3%A4' });
  });

  it.each([
    ['noauth', { type: 'noauth' }, 'noauth'],
    ['basic', { type: 'basic', username: 'u', password: 'canary-password' }, 'basic'],
    [
      'client_credential',
      {
        type: 'client_credential',
        clientID: 'me',
        clientSecret: 'canary-secret',
        tokenURL: 'https://login.example.com/token?tenant=1',
      },
      'client_credential',
    ],
    ['null', null, 'noauth'],
  ])('takes auth %s and never shows its secret', async (_what, auth, authType) => {
    const answer = await post({ ...minimal, auth });
    expect(answer.json).toMatchObject({ authType });
    const { id } = answer.json as { id: string };
    const texts = [answer, await get(id), await patch(id, { disabled: true })].map(({ text }) => text);
    texts.push((await api.call('GET', '/api/v1/webhooks', { token: client.token })).text);
    texts.push((await api.call('GET', '/api/v1/audit', { token: client.token })).text);
    texts.push(JSON.stringify(api.logged));
    for (const text of texts) expect(text).not.toContain('canary');
  });

  const basic = { type: 'basic', username: 'u', password: 'p' };
  const oauth = { type: 'client_credential', clientID: 'c', clientSecret: 's', tokenURL: 'https://login.example.com' };
  it.each([
    ['no target', { events: ['everhook.test'] }, ['/targetUrl']],
    ['no events', { targetUrl: 'https://example.com' }, ['/events']],
    ['an empty list of events', { ...minimal, events: [] }, ['/events']],
    ['an unknown event type', { ...minimal, events: ['everhook.test', 'nope'] }, ['/events/1']],
    ['what is no prefix', { ...minimal, events: ['*', 'invoice*', 'a.*.b'] }, ['/events/1', '/events/2']],
    ['101 event types', { ...minimal, events: Array.from({ length: 101 }, (_, index) => `a${index}.*`) }, ['/events']],
    ['an event type twice', { ...minimal, events: ['everhook.test', 'everhook.test'] }, ['/events']],
    ['a channel twice', { ...minimal, channels: ['a', 'a'] }, ['/channels']],
    ['11 channels', { ...minimal, channels: Array.from({ length: 11 }, (_, index) => `c${index}`) }, ['/channels']],
    ['a channel that is no name', { ...minimal, channels: ['a', 'b c'] }, ['/channels/1']],
    ['several things at once', { ...minimal, targetUrl: 1, disabled: 'no', x: 1 }, ['/targetUrl', '/disabled', '/x']],
    ['a target that is not https', { ...minimal, targetUrl: 'http://example.com' }, ['/targetUrl']],
    ['an IP address', { ...minimal, targetUrl: 'https://0x7f.1/' }, ['/targetUrl']],
    ['a user name in the target', { ...minimal, targetUrl: 'https://u:p@example.com' }, ['/targetUrl']],
    ['a fragment in the target', { ...minimal, targetUrl: 'https://example.com/#' }, ['/targetUrl']],
    ['a timeout under 100 ms', { ...minimal, timeoutMs: 99 }, ['/timeoutMs']],
    ['a timeout over 3 s', { ...minimal, timeoutMs: 3001 }, ['/timeoutMs']],
    ['a timeout with a fraction', { ...minimal, timeoutMs: 100.5 }, ['/timeoutMs']],
    ['11 retries', { ...minimal, maxRetries: 11 }, ['/maxRetries']],
    ['-1 retries', { ...minimal, maxRetries: -1 }, ['/maxRetries']],
    ['an empty auth', { ...minimal, auth: {} }, ['/auth/type']],
    ['an unknown auth type', { ...minimal, auth: { type: 'hmac' } }, ['/auth/type']],
    ['a password without basic', { ...minimal, auth: { type: 'noauth', password: 'p' } }, ['/auth/password']],
    ['a client id in basic', { ...minimal, auth: { ...basic, clientID: 'c' } }, ['/auth/clientID']],
    ['basic without a password', { ...minimal, auth: { type: 'basic', username: 'u' } }, ['/auth/password']],
    ['basic with an empty password', { ...minimal, auth: { ...basic, password: '' } }, ['/auth/password']],
    ['a colon in a user name', { ...minimal, auth: { ...basic, username: 'a:b' } }, ['/auth/username']],
    ['a line break in a password', { ...minimal, auth: { ...basic, password: 'a\r\nb' } }, ['/auth/password']],
    ['a password in client_credential', { ...minimal, auth: { ...oauth, password: 'p' } }, ['/auth/password']],
    ['a token URL that is not https', { ...minimal, auth: { ...oauth, tokenURL: 'http://x.com' } }, ['/auth/tokenURL']],
    ['a private token URL', { ...minimal, auth: { ...oauth, tokenURL: 'https://localhost' } }, ['/auth/tokenURL']],
    ['a header of ours', { ...minimal, headers: { 'Webhook-Id': 'x' } }, ['/headers/Webhook-Id']],
    ['Host', { ...minimal, headers: { Host: 'x' } }, ['/headers/Host']],
    ['a line break in a header', { ...minimal, headers: { X: 'a\nb' } }, ['/headers/X']],
    ['a header value that is no text', { ...minimal, headers: { X: 1 } }, ['/headers/X']],
    ['a header twice', { ...minimal, headers: { 'X-A': '1', 'x-a': '2' } }, ['/headers']],
    ['a secret header without a value', { ...minimal, headers: { 'X-Key': '[redacted]' } }, ['/headers/X-Key']],
    [
      'two ways to authenticate',
      { ...minimal, auth: basic, headers: { Authorization: 'x' } },
      ['/headers/Authorization'],
    ],
    ['a description of 1001 characters', { ...minimal, description: 'x'.repeat(1001) }, ['/description']],
    ['21 headers', { ...minimal, headers: numbered(21) }, ['/headers']],
    ['101 unknown keys', { ...minimal, ...numbered(101) }, numberedPointers(20)],
  ])('answers 400 for %s and names it', async (_what, body, pointers) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      type: '/problems/validation-failed',
      title: 'The request is not valid',
      status: 400,
      detail: 'The body is not valid.',
      requestId: anyRequestId,
      errors: pointers.map((pointer) => ({ pointer, message: expect.any(String) as string })),
    });
  });

  it('does not repeat what was sent, for it may be a secret', async () => {
    const answer = await post({
      targetUrl: 'https://canary:canary@example.com',
      events: ['canary'],
      auth: { type: 'basic', username: 'a:canary', password: 'canary\n' },
      headers: { 'X-Token': 'canary\n' },
    });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('canary');
  });

  it('takes an origin that the operator allowed, with the rules that stay', async () => {
    expect((await post({ ...minimal, targetUrl: 'http://localhost:9010/x' })).status).toBe(201);
    expect((await post({ ...minimal, targetUrl: 'http://localhost:9011/x' })).status).toBe(400);
    expect((await post({ ...minimal, targetUrl: 'http://localhost:9010/x#y' })).status).toBe(400);
  });
});

describe('GET /api/v1/webhooks', () => {
  let own: TestClient;
  const ids: string[] = [];
  beforeAll(async () => {
    own = await api.newClient();
    for (const disabled of [false, true, false]) ids.unshift((await create({ disabled }, own.token)).id);
    const sovrin = { url: 'https://example.com', events: ['OpenIdCredentialIssued'] };
    const answer = await api.call('POST', '/v1/webhooks', { token: own.token, body: sovrin });
    ids.unshift((answer.json as { id: string }).id);
  });
  const list = async (query: string) => {
    const answer = await api.call('GET', `/api/v1/webhooks${query}`, { token: own.token });
    expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
    const { data, nextCursor } = answer.json as { data: { id: string; contract: string }[]; nextCursor: string | null };
    return { ids: data.map(({ id }) => id), nextCursor, data };
  };

  it('lists every contract, newest first', async () => {
    const { ids: listed, nextCursor, data } = await list('');
    expect(listed).toEqual(ids);
    expect(nextCursor).toBeNull();
    expect(data[0]).toMatchObject({ contract: 'sovrin', timeoutMs: 3000, maxRetries: 3, authType: 'noauth' });
  });

  it('goes on with a cursor', async () => {
    const first = await list('?limit=3');
    expect(first.ids).toEqual(ids.slice(0, 3));
    const second = await list(`?limit=3&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ ids: ids.slice(3), nextCursor: null });
  });

  it('filters', async () => {
    expect((await list('?contract=sovrin')).ids).toEqual(ids.slice(0, 1));
    expect((await list('?contract=everhook&disabled=true')).ids).toEqual([ids[2]]);
    expect((await list('?disabled=false')).ids).toHaveLength(3);
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=251', '/limit'],
    ['limit=1e1', '/limit'],
    ['limit=', '/limit'],
    ['limit=5&limit=6', '/limit'],
    ['cursor=nonsense', '/cursor'],
    ['contract=nope', '/contract'],
    ['disabled=yes', '/disabled'],
    ['colour=red', '/colour'],
  ])('answers 400 for ?%s', async (query, pointer) => {
    const answer = await api.call('GET', `/api/v1/webhooks?${query}`, { token: own.token });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ detail: 'The query is not valid.', errors: [{ pointer }] });
  });
});

describe('PATCH /api/v1/webhooks/{id}', () => {
  it('changes what is named and leaves the rest', async () => {
    const created = await create({ description: 'stays', headers: { A: '1' } });
    const changes = {
      disabled: true,
      events: ['OpenIdCredentialIssued', 'later.*', '*'],
      channels: ['a'],
      timeoutMs: 500,
      maxRetries: 0,
    };
    const changed = await patch(created.id, changes);
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ ...changes, description: 'stays', headers: { A: '1' } });
    expect((changed.json as { updatedAt: string }).updatedAt > created.updatedAt).toBe(true);
    expect((await get(created.id)).json).toEqual(changed.json);
  });

  it('hides the values of secret headers and keeps them when they come back', async () => {
    const { id, headers } = await create({ headers: { 'X-Api-Key': 'canary', 'X-Plain': 'p' } });
    expect(headers).toEqual({ 'X-Api-Key': '[redacted]', 'X-Plain': 'p' });
    const kept = await patch(id, { headers: { 'x-api-key': '[redacted]' } });
    expect(kept.json).toMatchObject({ headers: { 'x-api-key': '[redacted]' } });
    const stored = await api.database('webhook_secrets').where({ webhook_id: id, field: 'header:x-api-key' });
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toContain('canary');
    expect((await patch(id, { headers: {} })).json).toMatchObject({ headers: {} });
    const gone = await patch(id, { headers: { 'X-Api-Key': '[redacted]' } });
    expect(gone.json).toMatchObject({ status: 400, errors: [{ pointer: '/headers/X-Api-Key' }] });
  });

  it('keeps to the bounds of the webhook contract', async () => {
    const body = { url: 'https://example.com', events: ['OpenIdCredentialIssued'] };
    const { json } = await api.call('POST', '/v1/webhooks', { token: client.token, body });
    const { id } = json as { id: string };
    expect((await patch(id, { timeoutMs: 2000, maxRetries: 3 })).status).toBe(200);
    const refused = await patch(id, { timeoutMs: 3001, maxRetries: 4, events: ['everhook.test'] });
    expect(refused.json).toMatchObject({
      status: 400,
      errors: [{ pointer: '/events/0' }, { pointer: '/timeoutMs' }, { pointer: '/maxRetries' }],
    });
  });

  it.each([
    ['the target, which is fixed', { targetUrl: 'https://example.com' }, '/targetUrl'],
    ['auth', { auth: { type: 'noauth' } }, '/auth'],
    ['the tenant', { tenantId: 'x' }, '/tenantId'],
    ['null', { disabled: null }, '/disabled'],
    ['no events', { events: [] }, '/events'],
  ])('answers 400 for %s', async (_what, body, pointer) => {
    const { id } = await create();
    expect((await patch(id, body)).json).toMatchObject({ status: 400, errors: [{ pointer }] });
  });
});

describe('DELETE /api/v1/webhooks/{id}', () => {
  it('removes it, and its secrets with it', async () => {
    const { id } = await create({ auth: { type: 'basic', username: 'u', password: 'p' } });
    const gone = await api.call('DELETE', `/api/v1/webhooks/${id}`, { token: client.token });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await get(id)).status).toBe(404);
    expect((await patch(id, { disabled: true })).status).toBe(404);
    expect((await api.call('DELETE', `/api/v1/webhooks/${id}`, { token: client.token })).status).toBe(404);
    expect(await api.database('webhook_secrets').where({ webhook_id: id })).toEqual([]);
  });
});

describe('the audit log', () => {
  it('tells who did what to which object, in names of fields', async () => {
    const own = await api.newClient();
    const { id } = await create({ headers: { 'X-Key': 'canary' } }, own.token);
    await api.call('PATCH', `/api/v1/webhooks/${id}`, {
      token: own.token,
      body: { disabled: true, maxRetries: 1 },
      headers: { 'X-Request-Id': 'my-request' },
    });
    await api.call('DELETE', `/api/v1/webhooks/${id}`, { token: own.token });
    const audit = (query = '') => api.call('GET', `/api/v1/audit${query}`, { token: own.token });
    const { data } = (await audit()).json as { data: { action: string; fields: string[] }[] };
    expect(data.map(({ action }) => action)).toEqual(['webhook.delete', 'webhook.update', 'webhook.create']);
    expect(data[1]).toEqual({
      id: uuidV7,
      at: time,
      actor: `client:${own.clientId}`,
      action: 'webhook.update',
      objectType: 'webhook',
      objectId: id,
      fields: ['disabled', 'maxRetries'],
      address: '127.0.0.1',
      requestId: 'my-request',
      outcome: 'success',
      count: 1,
    });
    expect(((await audit('?action=webhook.create')).json as { data: object[] }).data).toHaveLength(1);
    expect(((await audit('?before=2020-01-01T00:00:00Z')).json as { data: object[] }).data).toHaveLength(0);
    expect((await audit('?action=%00')).status).toBe(400);
  });
});

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, 'v']));
}

function numberedPointers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `/x${index}`);
}
