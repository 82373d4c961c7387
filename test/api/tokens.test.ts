import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '3/m' } });
  client = await api.newClient();
});
afterAll(() => api.close());

const basic = (id: string, secret: string) => ({
  Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

const ask = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  api.call('POST', '/oauth2/token', {
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  });

const grant = { grant_type: 'client_credentials' };

describe('POST /oauth2/token', () => {
  it('gives a token for credentials in the Authorization header', async () => {
    const answer = await ask(grant, basic(client.clientId, client.clientSecret));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(answer.headers.get('content-type')).toBe('application/json');
    const token = answer.json as Record<string, string>;
    expect(token).toEqual({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: expect.stringContaining('events:publish') as string,
    });
    expect((await api.call('GET', '/api/v1/webhooks', { token: token.access_token ?? '' })).status).toBe(200);
  });

  it('gives a token for credentials in the body', async () => {
    const { clientId: client_id, clientSecret: client_secret } = client;
    expect((await ask({ ...grant, client_id, client_secret })).status).toBe(200);
    expect((await ask({ ...grant, client_id, client_secret, audience: 'ignored' })).status).toBe(200);
  });

  it('decodes form encoding inside Basic, and the scheme is case-insensitive', async () => {
    const id = client.clientId.replaceAll('-', '%2D');
    const headers = { Authorization: basic(id, client.clientSecret).Authorization.replace('Basic', 'bAsIc') };
    expect((await ask(grant, headers)).status).toBe(200);
  });

  it('narrows the token to the scopes asked for', async () => {
    const answer = await ask({ ...grant, scope: 'webhooks:read' }, basic(client.clientId, client.clientSecret));
    expect(answer.json).toMatchObject({ scope: 'webhooks:read' });
    const { access_token: token } = answer.json as { access_token: string };
    expect((await api.call('GET', '/api/v1/webhooks', { token })).status).toBe(200);
    const refused = await api.call('GET', '/api/v1/deliveries', { token });
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ detail: 'The token lacks the scope deliveries:read.' });
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="deliveries:read"');
  });

  it('refuses a scope that the client does not have', async () => {
    const narrow = await api.newClient({ scopes: ['events:publish'] });
    const headers = basic(narrow.clientId, narrow.clientSecret);
    for (const scope of ['webhooks:read', 'events:publish webhooks:read', 'nonsense', ' ']) {
      const answer = await ask({ ...grant, scope }, headers);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: 'invalid_scope' });
    }
    expect((await ask({ ...grant, scope: '' }, headers)).json).toMatchObject({ scope: 'events:publish' });
  });

  it.each([
    ['no grant type', {}, 'invalid_request'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', 'invalid_request'],
    ['two ways to authenticate', { ...grant, client_secret: 'x' }, 'invalid_request'],
    ['another client id in the body', { ...grant, client_id: 'x' }, 'invalid_request'],
  ])('answers 400 for %s', async (_what, form, error) => {
    const answer = await ask(form, basic(client.clientId, client.clientSecret));
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ error, error_description: expect.any(String) as string });
  });

  it('answers 415 for another content type and 413 for a long body, in its own format', async () => {
    const json = await ask('{}', { 'Content-Type': 'application/json' });
    expect([json.status, json.json]).toMatchObject([415, { error: 'invalid_request' }]);
    const long = await ask(`grant_type=${'x'.repeat(9000)}`);
    expect([long.status, long.json]).toMatchObject([413, { error: 'invalid_request' }]);
    const other = await api.call('GET', '/oauth2/token');
    expect([other.status, other.json]).toMatchObject([405, { error: 'invalid_request' }]);
    expect(other.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('answers alike for an unknown client, a wrong secret, a revoked client and credentials that are none', async () => {
    const wrong = await api.newClient();
    const revoked = await api.newClient();
    await api.dependencies.tenants.revokeClient(revoked.tenantId, revoked.clientId);
    const cases: [Record<string, string>, Record<string, string>][] = [
      [grant, basic('0198c0de-0000-7000-8000-000000000001', 'secret')],
      [grant, basic(wrong.clientId, client.clientSecret)],
      [grant, basic(revoked.clientId, revoked.clientSecret)],
      [grant, basic('not-a-uuid', 'x')],
      [grant, { Authorization: 'Basic %%%' }],
      [grant, { Authorization: 'Bearer x' }],
      [{ ...grant, client_id: wrong.clientId, client_secret: '' }, {}],
    ];
    for (const [form, headers] of cases) {
      const answer = await ask(form, headers);
      expect(answer.status).toBe(401);
      expect(answer.text).toBe('{"error":"invalid_client","error_description":"The client id or secret is wrong."}');
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="everhook", charset="UTF-8"');
    }
  });

  it('stops guessing at one client, and nobody else', async () => {
    const victim = await api.newClient();
    const guess = () => ask(grant, basic(victim.clientId, 'guess'));
    for (let failures = 1; failures <= 3; failures += 1) expect((await guess()).status).toBe(401);
    const stopped = await ask(grant, basic(victim.clientId.toUpperCase(), victim.clientSecret));
    expect(stopped.status).toBe(429);
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(stopped.json).toMatchObject({ error: 'temporarily_unavailable' });
    expect((await ask(grant, basic(client.clientId, client.clientSecret))).status).toBe(200);
  });
});

describe('a bearer token', () => {
  const read = (authorization?: string) =>
    api.call('GET', '/api/v1/webhooks', { ...(authorization && { headers: { Authorization: authorization } }) });

  it('is refused alike for every cause', async () => {
    const other = await startTestApi();
    const foreign = await other.newClient();
    await other.close();
    const revoked = await api.newClient();
    await api.dependencies.tenants.revokeClient(revoked.tenantId, revoked.clientId);
    const moved = await api.dependencies.tokens.issue({
      tenantId: (await api.newClient()).tenantId,
      clientId: client.clientId,
      scopes: ['webhooks:read'],
    });
    const expired = await api.dependencies.tokens.issue(
      { tenantId: client.tenantId, clientId: client.clientId, scopes: ['webhooks:read'] },
      new Date(Date.now() - 2 * 3600_000),
    );
    const answers = await Promise.all(
      [
        undefined,
        'Bearer',
        'Bearer nonsense',
        `Basic ${client.token}`,
        client.token,
        `Bearer ${foreign.token}`,
        `Bearer ${revoked.token}`,
        `Bearer ${moved.accessToken}`,
        `Bearer ${expired.accessToken}`,
        `Bearer ${client.token.slice(0, -2)}`,
      ].map(read),
    );
    for (const [index, answer] of answers.entries()) {
      expect(answer.status).toBe(401);
      // RFC 6750 section 3.1: no error code for who did not try.
      const challenge = index === 0 ? 'Bearer' : 'Bearer error="invalid_token"';
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
      expect({ ...(answer.json as object), requestId: '' }).toEqual({
        type: '/problems/unauthorized',
        title: 'Authentication is required',
        status: 401,
        detail: 'A valid access token is needed: Authorization: Bearer <token>.',
        requestId: '',
      });
    }
  });

  it('is let in with any case of the scheme', async () => {
    expect((await read(`bearer ${client.token}`)).status).toBe(200);
  });

  it('can do nothing without the scope of a route', async () => {
    const { token } = await api.newClient({ scopes: ['credentials:read'] });
    const id = '0198c0de-0000-7000-8000-000000000001';
    const routes: [string, string, string][] = [
      ['GET', '/api/v1/webhooks', 'webhooks:read'],
      ['GET', `/api/v1/webhooks/${id}`, 'webhooks:read'],
      ['GET', `/api/v1/webhooks/${id}/stats`, 'webhooks:read'],
      ['POST', '/api/v1/webhooks', 'webhooks:write'],
      ['PATCH', `/api/v1/webhooks/${id}`, 'webhooks:write'],
      ['DELETE', `/api/v1/webhooks/${id}`, 'webhooks:write'],
      ['POST', `/api/v1/webhooks/${id}/test`, 'webhooks:write'],
      ['POST', `/api/v1/webhooks/${id}/recover`, 'webhooks:write'],
      ['POST', `/api/v1/webhooks/${id}/secret/rotate`, 'webhooks:write'],
      ['POST', '/api/v1/events', 'events:publish'],
      ['POST', '/api/v1/events/batch', 'events:publish'],
      ['GET', '/api/v1/events', 'deliveries:read'],
      ['GET', '/api/v1/events/x', 'deliveries:read'],
      ['GET', '/api/v1/deliveries', 'deliveries:read'],
      ['GET', `/api/v1/deliveries/${id}`, 'deliveries:read'],
      ['POST', `/api/v1/deliveries/${id}/retry`, 'deliveries:write'],
      ['POST', `/api/v1/deliveries/${id}/cancel`, 'deliveries:write'],
      ['GET', '/api/v1/audit', 'audit:read'],
      ['GET', '/v1/webhooks', 'webhooks:read'],
      ['POST', '/v1/webhooks', 'webhooks:write'],
      ['GET', `/v1/webhooks/${id}`, 'webhooks:read'],
      ['PUT', `/v1/webhooks/${id}`, 'webhooks:write'],
      ['DELETE', `/v1/webhooks/${id}`, 'webhooks:write'],
      ['GET', '/api/notifications/v1/webhooks', 'webhooks:read'],
      ['POST', '/api/notifications/v1/webhooks', 'webhooks:write'],
      ['GET', `/api/notifications/v1/webhooks/${id}`, 'webhooks:read'],
      ['DELETE', `/api/notifications/v1/webhooks/${id}`, 'webhooks:write'],
      ['POST', `/api/notifications/v1/webhooks/${id}/deactivate`, 'webhooks:write'],
      ['POST', `/api/notifications/v1/webhooks/${id}/activate`, 'webhooks:write'],
      ['GET', '/portal-api/webhooks', 'webhooks:read'],
      ['POST', '/portal-api/webhooks', 'webhooks:write'],
      ['GET', '/portal-api/webhooks/1', 'webhooks:read'],
      ['PUT', '/portal-api/webhooks/1', 'webhooks:write'],
      ['DELETE', '/portal-api/webhooks/1', 'webhooks:write'],
      ['POST', '/portal-api/webhooks/1/test-connection', 'webhooks:write'],
      ['GET', '/portal-api/webhooks/1/headers', 'webhooks:read'],
      ['POST', '/portal-api/webhooks/1/headers', 'webhooks:write'],
      ['GET', '/portal-api/webhooks/1/headers/1', 'webhooks:read'],
      ['PUT', '/portal-api/webhooks/1/headers/1', 'webhooks:write'],
      ['DELETE', '/portal-api/webhooks/1/headers/1', 'webhooks:write'],
    ];
    for (const [method, path, scope] of routes) {
      const answer = await api.call(method, path, { token });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.text).toContain(scope);
    }
    expect((await api.call('GET', '/api/v1/event-types', { token })).status).toBe(200);
  });
});
