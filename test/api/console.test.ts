import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readConsoleFiles } from '../../src/platform/console-files';
import { hashClientSecret, newClientSecret } from '../../src/platform/tokens';
import { mostSessionsOfClient } from '../../src/store/console-sessions';
import { scopes, type Scope } from '../../src/store/tenants';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

const script = `export const text = '${'long '.repeat(500)}';`;

let directory: string;
let api: TestApi;
let client: TestClient;
let other: TestClient;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-console-'));
  await mkdir(path.join(directory, 'built', 'assets'), { recursive: true });
  await writeFile(path.join(directory, 'secret.txt'), 'not for the console');
  await writeFile(path.join(directory, 'built', 'index.html'), '<!doctype html><title>Everhook</title>');
  await writeFile(path.join(directory, 'built', 'assets', 'index-Bx1z.js'), script);
  await writeFile(path.join(directory, 'built', 'assets', 'index-Bx1z.js.map'), '{}');
  const consoleFiles = await readConsoleFiles(path.join(directory, 'built'));
  api = await startTestApi({ overrides: { consoleFiles }, env: { RATE_LIMIT_AUTH_FAILURES: '5/m' } });
  [client, other] = [await api.newClient(), await api.newClient()];
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

const ours = { 'X-Everhook-Console': '1' };

const signIn = (body: object, headers: Record<string, string> = {}) =>
  api.call('POST', '/console/session', { body, headers: { ...ours, ...headers } });

const credentialsOf = ({ clientId, clientSecret }: TestClient) => ({ clientId, clientSecret });

async function cookieOf(body: object): Promise<string> {
  const answer = await signIn(body);
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

const get = (url: string, cookie: string, headers: Record<string, string> = ours) =>
  api.call('GET', url, { headers: { Cookie: cookie, ...headers } });

async function newLink(tenantId: string | null, held: readonly Scope[] = scopes): Promise<string> {
  const code = newClientSecret();
  await api.dependencies.consoleSessions.createLink(
    { tenantId, scopes: held, codeDigest: hashClientSecret(code), lifetimeMs: 60_000 },
    { actor: 'cli', address: null, requestId: null },
  );
  return code.reveal();
}

const audited = (action: string) => api.database('audit').where({ action }).orderBy('id', 'desc').first<object>();

describe('the pages', () => {
  it.each(['/console', '/console/', '/console/deliveries', '/console/webhooks/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f'])(
    '%s is the app, kept by nobody, with a policy that runs no inline script',
    async (url) => {
      const { status, headers, text } = await api.call('GET', url);
      expect([status, text]).toEqual([200, '<!doctype html><title>Everhook</title>']);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
    },
  );

  it('serves hashed files for a year, compressed for who takes that', async () => {
    const answer = await api.call('GET', '/console/assets/index-Bx1z.js');
    expect([answer.status, answer.text]).toEqual([200, script]);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    const plain = await raw('/console/assets/index-Bx1z.js');
    expect([plain.headers['content-encoding'], plain.body.toString()]).toEqual([undefined, script]);
    const packed = await raw('/console/assets/index-Bx1z.js', { 'Accept-Encoding': 'gzip' });
    expect(gunzipSync(packed.body).toString()).toBe(script);
    expect((await raw('/console/assets/index-Bx1z.js', {}, 'HEAD')).body).toHaveLength(0);
  });

  it.each([
    '/console/../secret.txt',
    '/console/assets/../../secret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/..%2fsecret.txt',
    '/console//etc/passwd.txt',
    '/console/assets/index-Bx1z.js.map',
    '/console/assets/nothing.js',
    '/consoles.txt',
  ])('%s is nothing', async (url) => {
    const { status, body } = await raw(url);
    expect([status, body.toString().includes('not for the console')]).toEqual([404, false]);
  });

  it('without a build say so; with CONSOLE=off there are none, and nobody can sign in', async () => {
    expect(await readConsoleFiles(path.join(directory, 'nothing'))).toBeNull();
    const [unbuilt, off] = [await startTestApi(), await startTestApi({ env: { CONSOLE: 'off' } })];
    try {
      const answer = await unbuilt.call('GET', '/console');
      expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('npm run build')]);
      expect((await off.call('GET', '/console')).status).toBe(404);
      const body = credentialsOf(await off.newClient());
      expect((await off.call('POST', '/console/session', { body, headers: ours })).status).toBe(404);
    } finally {
      await Promise.all([unbuilt.close(), off.close()]);
    }
  });
});

