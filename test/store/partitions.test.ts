import { migrations } from '../../migrations';
import { partitionedTables, partitionWidthMs } from '../../src/domain/retention-run';
import { listPartitions, makePartitions } from '../../src/store/partitions';
import { at, dayMs, daysFromNow } from '../support/clock';
import { createTestDatabase } from '../support/database';
import {
  attempt,
  deliveredAttempt,
  entry,
  newEvent,
  only,
  openStoresOn,
  openTestStores,
  type TestStores,
} from './stores';

let stores: TestStores;
let tenantId: string;
const widthMs = 3 * dayMs;

const make = (now?: Date) => makePartitions(stores.database, { widthMs, ...(now && { now }) });
/** Where a row is. */
async function partitionOf(table: string, column: string, id: string): Promise<string> {
  const { rows } = await stores.database.raw<{ rows: { name: string }[] }>(
    `SELECT tableoid::regclass::text AS name FROM ${table} WHERE ${column} = ?`,
    [id],
  );
  return only(rows).name;
}
const counts = () =>
  Promise.all(
    ['events', 'deliveries', 'attempts', 'audit'].map(async (table) => {
      const { rows } = await stores.database.raw<{ rows: { count: number }[] }>(
        `SELECT count(*) AS count FROM ${table}`,
      );
      return only(rows).count;
    }),
  );
const rowsOf = async (table: string) => (await stores.database(table).select('*')).length;
const audited = () => stores.audit.append({ ...entry(tenantId, 'webhook.create'), objectId: 'x' });

/** An event with its delivery and one attempt, all of an instant. */
async function published(now: Date) {
  return at(now, async () => {
    const delivery = only((await stores.publish(tenantId)).toStart);
    await stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null });
    return delivery;
  });
}

it.each([
  [1, 1],
  [10, 1],
  [11, 2],
  [30, 3],
  [365, 37],
])('a partition spans a tenth of what is kept, in whole days: %d days, %d days', (days, width) => {
  expect(partitionWidthMs(days * dayMs)).toBe(width * dayMs);
});

