import { newEvent, openStoresOn, openTestStores, type TestStores } from './stores';

/** Claims know no tenants, so these tests have a database of their own, emptied before each. */
let stores: TestStores;
let other: ReturnType<typeof openStoresOn>;
let tenantId: string;

beforeAll(async () => {
  stores = await openTestStores();
  other = openStoresOn(stores.url);
  tenantId = await stores.tenant();
  await stores.webhook(tenantId);
});

afterAll(async () => {
  await stores.close();
  await other.close();
  await stores.drop();
});

beforeEach(async () => {
  await stores.database('attempts').delete();
  await stores.database('deliveries').delete();
});

async function publish(count: number) {
  const events = Array.from({ length: count }, () => newEvent());
  return (await stores.events.publish(tenantId, events)).toStart;
}

const ids = (list: { deliveryId: string }[]) => list.map(({ deliveryId }) => deliveryId).sort();
/** Lets time pass for what is claimed, or for what is due. */
const later = (column: 'claimed_until' | 'due_at', ms: number) =>
  stores.database('deliveries').update({ [column]: stores.database.raw(`${column} - ? * interval '1 ms'`, [ms]) });

describe('the outbox', () => {
  it('leaves a new delivery to its publisher for five seconds', async () => {
    const published = await publish(3);
    expect(await stores.deliveries.claimUnstarted(10, 1_000)).toEqual([]);
    expect(await stores.deliveries.countUnstarted()).toBe(0);
    await later('claimed_until', 5_000);
    expect(await stores.deliveries.countUnstarted()).toBe(3);
    const claimed = await stores.deliveries.claimUnstarted(10, 1_000);
    expect(ids(claimed)).toEqual(ids(published));
    expect(claimed[0]).toMatchObject(published.find((one) => one.deliveryId === claimed[0]?.deliveryId) ?? {});
  });

  it('gives a claimed delivery to nobody else until the lease is over', async () => {
    await publish(1);
    await later('claimed_until', 5_000);
    expect(await stores.deliveries.claimUnstarted(10, 30_000)).toHaveLength(1);
    expect(await other.deliveries.claimUnstarted(10, 30_000)).toEqual([]);
    await later('claimed_until', 29_000);
    expect(await other.deliveries.claimUnstarted(10, 30_000)).toEqual([]);
    await later('claimed_until', 1_000);
    expect(await other.deliveries.claimUnstarted(10, 30_000)).toHaveLength(1);
  });

  it('is shared out without overlap, never more than asked for at a time', async () => {
    const published = await publish(500);
    await later('claimed_until', 5_000);
    const drain = async ({ deliveries }: Pick<TestStores, 'deliveries'>) => {
      const claimed = [];
      for (;;) {
        const some = await deliveries.claimUnstarted(20, 60_000);
        expect(some.length).toBeLessThanOrEqual(20);
        if (some.length === 0) return claimed;
        claimed.push(...some);
      }
    };
    const shares = await Promise.all([drain(stores), drain(other), drain(stores), drain(other)]);
    expect(ids(shares.flat())).toEqual(ids(published));
  });

  it('does not wait for those whom another transaction holds', async () => {
    const published = await publish(2);
    await later('claimed_until', 5_000);
    const [held, free] = ids(published);
    await stores.database.transaction(async (within) => {
      await within('deliveries')
        .where({ id: held ?? '' })
        .forUpdate();
      expect(ids(await other.deliveries.claimUnstarted(10, 1_000))).toEqual([free]);
    });
  });

  it('has neither started nor finished deliveries in it', async () => {
    const [started, finished, attempted, open] = await publish(4);
    if (!started || !finished || !attempted || !open) throw new Error('too few');
    await stores.deliveries.markStarted([started]);
    await stores.deliveries.settleCancelled(tenantId, finished.deliveryId);
    await stores.deliveries.recordAttempt(
      attempted,
      {
        number: 1,
        startedAt: new Date().toISOString(),
        durationMs: 1,
        statusCode: 500,
        errorClass: 'http_status',
        responseBody: null,
      },
      { status: 'pending', dueAt: new Date() },
    );
    await later('claimed_until', 5_000);
    expect(await stores.deliveries.countUnstarted()).toBe(1);
    expect(ids(await stores.deliveries.claimUnstarted(10, 1_000))).toEqual([open.deliveryId]);
  });

  it('gives out the longest waiting first', async () => {
    const first = await publish(2);
    await later('claimed_until', 1_000);
    await publish(2);
    await later('claimed_until', 6_000);
    expect(ids(await stores.deliveries.claimUnstarted(2, 1_000))).toEqual(ids(first));
  });
});

describe('marking as started', () => {
  it('keeps the first time, and takes none', async () => {
    const published = await publish(2);
    await stores.deliveries.markStarted([]);
    await stores.deliveries.markStarted(published.slice(0, 1));
    const startedAt = async () => (await stores.deliveries.find(tenantId, published[0]?.deliveryId ?? ''))?.startedAt;
    const first = await startedAt();
    expect(first).toBeInstanceOf(Date);
    await stores.deliveries.markStarted(published);
    expect(await startedAt()).toEqual(first);
    expect((await stores.deliveries.find(tenantId, published[1]?.deliveryId ?? ''))?.startedAt).toBeInstanceOf(Date);
  });

  it("does not reach another tenant's", async () => {
    const [one] = await publish(1);
    if (!one) throw new Error('none');
    await stores.deliveries.markStarted([{ ...one, tenantId: await stores.tenant() }]);
    expect((await stores.deliveries.find(tenantId, one.deliveryId))?.startedAt).toBeNull();
  });
});

describe('overdue deliveries', () => {
  const claimOverdue = (from = stores) => from.deliveries.claimOverdue(10, 600_000, 600_000);

  it('are started, pending, and long past their due time', async () => {
    const [overdue, unstarted, finished] = await publish(3);
    if (!overdue || !unstarted || !finished) throw new Error('too few');
    await stores.deliveries.markStarted([overdue, finished]);
    await stores.deliveries.settleCancelled(tenantId, finished.deliveryId);
    await later('claimed_until', 5_000);
    await later('due_at', 590_000);
    expect(await claimOverdue()).toEqual([]);
    await later('due_at', 11_000);
    expect(ids(await claimOverdue())).toEqual([overdue.deliveryId]);
  });

  it('are looked at by one at a time, and again only after a while', async () => {
    await stores.deliveries.markStarted(await publish(6));
    await later('claimed_until', 5_000);
    await later('due_at', 601_000);
    const shares = await Promise.all([claimOverdue(), other.deliveries.claimOverdue(10, 600_000, 600_000)]);
    expect(ids(shares.flat())).toHaveLength(6);
    expect(new Set(ids(shares.flat())).size).toBe(6);
    expect(await claimOverdue()).toEqual([]);
    await later('claimed_until', 600_000);
    expect(await claimOverdue()).toHaveLength(6);
  });
});