describe('signing in with a client', () => {
  it('gives a session with what the client may do, as a cookie that no script and no other page gets', async () => {
    const publisher = await api.newClient({ tenantId: client.tenantId, scopes: ['webhooks:read'] });
    const answer = await signIn(credentialsOf(publisher));
    expect(answer.headers.get('set-cookie')).toMatch(
      /^everhook_console=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const shown = {
      tenant: { id: client.tenantId, name: 'Test' },
      operator: false,
      scopes: ['webhooks:read'],
      clientId: publisher.clientId,
      temporalUiUrl: 'http://localhost:8233',
      temporalNamespace: 'default',
    };
    expect(answer.json).toMatchObject(shown);
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await get('/console/session', cookie)).json).toEqual(answer.json);
    expect((await get('/api/v1/webhooks', cookie)).status).toBe(200);
    expect((await get('/api/v1/deliveries', cookie)).status).toBe(403);
    expect(await audited('console_session.open')).toMatchObject({
      tenant_id: client.tenantId,
      actor: `client:${publisher.clientId}`,
      address: expect.any(String) as string,
    });
    const { rows } = await api.database.raw<{ rows: object[] }>('SELECT * FROM console_sessions');
    expect(JSON.stringify(rows)).not.toContain(cookie.split('=')[1]);
  });

  it('over https the cookie is for https and this host only', async () => {
    const answer = await signIn(credentialsOf(client), {
      Origin: 'https://hooks.example',
      'Sec-Fetch-Site': 'same-origin',
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-everhook_console=[\w-]{43}; Path=\/; .+; Secure$/);
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    // A neighbour's host can plant the other one.
    const planted = await cookieOf(credentialsOf(other));
    const both = await get('/console/session', `${planted}; ${cookie}`);
    expect(both.json).toMatchObject({ tenant: { id: client.tenantId } });
    const proxied = await get('/console/session', planted, { ...ours, 'X-Forwarded-Proto': 'https' });
    expect(proxied.status).toBe(401);
  });

  it('refuses a wrong secret without having the browser ask for a password, and slows guessing down', async () => {
    const victim = await api.newClient();
    const wrong = { clientId: victim.clientId, clientSecret: 'wrong' };
    for (let nth = 0; nth < 5; nth += 1) {
      const answer = await signIn(wrong);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Everhook-Console']);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect((await signIn(wrong)).status).toBe(429);
  });

  it('a new sign-in ends the session before', async () => {
    const before = await cookieOf(credentialsOf(client));
    await signIn(credentialsOf(client), { Cookie: before });
    expect((await get('/console/session', before)).status).toBe(401);
  });
});

it('a client that signs in again and again ends its own sessions, and makes signing in no slower for others', async () => {
  const busy = await api.newClient();
  const bystander = await cookieOf(credentialsOf(client));
  const cookies: string[] = [];
  for (let nth = 0; nth < mostSessionsOfClient + 2; nth += 1) cookies.push(await cookieOf(credentialsOf(busy)));
  const held = await api.database('console_sessions').where({ client_id: busy.clientId }).select('id');
  expect(held).toHaveLength(mostSessionsOfClient);
  const statuses = await Promise.all(
    [...cookies.slice(0, 3), cookies.at(-1) ?? '', bystander].map((cookie) => get('/console/session', cookie)),
  );
  expect(statuses.map(({ status }) => status)).toEqual([401, 401, 200, 200, 200]);
});

describe('signing in with a link', () => {
  it('works once, for its tenant and its scopes', async () => {
    const link = await newLink(client.tenantId, ['deliveries:read']);
    const [first, second] = await Promise.all([signIn({ link }), signIn({ link })]);
    expect([first.status, second.status].sort()).toEqual([201, 401]);
    const won = first.status === 201 ? first : second;
    expect(won.json).toMatchObject({ tenant: { id: client.tenantId }, clientId: null, scopes: ['deliveries:read'] });
    expect((await signIn({ link })).status).toBe(401);
    expect(JSON.stringify(api.logged)).not.toContain(link);
    expect(JSON.stringify(api.logged)).not.toContain(won.headers.get('set-cookie')?.slice(20, 60));
    expect(await audited('console_link.create')).toMatchObject({ actor: 'cli', tenant_id: client.tenantId });
    expect(await audited('console_session.open')).toMatchObject({
      actor: expect.stringMatching(/^link:/) as string,
      outcome: 'success',
    });
  });

  it('not when it is too old, or nobody made it', async () => {
    const link = await newLink(client.tenantId);
    await api.database('console_links').update({ expires_at: api.database.raw("now() - interval '1 s'") });
    expect((await signIn({ link })).status).toBe(401);
    expect((await signIn({ link: 'x'.repeat(43) })).status).toBe(401);
  });
});

describe('a session', () => {
  it('counts only with the header that our own page sends: other pages get nothing done with the cookie', async () => {
    const cookie = await cookieOf(credentialsOf(client));
    const statuses = await Promise.all([
      get('/api/v1/webhooks', cookie, {}),
      get('/api/v1/webhooks', cookie, { 'X-Everhook-Console': 'yes' }),
      get('/api/v1/webhooks', cookie, { ...ours, 'Sec-Fetch-Site': 'cross-site' }),
      get('/api/v1/webhooks', cookie, { ...ours, 'Sec-Fetch-Site': 'same-site' }),
      get('/api/v1/webhooks', cookie, { ...ours, Origin: 'https://evil.example' }),
      get('/console/session', cookie, {}),
      api.call('POST', '/api/v1/events', { headers: { Cookie: cookie }, body: { type: 'everhook.test', payload: {} } }),
      api.call('DELETE', '/console/session', { headers: { Cookie: cookie } }),
      api.call('POST', '/console/session', { body: credentialsOf(client) }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual(statuses.map(() => 401));
    expect((await get('/api/v1/webhooks', cookie, { ...ours, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect((await get('/api/v1/webhooks', cookie, { ...ours, Origin: api.url })).status).toBe(200);
    // No page of another origin may send the header: that it would have to ask for first.
    const asked = await api.call('OPTIONS', '/api/v1/webhooks', {
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Headers': 'x-everhook-console' },
    });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is of one tenant: it sees nothing of another, and refuses to act for it', async () => {
    const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
    const made = await api.call('POST', '/api/v1/webhooks', { token: other.token, body });
    const cookie = await cookieOf(credentialsOf(client));
    const { id } = made.json as { id: string };
    expect((await get(`/api/v1/webhooks/${id}`, cookie)).status).toBe(404);
    const named = { ...ours, 'X-Everhook-Tenant': other.tenantId };
    expect((await get(`/api/v1/webhooks/${id}`, cookie, named)).status).toBe(400);
    expect((await get('/console/tenants', cookie)).status).toBe(403);
  });

  it('acts under its own name in the audit log', async () => {
    const cookie = await cookieOf(credentialsOf(client));
    const headers = { Cookie: cookie, ...ours };
    const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
    expect((await api.call('POST', '/api/v1/webhooks', { headers, body })).status).toBe(201);
    const opened = (await audited('console_session.open')) as { object_id: string };
    expect(await audited('webhook.create')).toMatchObject({ actor: `session:${opened.object_id}` });
  });

  it('ends with its sign-out, its client, its time, and when nobody uses it', async () => {
    const ends: ((cookie: string, of: TestClient) => Promise<unknown>)[] = [
      async (cookie, { tenantId }) => {
        await api.call('DELETE', '/console/session', { headers: { Cookie: cookie, ...ours } });
        expect(await audited('console_session.close')).toMatchObject({ tenant_id: tenantId });
      },
      (_, of) => api.dependencies.tenants.revokeClient(of.tenantId, of.clientId),
      (_, of) => past(of, 'expires_at', '1 second'),
      (_, of) => past(of, 'last_seen_at', '61 minutes'),
    ];
    const past = (of: TestClient, column: string, interval: string) =>
      api
        .database('console_sessions')
        .where({ client_id: of.clientId })
        .update({ [column]: api.database.raw(`now() - interval '${interval}'`) });
    for (const end of ends) {
      const own = await api.newClient();
      const cookie = await cookieOf(credentialsOf(own));
      await past(own, 'last_seen_at', '59 minutes');
      // Used, it goes on.
      expect((await get('/api/v1/webhooks', cookie)).status).toBe(200);
      const [row] = await api.database('console_sessions').where({ client_id: own.clientId }).select('last_seen_at');
      expect((row as { last_seen_at: Date }).last_seen_at.getTime()).toBeGreaterThan(Date.now() - 60_000);
      await end(cookie, own);
      expect((await get('/api/v1/webhooks', cookie)).status).toBe(401);
      expect((await get('/console/session', cookie)).status).toBe(401);
    }
    await cookieOf(credentialsOf(client));
    const { rows } = await api.database.raw<{ rows: object[] }>(
      'SELECT FROM console_sessions WHERE expires_at < now()',
    );
    expect(rows).toEqual([]);
  });
});

describe("an operator's session", () => {
  it('finds tenants, and names the one of each request', async () => {
    const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
    const made = await api.call('POST', '/api/v1/webhooks', { token: other.token, body });
    const path = `/api/v1/webhooks/${(made.json as { id: string }).id}`;
    const cookie = await cookieOf({ link: await newLink(null) });
    expect((await get('/console/session', cookie)).json).toMatchObject({ tenant: null, operator: true });
    const tenant = await api.dependencies.tenants.createTenant('Looked For');
    const found = await get('/console/tenants?name=looked', cookie);
    expect(found.json).toMatchObject({ data: [{ id: tenant.id, name: 'Looked For' }], nextCursor: null });
    expect((await get('/console/tenants?limit=1', cookie)).json).toMatchObject({ data: [{ id: tenant.id }] });

    const naming = (tenantId: string) => ({ ...ours, 'X-Everhook-Tenant': tenantId });
    expect((await get(path, cookie, naming(other.tenantId))).status).toBe(200);
    expect((await get(path, cookie, naming(client.tenantId))).status).toBe(404);
    for (const headers of [ours, naming('nobody'), naming('0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f')]) {
      expect((await get(path, cookie, headers)).status).toBe(400);
    }
    const headers = { Cookie: cookie, ...naming(other.tenantId) };
    await api.call('PATCH', path, { headers, body: { disabled: true } });
    expect(await audited('webhook.update')).toMatchObject({
      tenant_id: other.tenantId,
      actor: expect.stringMatching(/^operator:/) as string,
    });
  });

  it('may do no more than its link says', async () => {
    const cookie = await cookieOf({ link: await newLink(null, ['webhooks:read']) });
    const headers = { Cookie: cookie, ...ours, 'X-Everhook-Tenant': other.tenantId };
    expect((await api.call('GET', '/api/v1/webhooks', { headers })).status).toBe(200);
    const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
    expect((await api.call('POST', '/api/v1/webhooks', { headers, body })).status).toBe(403);
  });
});

/** A path as it is written: `fetch` would take the dots away, and decompress. */
function raw(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const sent = request({ hostname, port, path: url, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject).end();
  });
}
