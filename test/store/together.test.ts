import { newId } from '../../src/domain/ids';
import {
  attempt,
  attemptedAt,
  deliveredAttempt,
  newEvent,
  only,
  openTestStores,
  pendingDelivery,
  type TestStores,
} from './stores';

/** What happens at the same time shares statements; nobody may notice. */

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const deliveriesOf = (tenants: number) => Promise.all(Array.from({ length: tenants }, () => pendingDelivery(stores)));

/** How many statements of a kind PostgreSQL was asked for while `work` ran. */
async function statements(name: string, work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const counted = ({ options }: { options?: { name?: string } }) => (count += options?.name === name ? 1 : 0);
  stores.database.on('query', counted);
  try {
    await work();
  } finally {
    stores.database.off('query', counted);
  }
  return count;
}

describe('attempts loaded at the same time', () => {
  it('are each their own: of several tenants, known and unknown, made before and not', async () => {
    const pending = await deliveriesOf(12);
    const [made] = pending;
    if (!made) throw new Error('no delivery');
    await stores.deliveries.recordAttempt(made.delivery, attempt(), { status: 'pending', dueAt: new Date() });
    const foreign = { ...made.request, tenantId: await stores.tenant() };
    const requests = [...pending.map(({ request }) => request), foreign, { ...made.request, deliveryId: newId() }];
    const loaded = await Promise.all(
      requests.map((request) => stores.deliveries.loadAttempt({ ...request, number: 1 })),
    );
    expect(loaded.map((one) => one && [one.event.id, one.webhook.id, one.recorded?.statusCode ?? null])).toEqual([
      ...pending.map(({ eventId, webhook }, index) => [eventId, webhook.id, index === 0 ? 503 : null]),
      null,
      null,
    ]);
  });

  it('take fewer statements than they are', async () => {
    const pending = await deliveriesOf(12);
    const load = () =>
      Promise.all(pending.map(({ request }) => stores.deliveries.loadAttempt({ ...request, number: 1 })));
    expect(await statements('load_attempts', load)).toBeLessThan(6);
  });
});

describe('attempts recorded at the same time', () => {
  it('change each their own delivery', async () => {
    const pending = await deliveriesOf(12);
    const dueAt = new Date(attemptedAt.getTime() + 2_120);
    const record = () =>
      Promise.all(
        pending.map(({ delivery }, index) =>
          index % 2 === 0
            ? stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null })
            : stores.deliveries.recordAttempt(delivery, attempt({ statusCode: 500 + index }), {
                status: 'pending',
                dueAt,
              }),
        ),
      );
    expect(await statements('record_attempts', record)).toBeLessThan(6);
    for (const [index, { tenantId, delivery }] of pending.entries()) {
      const found = await stores.deliveries.find(tenantId, delivery.deliveryId);
      const { statusCode } = only(await stores.deliveries.attempts(tenantId, delivery.deliveryId));
      expect([found?.status, found?.nextAttemptAt, statusCode]).toEqual(
        index % 2 === 0 ? ['delivered', null, 200] : ['pending', dueAt, 500 + index],
      );
    }
  });

  it('leave an attempt that PostgreSQL refuses to fail alone', async () => {
    const pending = await deliveriesOf(8);
    const refused = attempt({ responseBody: 'x'.repeat(5_000) });
    const outcomes = await Promise.allSettled(
      pending.map(({ delivery }, index) =>
        stores.deliveries.recordAttempt(delivery, index === 5 ? refused : deliveredAttempt, {
          status: 'delivered',
          dueAt: null,
        }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      pending.map((_, index) => (index === 5 ? 'rejected' : 'fulfilled')),
    );
    const statuses = await Promise.all(
      pending.map(
        async ({ tenantId, delivery }) => (await stores.deliveries.find(tenantId, delivery.deliveryId))?.status,
      ),
    );
    expect(statuses).toEqual(pending.map((_, index) => (index === 5 ? 'pending' : 'delivered')));
  });

  it('twice are recorded once: the delivery is as the attempt says that was stored', async () => {
    const pending = await deliveriesOf(12);
    const dueAt = new Date(attemptedAt.getTime() + 5_000);
    await Promise.all(
      pending.flatMap(({ delivery }) => [
        stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null }),
        stores.deliveries.recordAttempt(delivery, attempt(), { status: 'pending', dueAt }),
      ]),
    );
    for (const { tenantId, delivery } of pending) {
      const { statusCode } = only(await stores.deliveries.attempts(tenantId, delivery.deliveryId));
      const found = await stores.deliveries.find(tenantId, delivery.deliveryId);
      expect([statusCode, found?.status]).toEqual(statusCode === 200 ? [200, 'delivered'] : [503, 'pending']);
    }
  });

  it('of one delivery all count: the one that ends it ends it', async () => {
    const pending = await deliveriesOf(12);
    await Promise.all(
      pending.flatMap(({ delivery }) => [
        stores.deliveries.recordAttempt(delivery, attempt(), { status: 'pending', dueAt: attemptedAt }),
        stores.deliveries.recordAttempt(
          delivery,
          { ...deliveredAttempt, number: 2 },
          { status: 'delivered', dueAt: null },
        ),
      ]),
    );
    const statuses = await Promise.all(
      pending.map(
        async ({ tenantId, delivery }) => (await stores.deliveries.find(tenantId, delivery.deliveryId))?.status,
      ),
    );
    expect(statuses).toEqual(pending.map(() => 'delivered'));
  });
});

describe('events published at the same time', () => {
  it('by one tenant share statements, and each request gets its own deliveries', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const ids = Array.from({ length: 20 }, (_, index) => `together-${index}`);
    let published: Awaited<ReturnType<TestStores['publish']>>[] = [];
    const publish = async () => {
      published = await Promise.all(ids.map((eventId) => stores.publish(tenantId, { eventId })));
    };
    expect(await statements('publish', publish)).toBeLessThan(8);
    expect(published.map(({ eventId }) => eventId)).toEqual(ids);
    expect(published.map(({ toStart }) => only(toStart).eventId)).toEqual(ids);
    expect(published.every(({ toStart }) => only(toStart).webhookId === webhook.id)).toBe(true);
  });

  it('by several tenants stay apart', async () => {
    const tenants = await Promise.all(Array.from({ length: 6 }, () => stores.tenant()));
    const webhooks = await Promise.all(tenants.map((tenantId) => stores.webhook(tenantId)));
    const published = await Promise.all(
      tenants.flatMap((tenantId) => [1, 2, 3].map(() => stores.publish(tenantId, newEvent()))),
    );
    expect(published.map(({ toStart }) => only(toStart))).toMatchObject(
      tenants.flatMap((tenantId, index) => [1, 2, 3].map(() => ({ tenantId, webhookId: webhooks[index]?.id }))),
    );
  });

  it('leave one that PostgreSQL refuses to fail alone', async () => {
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => stores.publish(tenantId, index === 5 ? { eventId: 'not an id' } : {})),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      outcomes.map((_, index) => (index === 5 ? 'rejected' : 'fulfilled')),
    );
  });

  it('reach no webhook that was disabled before they were published', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId);
    const before = Array.from({ length: 6 }, () => stores.publish(tenantId));
    await stores.database('webhooks').where({ tenant_id: tenantId, id: webhook.id }).update({ disabled: true });
    const after = Array.from({ length: 6 }, () => stores.publish(tenantId));
    await Promise.all(before);
    expect((await Promise.all(after)).flatMap(({ toStart }) => toStart)).toEqual([]);
  });
});
