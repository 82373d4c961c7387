import { createDatabase } from '../../src/store/database';
import { createEventStore } from '../../src/store/events';
import { createTenantStore } from '../../src/store/tenants';
import { anyRequestId, startTestApi, type TestApi, type TestClient } from '../support/api';
import { reservePort } from '../../scripts/local-stack/ports';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
});
afterAll(() => api.close());

describe('a path that is not there', () => {
  it.each([
    '/',
    '/api',
    '/api/v1/nope',
    '/API/V1/webhooks',
    '/api/v1/webhooks/',
    '//livez',
    '/problems/x',
    '/docs/../x',
  ])('answers 404 for %s', async (path) => {
    const answer = await api.call('GET', path, { token: client.token });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toEqual({
      type: '/problems/not-found',
      title: 'Not found',
      status: 404,
      detail: 'There is nothing here.',
      requestId: anyRequestId,
    });
  });
});

describe('another method', () => {
  it.each([
    ['PUT', '/api/v1/webhooks', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/api/v1/webhooks/x', 'DELETE, GET, HEAD, PATCH, OPTIONS'],
    ['GET', '/api/v1/events/batch', null],
    ['DELETE', '/api/v1/events', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/livez', 'GET, HEAD, OPTIONS'],
    ['POST', '/v1/webhooks/jwks', 'GET, HEAD, OPTIONS'],
    // Of the path with an id, which this is not.
    ['PUT', '/v1/webhooks/jwks', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/v1/webhooks/jwks', 'GET, HEAD, OPTIONS'],
  ])('%s %s answers 405 with Allow', async (method, path, allow) => {
    const answer = await api.call(method, path, { token: client.token });
    // "batch" is also a possible event id, so GET there is that route's.
    if (allow === null) {
      expect(answer.status).toBe(404);
    } else {
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    }
  });

  it('OPTIONS tells what there is and opens nothing to other origins', async () => {
    const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' };
    const answer = await api.call('OPTIONS', '/api/v1/events', { headers });
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('HEAD answers as GET does, without a body', async () => {
    const get = await api.call('GET', '/livez');
    const head = await api.call('HEAD', '/livez');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect((await api.call('HEAD', '/api/v1/webhooks')).status).toBe(401);
  });
});

describe('every response', () => {
  it.each(['/livez', '/nope', '/api/v1/webhooks', '/docs', '/openapi.json'])(
    '%s has the headers of all',
    async (path) => {
      const { headers } = await api.call('GET', path);
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('has the request id that was sent, if it is one', async () => {
    const ask = async (id: string) => {
      const answer = await api.call('GET', '/nope', { headers: { 'X-Request-Id': id } });
      expect(answer.json).toMatchObject({ requestId: answer.headers.get('x-request-id') });
      return answer.headers.get('x-request-id');
    };
    expect(await ask('My-request_1')).toBe('My-request_1');
    expect(await ask('a b')).not.toBe('a b');
    expect(await ask('x'.repeat(65))).toHaveLength(36);
  });
});

describe('the log and the metrics', () => {
  it('know the route, not the path', async () => {
    api.logged.length = 0;
    const id = '0198c0de-0000-7000-8000-00000000abcd';
    await api.call('GET', `/api/v1/webhooks/${id}`, { token: client.token, headers: { 'X-Request-Id': 'logged' } });
    expect(api.logged).toMatchObject([
      {
        level: 30,
        msg: 'request',
        requestId: 'logged',
        tenantId: client.tenantId,
        method: 'GET',
        route: '/api/v1/webhooks/{id}',
        status: 404,
        ms: expect.any(Number) as number,
      },
    ]);
    await api.call('GET', '/canary-path?canary=1', { token: client.token });
    expect(JSON.stringify(api.logged)).not.toMatch(/canary|00000000abcd|Bearer/);
    const metrics = await api.registry.metrics();
    expect(metrics).toContain(
      'http_request_duration_seconds_count{method="GET",route="/api/v1/webhooks/{id}",status="404"} 1',
    );
    expect(metrics).toContain('route="none"');
    expect(metrics).not.toContain('canary');
  });
});

describe('a bug of ours', () => {
  it('is a 500 that says nothing, and a log line that says all', async () => {
    const broken = await startTestApi({
      overrides: { readiness: () => Promise.reject(new TypeError('canary is not a function')) },
    });
    try {
      const answer = await broken.call('GET', '/readyz', { headers: { 'X-Request-Id': 'broken' } });
      expect(answer.status).toBe(500);
      expect(answer.json).toEqual({
        type: '/problems/internal-error',
        title: 'Internal error',
        status: 500,
        detail: 'Something went wrong on our side.',
        requestId: 'broken',
      });
      const line = broken.logged.find(({ msg }) => msg === 'a request failed');
      expect(JSON.stringify(line)).toMatch(/broken.*canary|canary.*broken/);
    } finally {
      await broken.close();
    }
  });
});

describe('limits', () => {
  let limited: TestApi;
  beforeAll(async () => {
    limited = await startTestApi({ env: { RATE_LIMIT_EVENTS: '10/h', RATE_LIMIT_WRITES: '3/h' } });
  });
  afterAll(() => limited.close());

  const event = { type: 'everhook.test', payload: {} };
  const webhook = { targetUrl: 'https://example.com', events: ['everhook.test'] };

  it('count the events of a tenant, in batches too', async () => {
    const { token } = await limited.newClient();
    const batch = (count: number) =>
      limited.call('POST', '/api/v1/events/batch', { token, body: { events: Array(count).fill(event) } });
    const publish = () => limited.call('POST', '/api/v1/events', { token, body: event });
    expect((await batch(9)).status).toBe(202);
    expect((await publish()).status).toBe(202);
    const refused = await publish();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
    expect(refused.json).toMatchObject({ type: '/problems/too-many-requests' });
    const other = await limited.newClient();
    expect((await limited.call('POST', '/api/v1/events', { token: other.token, body: event })).status).toBe(202);
  });

  it('let a batch pass that is larger than the limit, when nothing of it is used', async () => {
    const { token } = await limited.newClient();
    const body = { events: Array(50).fill(event) as object[] };
    expect((await limited.call('POST', '/api/v1/events/batch', { token, body })).status).toBe(202);
    expect((await limited.call('POST', '/api/v1/events/batch', { token, body })).status).toBe(429);
  });

  it('count the writes of a tenant over all contracts, each answered in its format', async () => {
    const { token } = await limited.newClient();
    const native = () => limited.call('POST', '/api/v1/webhooks', { token, body: webhook });
    for (let n = 0; n < 3; n += 1) expect((await native()).status).toBe(201);
    expect((await native()).json).toMatchObject({ type: '/problems/too-many-requests' });
    const sovrin = await limited.call('POST', '/v1/webhooks', { token, body: {} });
    expect([sovrin.status, sovrin.json]).toMatchObject([429, { code: 'TooManyRequests' }]);
    expect((await limited.call('GET', '/api/v1/webhooks', { token })).status).toBe(200);
  });
});

describe('while PostgreSQL is away', () => {
  it('every route that needs it answers 503 with Retry-After in its format', async () => {
    const url = `postgres://nobody@127.0.0.1:${await reservePort()}/nothing`;
    const away = createDatabase(url, { acquireTimeoutMs: 1_000 });
    const outage = await startTestApi({
      overrides: {
        events: createEventStore(away, { retryBaseMs: 2_000 }),
        tenants: createTenantStore(away),
      },
    });
    try {
      const { accessToken: token } = await outage.dependencies.tokens.issue({
        tenantId: client.tenantId,
        clientId: client.clientId,
        scopes: ['events:publish', 'webhooks:read'],
      });
      const publish = await outage.call('POST', '/api/v1/events', { token, body: {} });
      expect(publish.status).toBe(503);
      expect(publish.headers.get('retry-after')).toBe('2');
      expect(publish.json).toMatchObject({ type: '/problems/unavailable' });
      expect(publish.text).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
      const sovrin = await outage.call('GET', '/v1/webhooks', { token });
      expect([sovrin.status, sovrin.json]).toMatchObject([503, { code: 'ServiceUnavailable' }]);
      const credentials = `grant_type=client_credentials&client_id=${client.clientId}&client_secret=x`;
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const asked = await outage.call('POST', '/oauth2/token', { body: credentials, headers: form });
      expect([asked.status, asked.json]).toMatchObject([503, { error: 'temporarily_unavailable' }]);
    } finally {
      await outage.close();
      await away.destroy();
    }
  });
});

describe('while Temporal is away', () => {
  it('publishing still answers 202 and leaves the delivery in the outbox; readyz says what is missing', async () => {
    const outage = await startTestApi({
      overrides: {
        readiness: () => Promise.resolve({ postgresql: true, temporal: false }),
        // The starter never throws: what it can't start stays in the outbox.
        starter: { enqueue: () => Promise.resolve(), close: () => Promise.resolve() },
      },
    });
    try {
      const { token } = await outage.newClient();
      const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
      await outage.call('POST', '/api/v1/webhooks', { token, body });
      const event = { type: 'everhook.test', payload: {} };
      expect((await outage.call('POST', '/api/v1/events', { token, body: event })).status).toBe(202);
      expect(await outage.database('deliveries').whereNull('started_at')).toHaveLength(1);
      const ready = await outage.call('GET', '/readyz');
      expect([ready.status, ready.json]).toEqual([503, { status: 'unavailable', postgresql: true, temporal: false }]);
      expect((await outage.call('GET', '/livez')).status).toBe(200);
    } finally {
      await outage.close();
    }
  });
});
