import { createTestDatabase } from '../support/database';
import { createTenant, eventually, startEverhook, tenantApi, type Surroundings } from '../support/everhook';
import { startReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';

it('a delivery that failed for good is told to the webhook that wants to know', async () => {
  const server = devServer();
  const database = await createTestDatabase();
  const broken = await startReceiver((_request, response) => response.writeHead(500).end());
  const operations = await startReceiver();
  const surroundings: Surroundings = {
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [broken.url, operations.url],
    settings: { RETRY_BASE: '10ms', SWEEP_INTERVAL: '1s' },
  };
  const everhook = await startEverhook('start', surroundings);
  try {
    const api = await tenantApi(() => everhook.url, await createTenant(surroundings));
    const hook = { targetUrl: broken.url, events: ['everhook.test'], description: 'orders' };
    const { body: webhook } = await api.call<{ id: string }>('POST', '/api/v1/webhooks', hook);
    await api.call('POST', '/api/v1/webhooks', { targetUrl: operations.url, events: ['delivery.failed'] });
    const event = { type: 'everhook.test', id: 'order-1', payload: {} };
    expect((await api.call('POST', '/api/v1/events', event)).status).toBe(202);
    const [told] = await eventually(
      () => Promise.resolve(operations.requests),
      (requests) => requests.length > 0,
    );
    expect(JSON.parse(String(told?.body))).toMatchObject({
      type: 'delivery.failed',
      data: {
        webhookId: webhook.id,
        description: 'orders',
        count: 1,
        deliveries: [{ eventId: 'order-1', eventType: 'everhook.test', errorClass: 'http_status' }],
      },
    });
  } finally {
    await everhook.stop();
    await Promise.all([broken.close(), operations.close(), server.close()]);
    await database.drop();
  }
}, 60_000);
