import { createWebhookHealthStore } from '../../src/store/webhook-health';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

interface Report {
  webhookId: string;
  deliveries: Record<string, number>;
  successRate: number | null;
  lastFailure: { deliveryId: string; errorClass: string; at: string } | null;
  failingSince: string | null;
  disabled: { by: string; at: string } | null;
}

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
});
afterAll(() => api.close());

const call = async <T>(method: string, path: string, body?: object, as = client) =>
  (await api.call(method, path, { token: as.token, ...(body && { body }) })).json as T;

const register = async () =>
  (await call<{ id: string }>('POST', '/api/v1/webhooks', { targetUrl: 'https://a.example.com', events: ['*'] })).id;

async function deliveriesTo(webhookId: string, count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({ type: 'everhook.test', payload: {}, webhookId }));
  const { results } = await call<{ results: { deliveries: { id: string }[] }[] }>('POST', '/api/v1/events/batch', {
    events,
  });
  return results.map(({ deliveries }) => deliveries[0]?.id ?? '');
}

const end = (ids: readonly string[], status: string, errorClass: string | null) =>
  api
    .database('deliveries')
    .whereIn('id', ids)
    .update({ status, completed_at: new Date(), last_error_class: errorClass });

const reports = async (as = client) =>
  (await call<{ data: Report[] }>('GET', '/api/v1/stats/webhooks', undefined, as)).data;
const reportOf = async (id: string) => (await reports()).find(({ webhookId }) => webhookId === id);

it('counts deliveries by what became of them and names the newest failure', async () => {
  const id = await register();
  const made = await deliveriesTo(id, 6);
  await end(made.slice(0, 3), 'delivered', null);
  await end(made.slice(3, 5), 'failed', 'timeout');
  const report = await reportOf(id);
  const newestFailed = made.slice(3, 5).sort().at(-1);
  expect(report).toEqual({
    webhookId: id,
    deliveries: { pending: 1, delivered: 3, failed: 2, cancelled: 0 },
    successRate: 0.6,
    lastFailure: { deliveryId: newestFailed, errorClass: 'timeout', at: expect.any(String) as string },
    failingSince: null,
    disabled: null,
  });
});

it('a webhook nothing was sent to is there too', async () => {
  const id = await register();
  expect(await reportOf(id)).toMatchObject({ successRate: null, lastFailure: null, deliveries: { delivered: 0 } });
});

it('tells a webhook that was disabled for failing from one that somebody disabled', async () => {
  const { database, dependencies } = api;
  const { events, audit } = dependencies;
  const [failing, asked] = [await register(), await register()];
  await end(await deliveriesTo(failing, 5), 'failed', 'connect_error');
  const health = createWebhookHealthStore({ database, events, audit });
  const failingSince = new Date(Date.now() - 1_000);
  await health.mark({ tenantId: client.tenantId, webhookId: failing, failingSince });
  await health.disableFailing({ tenantId: client.tenantId, webhookId: failing }, 1);
  await call('PATCH', `/api/v1/webhooks/${asked}`, { disabled: true });
  await call('PATCH', `/api/v1/webhooks/${asked}`, { maxRetries: 1 });
  expect(await reportOf(failing)).toMatchObject({
    failingSince: failingSince.toISOString(),
    disabled: { by: 'worker' },
  });
  expect(await reportOf(asked)).toMatchObject({ disabled: { by: 'caller' } });
  await call('PATCH', `/api/v1/webhooks/${failing}`, { disabled: false });
  expect(await reportOf(failing)).toMatchObject({ disabled: null });
});

it("another tenant's webhooks are not among them, nor those that were removed", async () => {
  const id = await register();
  expect(await reports(await api.newClient())).toEqual([]);
  await call('DELETE', `/api/v1/webhooks/${id}`);
  expect(await reportOf(id)).toBeUndefined();
});

it('asks once for all who ask at the same time, and remembers what took long', async () => {
  let asked = 0;
  const slow = await startTestApi({
    overrides: {
      deliveryStats: {
        ...api.dependencies.deliveryStats,
        async ofWebhooks() {
          asked += 1;
          await new Promise((resolve) => setTimeout(resolve, 600));
          return [];
        },
      },
    },
  });
  try {
    const { token } = await slow.newClient();
    const other = await slow.newClient();
    const path = '/api/v1/stats/webhooks?since=2026-01-01T00:00:00Z';
    await Promise.all([1, 2, 3].map(() => slow.call('GET', path, { token })));
    expect((await slow.call('GET', path, { token })).json).toEqual({ since: '2026-01-01T00:00:00.000Z', data: [] });
    expect(asked).toBe(1);
    await slow.call('GET', path, { token: other.token });
    expect(asked).toBe(2);
  } finally {
    await slow.close();
  }
});
