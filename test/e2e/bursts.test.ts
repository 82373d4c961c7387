import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';

interface DeliveryJson {
  id: string;
  status: string;
  workflowId: string;
  temporalUrl: string | null;
  attempts: { number: number; statusCode: number | null }[];
}

describe('deliveries that come faster than workflows can be started', () => {
  const server = devServer();
  const processes: EverhookProcess[] = [];
  let database: TestDatabase;
  let receiver: HttpReceiver;
  /** Of requests so far; told by the test how to answer. */
  let answer: (count: number) => number | 'never' = () => 200;

  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startReceiver((_request, response) => {
      const status = answer(receiver.requests.length);
      if (status !== 'never') response.writeHead(status).end('ok');
    });
  });

  afterEach(async () => {
    answer = () => 200;
    await Promise.all(processes.splice(0).map((one) => one.stop()));
    receiver.requests.splice(0);
  });

  afterAll(async () => {
    await server.close();
    await receiver?.close();
    await database?.drop();
  });

  function surroundings(settings: Record<string, string> = {}): Surroundings {
    return {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '1s', SWEEP_INTERVAL: '1s', TEMPORAL_UI_URL: server.uiUrl, ...settings },
    };
  }

  async function started(...args: Parameters<typeof startEverhook>): Promise<EverhookProcess> {
    const one = await startEverhook(...args);
    processes.push(one);
    return one;
  }

  async function tenantWithWebhook(around: Surroundings, { url }: EverhookProcess): Promise<TenantApi> {
    const api = await tenantApi(() => url, await createTenant(around));
    const webhook = { targetUrl: `${receiver.url}/hook`, events: ['everhook.test'] };
    expect((await api.call('POST', '/api/v1/webhooks', webhook)).status).toBe(201);
    return api;
  }

  /** A batch of so many events; the ids of their deliveries. */
  async function publish(api: TenantApi, count: number): Promise<string[]> {
    const events = Array.from({ length: count }, (_, n) => ({ type: 'everhook.test', payload: { n } }));
    const { status, body } = await api.call<{ results: { deliveries: { id: string }[] }[] }>(
      'POST',
      '/api/v1/events/batch',
      { events },
    );
    expect(status).toBe(202);
    return body.results.flatMap(({ deliveries }) => deliveries.map(({ id }) => id));
  }

  const find = async (api: TenantApi, id = '') =>
    (await api.call<DeliveryJson>('GET', `/api/v1/deliveries/${id}`)).body;

  const pending = async (api: TenantApi) =>
    (await api.call<{ data: unknown[] }>('GET', '/api/v1/deliveries?status=pending&limit=100')).body.data.length;

  const isOver = (api: TenantApi) =>
    eventually(
      () => pending(api),
      (count) => count === 0,
      60_000,
    );

  const eventIds = () => receiver.requests.map(({ headers }) => String(headers['webhook-id']));

  it('are each delivered once, and name the burst that carried them', async () => {
    const around = surroundings();
    const everhook = await started('start', around);
    const api = await tenantWithWebhook(around, everhook);
    const ids = [...(await publish(api, 100)), ...(await publish(api, 100)), ...(await publish(api, 100))];
    await isOver(api);
    expect(new Set(eventIds()).size).toBe(300);
    expect(receiver.requests).toHaveLength(300);

    const delivery = await find(api, ids[0]);
    expect(delivery).toMatchObject({ status: 'delivered', workflowId: `burst/${around.taskQueue}/0` });
    const [, runId] = /\/workflows\/[^/]+\/([0-9a-f-]{36})\/history$/.exec(delivery.temporalUrl ?? '') ?? [];
    const run = await (await server.client()).workflow.getHandle(delivery.workflowId, runId).describe();
    expect(run.type).toBe('burst');
    // A burst ends by itself when nothing waits.
    await eventually(
      async () => (await (await server.client()).workflow.getHandle(delivery.workflowId).describe()).status.name,
      (status) => status === 'COMPLETED',
    );
  }, 120_000);

  it('go on in workflows of their own when they are refused among others', async () => {
    // Of the first attempts; not of a second one.
    answer = (count) => (count <= 100 && count % 25 === 1 ? 503 : 200);
    const around = surroundings();
    const everhook = await started('start', around);
    const api = await tenantWithWebhook(around, everhook);
    const ids = await publish(api, 100);
    await isOver(api);
    const deliveries = await Promise.all(ids.map((id) => find(api, id)));
    const again = deliveries.filter(({ attempts }) => attempts.length > 1);
    expect(again.length).toBeGreaterThan(0);
    for (const { status, workflowId, attempts } of again) {
      expect(status).toBe('delivered');
      expect(workflowId).toMatch(/^delivery\//);
      expect(attempts.map(({ number, statusCode }) => [number, statusCode])).toEqual([
        [1, 503],
        [2, 200],
      ]);
    }
  }, 120_000);

  it('can be cancelled and hurried while they wait together', async () => {
    answer = () => 500;
    const around = surroundings({ RETRY_BASE: '10m' });
    const everhook = await started('start', around);
    const api = await tenantWithWebhook(around, everhook);
    const ids = await publish(api, 100);
    const all = await eventually(
      () => Promise.all(ids.map((id) => find(api, id))),
      (deliveries) => deliveries.every(({ attempts }) => attempts.length === 1),
      60_000,
    );
    const together = all.filter(({ workflowId }) => workflowId.startsWith('burst/')).map(({ id }) => id);
    expect(together.length).toBeGreaterThan(80);

    const [cancelled, hurried] = together;
    expect((await api.call('POST', `/api/v1/deliveries/${cancelled}/cancel`)).status).toBe(202);
    expect((await find(api, cancelled)).status).toBe('cancelled');
    answer = () => 200;
    expect((await api.call('POST', `/api/v1/deliveries/${hurried}/retry`)).status).toBe(202);
    const done = await eventually(
      () => find(api, hurried),
      ({ status }) => status === 'delivered',
    );
    expect(done.attempts.map(({ statusCode }) => statusCode)).toEqual([500, 200]);
    expect((await find(api, together[2])).attempts).toHaveLength(1);
  }, 120_000);

  it('are all delivered although their worker is killed, and the next one goes on within seconds', async () => {
    answer = (count) => (count > 40 && count <= 60 ? 'never' : 200);
    const around = surroundings();
    const [everhook, worker] = [await started('api', around), await started('worker', around)];
    const api = await tenantWithWebhook(around, everhook);
    for (let batch = 0; batch < 5; batch += 1) await publish(api, 100);
    await eventually(
      () => Promise.resolve(receiver.requests.length),
      (count) => count >= 60,
    );
    await worker.kill();
    const atKill = receiver.requests.length;
    const killedAt = Date.now();
    await started('worker', around);
    await eventually(
      () => Promise.resolve(receiver.requests.length),
      (count) => count > atKill,
      60_000,
    );
    const flowsAgainMs = Date.now() - killedAt;
    await isOver(api);
    const ids = eventIds();
    expect(new Set(ids).size).toBe(500);
    // At most what was under way in the worker.
    expect(ids.length - 500).toBeLessThanOrEqual(200);
    const numbers = `killed at ${atKill} of 500, ${ids.length - 500} came twice, flowing again after ${flowsAgainMs} ms`;
    process.stderr.write(`Fault: a worker that carries a burst ${numbers}\n`);
  }, 180_000);

  it('have workflows of their own where bursts are off, also those that stood in the queue', async () => {
    const around = surroundings();
    const api = await started('api', around);
    const tenant = await tenantWithWebhook(around, api);
    const ids = await publish(tenant, 60);
    await api.stop();
    const off = { ...around, settings: { ...around.settings, BURSTS: 'off' } };
    const everhook = await started('start', off);
    const again = await tenantApi(() => everhook.url, await createTenant(around, 'Other'));
    expect((await again.call('GET', '/api/v1/webhooks')).status).toBe(200);
    await eventually(
      () => Promise.resolve(new Set(eventIds()).size),
      (count) => count === 60,
      60_000,
    );
    expect(ids).toHaveLength(60);
    expect(receiver.requests).toHaveLength(60);
  }, 120_000);
});