describe('partitions', () => {
  beforeEach(async () => {
    stores = await openTestStores();
    tenantId = await stores.tenant();
    await stores.webhook(tenantId);
  });
  afterEach(async () => {
    await stores.close();
    await stores.drop();
  });

  it('are made for a week ahead, one after the other without a gap, once by all who begin together', async () => {
    const other = openStoresOn(stores.url);
    const results = await Promise.all([make(), makePartitions(other.database, { widthMs }), make()]);
    await other.close();
    expect(results.filter(({ made }) => made.length > 0)).toHaveLength(1);
    expect(results.map(({ caught }) => caught)).toEqual([0, 0, 0]);
    for (const table of partitionedTables) {
      const partitions = await listPartitions(stores.database, table);
      expect(partitions.length).toBeGreaterThanOrEqual(3);
      expect(partitions[0]).toMatchObject({ name: `${table}_first`, from: null });
      for (const [index, { from }] of partitions.entries())
        if (index > 0) expect(from).toEqual(partitions[index - 1]?.to);
      expect(partitions.at(-1)?.to.getTime()).toBeGreaterThan(daysFromNow(7).getTime());
    }
    const event = await published(daysFromNow(6));
    expect(await partitionOf('events', 'id', event.eventUid)).toMatch(/^events_20\d{6}$/);
    expect(await partitionOf('deliveries', 'id', event.deliveryId)).toMatch(/^deliveries_20\d{6}$/);
    expect(await partitionOf('attempts', 'delivery_id', event.deliveryId)).toMatch(/^attempts_20\d{6}$/);
    expect(await make()).toEqual({ made: [], caught: 0 });
  });

  it('that nobody made for three weeks are made up for: what was stored meanwhile has its own then', async () => {
    await make();
    const events = [];
    for (const day of [0, 14, 17, 20]) events.push(await published(daysFromNow(day)));
    await at(daysFromNow(20), audited);
    expect(await rowsOf('events_default')).toBe(3);
    expect(await rowsOf('audit_default')).toBe(1);
    const before = await counts();

    const { made, caught } = await make(daysFromNow(21));
    expect(caught).toBe(3 + 3 + 3 + 1);
    expect(made.length).toBeGreaterThan(4 * 3);
    for (const table of partitionedTables) expect(await rowsOf(`${table}_default`)).toBe(0);
    expect(await counts()).toEqual(before);
    for (const { eventId, deliveryId } of events) {
      expect(await stores.events.find(tenantId, eventId)).toMatchObject({ payload: { message: 'hello' } });
      expect(await stores.deliveries.attempts(tenantId, deliveryId)).toHaveLength(1);
    }
    const { data } = await stores.deliveries.list(tenantId, { limit: 50 });
    expect(data.map(({ deliveryId }) => deliveryId)).toEqual(events.map(({ deliveryId }) => deliveryId).reverse());
    expect((await published(daysFromNow(22))).eventId).toBeDefined();
    expect(await rowsOf('events_default')).toBe(0);
    // The log is append-only there, too.
    await expect(stores.database.raw('DELETE FROM audit')).rejects.toThrow('append-only');
    await expect(
      stores.database.raw(`TRUNCATE ${made.filter((name) => name.startsWith('audit')).join()}`),
    ).rejects.toThrow('append-only');
  });

  it('of a time that a clock was ahead to take over what it left behind', async () => {
    await make();
    const [soon, far] = [await published(daysFromNow(15)), await published(daysFromNow(2_000))];
    expect(await rowsOf('events_default')).toBe(2);
    expect((await make(daysFromNow(1))).caught).toBe(0);

    // Entries of the audit log may be among them: their ids never go back.
    expect((await make(daysFromNow(8))).caught).toBeGreaterThanOrEqual(3);
    expect(await partitionOf('events', 'id', soon.eventUid)).toMatch(/^events_20/);
    expect(await partitionOf('events', 'id', far.eventUid)).toBe('events_default');
    // Nobody made any for long: what is not of that time stays where it is.
    const late = await published(daysFromNow(40));
    expect((await make(daysFromNow(41))).caught).toBeGreaterThanOrEqual(3);
    expect(await partitionOf('events', 'id', late.eventUid)).toMatch(/^events_20/);
    expect(await partitionOf('events', 'id', far.eventUid)).toBe('events_default');
    expect(await stores.deliveries.find(tenantId, far.deliveryId)).toMatchObject({ status: 'delivered' });
  });

  it('keep lists in order by their indexes: a page reads a page', async () => {
    await make();
    for (const partition of await listPartitions(stores.database, 'deliveries')) {
      const day = (partition.from ?? daysFromNow(-1)).getTime();
      await stores.database.raw(
        `INSERT INTO deliveries (tenant_id, id, event_uid, webhook_id, event_id, event_type, contract, retry_schedule, status,
                                 last_error_class, due_at, claimed_until, completed_at, created_at)
         SELECT w.tenant_id, (h || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, w.id, w.id, 'e', 'everhook.test', 'everhook',
                '{}', CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'delivered' END,
                CASE WHEN n % 10 = 0 THEN 'http_status' END, now(), now(), now(), now()
         FROM webhooks w, generate_series(1, 5000) n,
              LATERAL (SELECT left(x, 8) || '-' || right(x, 4) AS h
                       FROM (SELECT lpad(to_hex(?::bigint + n), 12, '0') AS x) AS y) AS z`,
        [day],
      );
    }
    await stores.database.raw('ANALYZE deliveries');
    const webhook = only(await stores.database('webhooks').select<{ id: string }[]>('id'));
    for (const query of [
      {},
      { status: 'failed' as const },
      { webhookId: webhook.id },
      { eventType: 'everhook.test' },
      { errorClass: 'http_status' as const },
      { errorClass: 'http_status' as const, status: 'failed' as const },
    ]) {
      const statements: { sql: string; bindings: readonly unknown[] }[] = [];
      const note = (asked: { sql: string; bindings: readonly unknown[] }) => statements.push(asked);
      stores.database.on('query', note);
      const { data } = await stores.deliveries.list(tenantId, { limit: 50, ...query });
      stores.database.removeListener('query', note);
      expect(data).toHaveLength(50);
      const { sql, bindings } = only(statements);
      const { rows } = await stores.database.raw<{ rows: { 'QUERY PLAN': string }[] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) ${sql.replaceAll(/\$\d+/g, '?')}`,
        bindings as string[],
      );
      const plan = rows.map((row) => row['QUERY PLAN']);
      expect(plan.filter((line) => /Sort Method|Seq Scan|Rows Removed by Filter/.test(line))).toEqual([]);
      const read = plan.flatMap((line) => /Scan.*actual rows=(\d+)/.exec(line)?.[1] ?? []).map(Number);
      expect(read.reduce((sum, one) => sum + one, 0)).toBeLessThan(100);
    }
  });
});

it('a database that has rows keeps all of them when it gets partitions, and when that is undone', async () => {
  const test = await createTestDatabase();
  const own = openStoresOn(test.url);
  try {
    const { up, down } = migrations['20261122000008_partitions'] ?? {};
    const run = (step: typeof down) => own.database.transaction(async (within) => void (await step?.(within)));
    await run(down);
    const tenant = await own.tenant();
    const webhook = await own.webhook(tenant);
    const { toStart } = await own.events.publish(tenant, [newEvent(), newEvent()]);
    const [first, second] = toStart;
    if (!first || !second) throw new Error('too few');
    await own.deliveries.recordAttempt(first, attempt(), { status: 'failed', dueAt: null });

    await run(up);
    expect(await own.database('events_first').select('id')).toHaveLength(2);
    const again = await own.deliveries.redeliver(tenant, first.deliveryId, () => []);
    expect(again?.created).toBe(true);
    expect(await own.deliveries.attempts(tenant, first.deliveryId)).toHaveLength(1);
    const loaded = await own.deliveries.loadAttempt({ ...second, number: 1, nextWaitMs: null });
    expect(loaded?.event.payloadJson).toBe('{"message":"hello"}');
    expect(await own.deliveries.list(tenant, { limit: 50, webhookId: webhook.id })).toMatchObject({
      data: { length: 3 },
    });

    await run(down);
    expect(await own.database('deliveries').select('id')).toHaveLength(3);
    expect(await own.database('attempts').select('number')).toHaveLength(1);
  } finally {
    await own.close();
    await test.drop();
  }
});
