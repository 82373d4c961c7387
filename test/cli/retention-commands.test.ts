import { createAuditReader } from '../../src/store/audit-reader';
import { deliveredAttempt, only, openTestStores, type TestStores } from '../store/stores';
import { at, daysFromNow } from '../support/clock';
import { everhook, everhookJson } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let stores: TestStores;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  stores = await openTestStores();
  env = { DATABASE_URL: stores.url, PAYLOAD_RETENTION: '1d' };
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

it('retention run tells with --dry-run what it would remove, and removes it without', async () => {
  const tenantId = await stores.tenant();
  await stores.webhook(tenantId);
  const publish = (day: number) => at(daysFromNow(day), async () => only((await stores.publish(tenantId)).toStart));
  for (const delivery of [await publish(-40), await publish(-2), await publish(0)]) {
    await stores.deliveries.recordAttempt(delivery, deliveredAttempt, { status: 'delivered', dueAt: null });
  }
  // As it would be for a process that began 40 days ago.
  for (const table of ['events', 'deliveries', 'attempts', 'audit']) {
    const id = table === 'attempts' ? 'delivery_id' : 'id';
    const bound = (day: number) =>
      `${daysFromNow(day)
        .getTime()
        .toString(16)
        .padStart(12, '0')
        .replace(/(.{8})/, '$1-')}-0000-0000-000000000000`;
    await stores.database.raw(`
      ALTER TABLE ${table} DETACH PARTITION ${table}_first;
      CREATE TABLE ${table}_old PARTITION OF ${table} FOR VALUES FROM (MINVALUE) TO ('${bound(-35)}');
      CREATE TABLE ${table}_new PARTITION OF ${table} FOR VALUES FROM ('${bound(-35)}') TO ('${bound(1)}');
      INSERT INTO ${table} SELECT * FROM ${table}_first ORDER BY ${id};
      DROP TABLE ${table}_first;`);
  }

  const foretold = await everhookJson(['retention', 'run', '--dry-run'], { env });
  expect(foretold).toMatchObject({ dryRun: true, made: [], waiting: [], payloads: 2, responseBodies: 2 });
  expect((foretold.dropped as { name: string; rows: number }[]).map(({ name, rows }) => [name, rows])).toEqual([
    ['attempts_old', 1],
    ['deliveries_old', 1],
    ['events_old', 1],
    ['audit_old', 0],
  ]);
  expect(await stores.database('events').whereNull('payload').select('id')).toEqual([]);

  const ended = await everhook(['retention', 'run'], { env });
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toContain('Removed: 4 partitions, 2 payloads, 2 answers of receivers, 0 ids of events');
  expect(ended.stdout).toMatch(/events_old +20\S+Z +1 +dropped/);
  expect(await stores.database('events').select('id')).toHaveLength(2);
  const entries = await createAuditReader(stores.database).latest({ action: 'retention.drop' }, 10);
  expect(entries.map(({ actor, objectId }) => [actor, objectId])).toContainEqual(['cli', 'events_old']);
});

it.each([
  [{ PAYLOAD_RETENTION: '40d' }, 'PAYLOAD_RETENTION is longer than RETENTION'],
  [{ RETENTION: '100d', DEDUPE_RETENTION: '99d' }, 'DEDUPE_RETENTION is shorter than RETENTION'],
  [{ RETENTION: '23h' }, 'RETENTION is malformed'],
])('retention run refuses %j', async (settings, reason) => {
  const { exitCode, stderr } = await everhook(['retention', 'run'], { env: { ...env, ...settings } });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(reason);
});
