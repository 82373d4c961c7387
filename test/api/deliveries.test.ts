import type { DeliveryStatus, ErrorClass } from '../../src/domain/delivery';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
let webhookId: string;

beforeAll(async () => {
  api = await startTestApi({ env: { TEMPORAL_UI_URL: 'http://localhost:8233/', TEMPORAL_NAMESPACE: 'name space' } });
});
afterAll(() => api.close());
beforeEach(async () => {
  client = await api.newClient();
  webhookId = await register();
  api.runs.started.length = 0;
  api.runs.asked.length = 0;
  api.runs.answer = () => Promise.resolve('accepted');
});

const send = (method: string, path: string, body?: object) =>
  api.call(method, path, { token: client.token, ...(body && { body }) });
async function register(): Promise<string> {
  const body = { targetUrl: 'https://example.com', events: ['everhook.test', 'OpenIdCredentialIssued'] };
  return ((await send('POST', '/api/v1/webhooks', body)).json as { id: string }).id;
}
async function publish(id: string, type = 'everhook.test'): Promise<string> {
  const { json } = await send('POST', '/api/v1/events', { id, type, payload: {}, webhookId });
  const [delivery] = (json as { deliveries: { id: string }[] }).deliveries;
  return delivery?.id ?? '';
}
async function attempt(
  deliveryId: string,
  number: number,
  status: DeliveryStatus,
  more: {
    statusCode?: number | null;
    errorClass?: ErrorClass | null;
    durationMs?: number;
    responseBody?: string;
    responseHeaders?: Record<string, string>;
  } = {},
): Promise<void> {
  await api.dependencies.deliveries.recordAttempt(
    { tenantId: client.tenantId, deliveryId },
    {
      number,
      startedAt: '2026-01-15T09:30:00.000Z',
      durationMs: more.durationMs ?? 12,
      statusCode: more.statusCode ?? null,
      errorClass: more.errorClass ?? null,
      responseBody: more.responseBody ?? null,
      responseHeaders: more.responseHeaders ?? null,
    },
    { status, dueAt: null },
  );
}
const failed = (id: string) => attempt(id, 1, 'failed', { errorClass: 'timeout' });

describe('a delivery', () => {
  it('is shown with its attempts and the way to its run', async () => {
    const id = await publish('e1');
    await attempt(id, 1, 'pending', {
      errorClass: 'http_status',
      statusCode: 500,
      responseBody: 'oops',
      responseHeaders: { server: 'nginx' },
    });
    await attempt(id, 2, 'delivered', { statusCode: 204, durationMs: 3 });
    const answer = await send('GET', `/api/v1/deliveries/${id}`);
    const workflowId = expect.stringMatching(`^delivery/${client.tenantId}/${webhookId}/[0-9a-f-]{36}$`) as string;
    expect(answer.json).toEqual({
      id,
      eventId: 'e1',
      eventType: 'everhook.test',
      webhookId,
      status: 'delivered',
      retrySchedule: [2000, 4000, 8000],
      attempts: [
        {
          number: 1,
          startedAt: '2026-01-15T09:30:00.000Z',
          durationMs: 12,
          statusCode: 500,
          errorClass: 'http_status',
          responseBody: 'oops',
          responseHeaders: { server: 'nginx' },
        },
        {
          number: 2,
          startedAt: '2026-01-15T09:30:00.000Z',
          durationMs: 3,
          statusCode: 204,
          errorClass: null,
          responseHeaders: null,
        },
      ],
      lastErrorClass: null,
      nextAttemptAt: null,
      createdAt: expect.any(String) as string,
      completedAt: '2026-01-15T09:30:00.003Z',
      workflowId,
      temporalUrl: expect.any(String) as string,
    });
    const shown = answer.json as { workflowId: string; temporalUrl: string };
    const escaped = shown.workflowId.replaceAll('/', '%2F');
    expect(shown.temporalUrl).toBe(`http://localhost:8233/namespaces/name%20space/workflows/${escaped}`);
  });

  it('does not tell by a redirect what the URL of its webhook is, where that may not be read', async () => {
    const id = await publish('e1');
    const responseHeaders = { location: 'https://example.com/secret/', server: 'nginx' };
    await attempt(id, 1, 'failed', { errorClass: 'http_status', statusCode: 308, responseHeaders });
    const reader = await api.newClient({ tenantId: client.tenantId, scopes: ['deliveries:read'] });
    const { json } = await api.call('GET', `/api/v1/deliveries/${id}`, { token: reader.token });
    expect(json).toMatchObject({ attempts: [{ responseHeaders: { location: '[redacted]', server: 'nginx' } }] });
    expect((await send('GET', `/api/v1/deliveries/${id}`)).json).toMatchObject({ attempts: [{ responseHeaders }] });
  });

  it('that is pending says when its next attempt is due', async () => {
    const id = await publish('e1');
    const { json } = await send('GET', `/api/v1/deliveries/${id}`);
    expect(json).toMatchObject({ status: 'pending', attempts: [], completedAt: null });
    expect((json as { nextAttemptAt: string }).nextAttemptAt).toMatch(/^\d{4}-/);
  });
});

