import { createDatabase, type Database } from '../../src/store/database';
import { makePartitions } from '../../src/store/partitions';
import { createTenancy } from '../../src/store/tenancy';
import { createTenantStore, scopes } from '../../src/store/tenants';
import { createTestDatabase, type TestDatabase } from '../support/database';

const tenancy = createTenancy();
let test: TestDatabase;
let database: Database;
let ours: string;
let theirs: string;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase(test.url, { max: 2, tenancy });
  await makePartitions(database, { widthMs: 24 * 60 * 60_000 });
  const tenants = createTenantStore(database);
  const made = [];
  for (const name of ['ours', 'theirs']) {
    const { id } = await tenants.createTenant(name);
    await tenants.createClient({ tenantId: id, name, secretDigest: Buffer.alloc(32), scopes });
    made.push(id);
  }
  [ours = '', theirs = ''] = made;
});
afterAll(async () => {
  await database.destroy();
  await test.drop();
});

/** Without the WHERE that each statement of ours has. */
const tenantsOfClients = async (within: Database = database) =>
  (await within('clients').orderBy('name').select<{ tenant_id: string }[]>('tenant_id')).map((row) => row.tenant_id);

describe('work for a tenant', () => {
  it("sees no other tenant's rows, though a statement asks for all", async () => {
    expect(await tenancy.run(ours, tenantsOfClients)).toEqual([ours]);
    expect(await tenancy.run(theirs, tenantsOfClients)).toEqual([theirs]);
    expect(await tenancy.run(ours, () => database('tenants').select('id'))).toEqual([{ id: ours }]);
  });

  it("changes no other tenant's rows, and can't make one for it", async () => {
    expect(await tenancy.run(ours, () => database('clients').update({ revoked_at: new Date() }))).toBe(1);
    expect(await database('clients').whereNull('revoked_at').select('tenant_id')).toEqual([{ tenant_id: theirs }]);
    const foreign = { tenant_id: theirs, id: ours, name: 'x', secret_digest: Buffer.alloc(32), scopes };
    await expect(tenancy.run(ours, () => database('clients').insert(foreign))).rejects.toThrow(/row-level security/);
  });

  it('stays within its tenant in a transaction, and in what runs beside it', async () => {
    const [first, second] = await Promise.all([
      tenancy.run(ours, () => database.transaction(tenantsOfClients)),
      tenancy.run(theirs, () => database.transaction(tenantsOfClients)),
    ]);
    expect([first, second]).toEqual([[ours], [theirs]]);
  });

  it('leaves nothing on the connection for who gets it next', async () => {
    for (const seen of [[ours], [theirs]]) expect(await tenancy.run(seen[0] ?? '', tenantsOfClients)).toEqual(seen);
    expect(await tenantsOfClients()).toEqual([ours, theirs]);
  });

  it('sees nothing at all while the tenant is nobody', async () => {
    expect(
      await database.transaction(async (within) => {
        await within.raw(`SELECT set_config('role', 'everhook_tenant', true), set_config('everhook.tenant', '', true)`);
        return tenantsOfClients(within);
      }),
    ).toEqual([]);
  });

  it('never gets a connection whose tenant is not known', async () => {
    const alone = createDatabase(test.url, { max: 1, tenancy });
    try {
      // Not a UUID: the role is taken on, and then every statement fails.
      await expect(tenancy.run('nobody', () => tenantsOfClients(alone))).rejects.toThrow();
      expect(await tenantsOfClients(alone)).toEqual([ours, theirs]);
      expect(await tenancy.run(theirs, () => tenantsOfClients(alone))).toEqual([theirs]);
    } finally {
      await alone.destroy();
    }
  });
});

it('every table that says whose a row is keeps tenants apart, and every other one is known', async () => {
  const { rows: all } = await database.raw<{
    rows: { name: string; of_tenant: boolean; locked: boolean; partition: boolean; reachable: boolean }[];
  }>(`
    SELECT c.relname AS name, c.relrowsecurity AS locked, c.relispartition AS partition,
           has_any_column_privilege('everhook_tenant', c.oid, 'SELECT, INSERT, UPDATE')
             OR has_table_privilege('everhook_tenant', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') AS reachable,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS of_tenant
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`);
  // By way of the parent only, whose policy it is.
  const partitions = all.filter(({ partition }) => partition);
  expect(partitions.length).toBeGreaterThanOrEqual(8);
  expect(partitions.filter(({ locked, reachable }) => !locked || reachable)).toEqual([]);
  const rows = all.filter(({ partition }) => !partition);
  expect(rows.filter((row) => row.of_tenant !== row.locked).map(({ name }) => name)).toEqual(['tenants']);
  const shared = rows.filter((row) => !row.locked).map(({ name }) => name);
  const ofAll = ['installation', 'message_signing_keys', 'retention_progress', 'schema_migrations'];
  expect(shared).toEqual([...ofAll, 'schema_migrations_lock']);
  const { rows: policies } = await database.raw<{ rows: { tablename: string; roles: string; qual: string }[] }>(
    'SELECT tablename, roles::text, qual FROM pg_policies',
  );
  expect(policies.map(({ tablename }) => tablename).sort()).toEqual(
    rows.filter((row) => row.locked).map(({ name }) => name),
  );
  for (const { roles, qual } of policies) {
    expect(roles).toBe('{everhook_tenant}');
    expect(qual).toMatch(/^\((tenant_id|id) = \(NULLIF\(current_setting\('everhook\.tenant'/);
  }
});
