import { webhookDisabledType } from '../../src/domain/webhook-disabled';
import { entry } from '../store/stores';
import { eventually } from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
let receiver: HttpReceiver;

beforeAll(async () => {
  engine = await openEngine();
  receiver = await startReceiver((_request, response) => response.writeHead(status).end());
});

afterAll(async () => {
  await receiver.close();
  await engine.close();
});

let status: number;
beforeEach(() => {
  status = 500;
  engine.operational.length = 0;
});

const row = async (webhookId: string) => {
  const { tenantId } = engine;
  const [found] = await engine.stores
    .database('webhooks')
    .where({ tenant_id: tenantId, id: webhookId })
    .select<{ failing_since: Date | null; disabled: boolean }[]>('failing_since', 'disabled');
  if (!found) throw new Error('no such webhook');
  return found;
};

/** As if it had begun to fail so many days ago. */
const backdate = (webhookId: string, days: number) =>
  engine.stores.database.raw(`UPDATE webhooks SET failing_since = now() - ? * interval '1 day' WHERE id = ?`, [
    days,
    webhookId,
  ]);

/** One webhook and how to make it meet its receiver. */
async function failing(days: number, { attempts = 5 } = {}) {
  const worker = engine.worker({ allow: [receiver] });
  const { webhookId } = await engine.deliveryTo(`${receiver.url}/hook`);
  const attempt = async () => {
    const { toStart } = await engine.stores.publish(engine.tenantId, { webhookId });
    for (const { tenantId, deliveryId } of toStart) {
      await worker.attemptDelivery({ tenantId, deliveryId, number: 1, nextWaitMs: 2_000 });
    }
  };
  for (let i = 0; i < attempts; i++) await attempt();
  await eventually(
    () => row(webhookId),
    (found) => found.failing_since !== null,
  );
  await backdate(webhookId, days);
  return { webhookId, attempt };
}

const auditOf = async (webhookId: string) => {
  const { data } = await engine.stores.audit.list(engine.tenantId, { limit: 100, action: 'webhook.disable_failing' });
  return data.filter(({ objectId }) => objectId === webhookId);
};

describe('a webhook', () => {
  it('is known to fail since its first failure, and well again with its first success', async () => {
    const { webhookId, attempt } = await failing(1);
    const { failing_since: since } = await row(webhookId);
    await attempt();
    expect((await row(webhookId)).failing_since).toEqual(since);
    status = 204;
    await attempt();
    await eventually(
      () => row(webhookId),
      (found) => found.failing_since === null,
    );
  });

  it('that fails for less than five days stays as it is', async () => {
    const { webhookId, attempt } = await failing(4.99);
    await attempt();
    const key = { tenantId: engine.tenantId, webhookId };
    expect(await engine.stores.webhookHealth.disableFailing(key, 5 * 24 * 60 * 60_000)).toBeNull();
    expect(await row(webhookId)).toMatchObject({ disabled: false });
  });

  it('that failed twice in five days is not known to be ill', async () => {
    const { webhookId, attempt } = await failing(6, { attempts: 1 });
    await attempt();
    await engine.stores.webhookHealth.disableFailing({ tenantId: engine.tenantId, webhookId }, 1);
    expect(await row(webhookId)).toMatchObject({ disabled: false });
  });

  it('that has failed for five days is disabled with the next failure, audited, and its tenant is told', async () => {
    const { tenantId, stores } = engine;
    const operations = await stores.webhook(tenantId, { events: [webhookDisabledType], targetUrl: receiver.url });
    // It would get the event too, were it not the one.
    const { webhookId, attempt } = await failing(5.01);
    await stores
      .database('webhooks')
      .where({ id: webhookId })
      .update({ events: ['everhook.test', 'webhook.*'] });
    const { failing_since: since } = await row(webhookId);
    await Promise.all([attempt(), attempt(), attempt()]);
    await eventually(
      () => row(webhookId),
      (found) => found.disabled,
    );
    await eventually(
      () => Promise.resolve(engine.operational.length),
      (count) => count > 0,
    );

    expect(engine.operational).toMatchObject([{ webhookId: operations.id, eventType: webhookDisabledType }]);
    const event = await stores.events.find(tenantId, engine.operational[0]?.eventId ?? '');
    expect(event?.payload).toEqual({
      webhookId,
      contract: 'everhook',
      description: null,
      reason: 'failing',
      failingSince: since?.toISOString(),
      disabledAt: expect.any(String),
    });
    expect(await auditOf(webhookId)).toMatchObject([{ actor: 'worker', fields: ['disabled'], outcome: 'success' }]);
    await stores.webhooks.remove(tenantId, operations.id, entry(tenantId, 'webhook.delete'));
  });

  it.each([
    ['is enabled again', { disabled: false }],
    ['gets another target', { disabled: false, targetUrl: 'http://127.0.0.1:1/other' }],
  ])('has five days again when it %s', async (_how, change) => {
    const { webhookId, attempt } = await failing(7);
    await attempt();
    await eventually(
      () => row(webhookId),
      (found) => found.disabled,
    );
    await engine.stores.webhooks.update(engine.tenantId, webhookId, change, entry(engine.tenantId, 'webhook.update'));
    expect(await row(webhookId)).toEqual({ disabled: false, failing_since: null });
    await attempt();
    await eventually(
      () => row(webhookId),
      (found) => found.failing_since !== null,
    );
    expect(await row(webhookId)).toMatchObject({ disabled: false });
  });

  it('keeps the time it has failed for when its description changes', async () => {
    const { webhookId } = await engine.deliveryTo(receiver.url);
    await backdate(webhookId, 2);
    const change = { description: 'new' };
    const { failing_since: since } = await row(webhookId);
    await engine.stores.webhooks.update(engine.tenantId, webhookId, change, entry(engine.tenantId, 'webhook.update'));
    expect((await row(webhookId)).failing_since).toEqual(since);
  });
});

it('the event of a disabled webhook is stored once, however often the same is found out', async () => {
  const { webhookId } = await failing(8);
  const key = { tenantId: engine.tenantId, webhookId };
  const found = await Promise.all(
    Array.from({ length: 5 }, () => engine.stores.webhookHealth.disableFailing(key, 1_000)),
  );
  expect(found.filter((toStart) => toStart !== null)).toHaveLength(1);
  expect(await auditOf(webhookId)).toHaveLength(1);
});