describe('GET /api/v1/deliveries', () => {
  it('lists newest first, without attempts, by every filter', async () => {
    const first = await publish('one');
    const second = await publish('two', 'OpenIdCredentialIssued');
    await failed(first);
    const list = async (query: string) => {
      const answer = await send('GET', `/api/v1/deliveries${query}`);
      expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
      return (answer.json as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect(await list('')).toEqual([second, first]);
    expect(await list('?status=failed')).toEqual([first]);
    expect(await list('?status=delivered')).toEqual([]);
    expect(await list(`?webhookId=${webhookId}`)).toEqual([second, first]);
    expect(await list(`?webhookId=${client.tenantId}`)).toEqual([]);
    expect(await list('?eventId=two')).toEqual([second]);
    expect(await list('?eventType=everhook.test')).toEqual([first]);
    expect(await list('?errorClass=timeout')).toEqual([first]);
    expect(await list('?errorClass=tls_error')).toEqual([]);
    expect(await list('?after=2020-01-01T00:00:00%2B01:00&before=2090-01-01T00:00:00Z')).toEqual([second, first]);
    const { data, nextCursor } = (await send('GET', '/api/v1/deliveries?limit=1')).json as {
      data: object[];
      nextCursor: string;
    };
    expect(data[0]).not.toHaveProperty('attempts');
    expect(await list(`?limit=1&cursor=${nextCursor}`)).toEqual([first]);
  });

  it.each(['status=done', 'webhookId=x', 'eventId=a.b', 'eventType=%00', 'errorClass=none', 'after=now', 'attempts=1'])(
    'answers 400 for ?%s',
    async (query) => {
      expect((await send('GET', `/api/v1/deliveries?${query}`)).status).toBe(400);
    },
  );
});

describe('POST /api/v1/deliveries/{id}/retry', () => {
  const retry = (id: string) => send('POST', `/api/v1/deliveries/${id}/retry`);

  it('asks the run of a pending one for its next attempt', async () => {
    const id = await publish('e');
    const answer = await retry(id);
    expect([answer.status, answer.json]).toEqual([202, { id }]);
    expect(api.runs.asked).toEqual([{ deliveryWebhook: webhookId, update: 'retryNow' }]);
  });

  it('starts a pending one that has no run yet', async () => {
    const id = await publish('e');
    api.runs.started.length = 0;
    api.runs.answer = () => Promise.resolve('not_running');
    expect((await retry(id)).json).toEqual({ id });
    expect(api.runs.started).toMatchObject([{ deliveryId: id }]);
  });

  it.each<DeliveryStatus>(['failed', 'delivered', 'cancelled'])(
    'makes a new delivery of one that is %s',
    async (status) => {
      const id = await publish('e');
      if (status === 'cancelled') await api.dependencies.deliveries.settleCancelled(client.tenantId, id);
      else await attempt(id, 1, status);
      api.runs.started.length = 0;
      const answer = await retry(id);
      expect(answer.status).toBe(202);
      const again = (answer.json as { id: string }).id;
      expect(again).not.toBe(id);
      expect(api.runs.started).toMatchObject([{ deliveryId: again, redelivery: 1, retrySchedule: [2000, 4000, 8000] }]);
      expect((await retry(id)).json).toEqual({ id: again });
      expect(api.runs.started).toHaveLength(1);
      expect((await send('GET', `/api/v1/deliveries/${id}`)).json).toMatchObject({ status });
    },
  );

  it('answers 409 where the webhook is disabled or deleted', async () => {
    const id = await publish('e');
    await failed(id);
    await send('PATCH', `/api/v1/webhooks/${webhookId}`, { disabled: true });
    expect((await retry(id)).json).toMatchObject({ status: 409, detail: 'The webhook is disabled.' });
    await send('DELETE', `/api/v1/webhooks/${webhookId}`);
    expect((await retry(id)).json).toMatchObject({ status: 409, detail: 'The webhook was deleted.' });
  });

  it('answers 503 while Temporal is away', async () => {
    const id = await publish('e');
    api.runs.answer = () => Promise.reject(new TemporalUnavailable(new Error('connection refused to 10.0.0.1')));
    const answer = await retry(id);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(answer.text).not.toContain('10.0.0.1');
  });

  it('takes an empty object as body and nothing else', async () => {
    const id = await publish('e');
    expect((await send('POST', `/api/v1/deliveries/${id}/retry`, {})).status).toBe(202);
    expect((await send('POST', `/api/v1/deliveries/${id}/retry`, { now: true })).status).toBe(400);
  });

  it('is in the audit log', async () => {
    const id = await publish('e');
    await retry(id);
    await send('POST', `/api/v1/deliveries/${id}/cancel`);
    const { data } = (await send('GET', '/api/v1/audit')).json as { data: object[] };
    expect(data.slice(0, 2)).toMatchObject([
      { action: 'delivery.cancel', objectType: 'delivery', objectId: id },
      { action: 'delivery.retry', objectType: 'delivery', objectId: id },
    ]);
  });
});

describe('POST /api/v1/deliveries/{id}/cancel', () => {
  const cancel = (id: string) => send('POST', `/api/v1/deliveries/${id}/cancel`);

  it('asks the run of a pending one to end', async () => {
    const id = await publish('e');
    const answer = await cancel(id);
    expect([answer.status, answer.json]).toEqual([202, { id }]);
    expect(api.runs.asked).toEqual([{ deliveryWebhook: webhookId, update: 'cancel' }]);
  });

  it('settles one that has no run', async () => {
    const id = await publish('e');
    api.runs.answer = () => Promise.resolve('not_running');
    expect((await cancel(id)).status).toBe(202);
    expect((await send('GET', `/api/v1/deliveries/${id}`)).json).toMatchObject({ status: 'cancelled' });
    expect((await cancel(id)).json).toMatchObject({ status: 409, detail: 'The delivery is finished.' });
  });

  it('answers 409 for one that ended meanwhile', async () => {
    const id = await publish('e');
    api.runs.answer = async () => {
      await attempt(id, 1, 'delivered', { statusCode: 200 });
      return 'not_running';
    };
    expect((await cancel(id)).status).toBe(409);
    expect((await cancel(id)).status).toBe(409);
  });
});

describe('POST /api/v1/webhooks/{id}/test', () => {
  const test = () => send('POST', `/api/v1/webhooks/${webhookId}/test`);

  it('delivers the example of the first event type to this webhook only', async () => {
    await register();
    const answer = await test();
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ webhookId, eventType: 'everhook.test', status: 'pending', attempts: [] });
    expect(api.runs.started).toMatchObject([{ webhookId }]);
    const { eventId } = answer.json as { eventId: string };
    const event = await send('GET', `/api/v1/events/${eventId}`);
    expect(event.json).toMatchObject({ payload: { message: 'Hello from Everhook' }, webhookId });
  });

  it('answers 409 for a disabled one', async () => {
    await send('PATCH', `/api/v1/webhooks/${webhookId}`, { disabled: true });
    expect((await test()).status).toBe(409);
    expect(api.runs.started).toEqual([]);
  });
});

describe('POST /api/v1/webhooks/{id}/recover', () => {
  const recover = (body: object) => send('POST', `/api/v1/webhooks/${webhookId}/recover`, body);
  const hourAgo = () => new Date(Date.now() - 3600_000).toISOString();

  it('delivers again what failed in the window, once', async () => {
    const ids = [await publish('a'), await publish('b'), await publish('c'), await publish('d')];
    await failed(ids[0] ?? '');
    await failed(ids[1] ?? '');
    await attempt(ids[2] ?? '', 1, 'delivered');
    api.runs.started.length = 0;
    const dry = await recover({ since: hourAgo(), dryRun: true });
    expect([dry.status, dry.json]).toEqual([202, { count: 2 }]);
    expect(api.runs.started).toEqual([]);
    expect((await recover({ since: hourAgo(), until: new Date(0).toISOString() })).status).toBe(400);
    expect((await recover({ since: '2020-01-01T00:00:00Z', until: hourAgo() })).json).toEqual({ count: 0 });
    expect((await recover({ since: hourAgo() })).json).toEqual({ count: 2 });
    expect(api.runs.started.map(({ eventId, redelivery }) => [eventId, redelivery])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect((await recover({ since: hourAgo() })).json).toEqual({ count: 0 });
  });

  it('goes on beyond one page', async () => {
    const events = Array.from({ length: 450 }, (_, n) => ({ id: `p${n}`, type: 'everhook.test', payload: {} }));
    await send('POST', '/api/v1/events/batch', { events });
    await api
      .database('deliveries')
      .where({ tenant_id: client.tenantId })
      .update({ status: 'failed', completed_at: new Date() });
    expect((await recover({ since: hourAgo(), dryRun: true })).json).toEqual({ count: 450 });
    api.runs.started.length = 0;
    expect((await recover({ since: hourAgo() })).json).toEqual({ count: 450 });
    expect(api.runs.started).toHaveLength(450);
  });

  it('answers 409 for a disabled webhook, 400 without since', async () => {
    expect((await recover({})).json).toMatchObject({ status: 400, errors: [{ pointer: '/since' }] });
    expect((await recover({ since: hourAgo(), until: hourAgo(), dryRun: 'yes' })).status).toBe(400);
    await send('PATCH', `/api/v1/webhooks/${webhookId}`, { disabled: true });
    expect((await recover({ since: hourAgo() })).status).toBe(409);
  });
});

describe('GET /api/v1/webhooks/{id}/stats', () => {
  const stats = (query = '') => send('GET', `/api/v1/webhooks/${webhookId}/stats${query}`);

  it('has nothing to say of a new webhook', async () => {
    expect((await stats()).json).toEqual({
      since: expect.any(String) as string,
      deliveries: { pending: 0, delivered: 0, failed: 0, cancelled: 0 },
      successRate: null,
      durationMs: { p50: null, p95: null, p99: null },
    });
  });

  it('counts deliveries by status and takes percentiles of the attempts', async () => {
    for (let n = 1; n <= 4; n += 1) await attempt(await publish(`d${n}`), 1, 'delivered', { durationMs: n * 10 });
    const troubled = await publish('f');
    await attempt(troubled, 1, 'pending', { durationMs: 1000, errorClass: 'timeout' });
    await attempt(troubled, 2, 'failed', { durationMs: 3000, errorClass: 'timeout' });
    await api.dependencies.deliveries.settleCancelled(client.tenantId, await publish('c'));
    await publish('p');
    expect((await stats('?since=2020-01-01T00:00:00Z')).json).toEqual({
      since: '2020-01-01T00:00:00.000Z',
      deliveries: { pending: 1, delivered: 4, failed: 1, cancelled: 1 },
      successRate: 0.8,
      durationMs: { p50: 30, p95: 3000, p99: 3000 },
    });
    const future = new Date(Date.now() + 3600_000).toISOString();
    expect((await stats(`?since=${future}`)).json).toMatchObject({ successRate: null, deliveries: { delivered: 0 } });
  });
});

describe('POST /api/v1/webhooks/{id}/secret/rotate', () => {
  const rotate = (body?: object) => send('POST', `/api/v1/webhooks/${webhookId}/secret/rotate`, body);
  const secrets = async () => {
    const rows = await api
      .database('webhook_secrets')
      .where({ webhook_id: webhookId, field: 'signing' })
      .select('expires_at');
    return rows.map((row: { expires_at: Date | null }) => row.expires_at);
  };

  it('shows a new secret once; the one before signs for a day unless said otherwise', async () => {
    const answer = await rotate();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ secret: expect.stringMatching(/^whsec_/) as string });
    const [grace] = (await secrets()).filter((expires) => expires !== null);
    expect(Math.abs((grace?.getTime() ?? 0) - Date.now() - 86_400_000)).toBeLessThan(60_000);
    expect((await rotate({ graceSeconds: 0 })).json).not.toEqual(answer.json);
    expect(JSON.stringify(api.logged)).not.toContain('whsec_');
  });

  it('bounds the grace', async () => {
    expect((await rotate({ graceSeconds: 604_801 })).status).toBe(400);
    expect((await rotate({ graceSeconds: -1 })).status).toBe(400);
    expect((await rotate({ seconds: 1 })).status).toBe(400);
  });
});
