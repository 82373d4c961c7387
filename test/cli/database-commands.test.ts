import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Secret } from '../../src/domain/secret';
import { hashClientSecret } from '../../src/platform/tokens';
import { createDatabase, type Database } from '../../src/store/database';
import { createAuditStore } from '../../src/store/audit';
import { createTenantStore, scopes } from '../../src/store/tenants';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { everhook, everhookJson } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let database: Database;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url);
  env = { DATABASE_URL: testDatabase.url };
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

const newTenant = async () => {
  const document = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env });
  return document as { tenantId: string; clientId: string; clientSecret: string };
};
const auditOf = async (tenantId: string) => {
  const { data } = await createAuditStore(database).list(tenantId, { limit: 50 });
  return data.map(({ actor, action, objectId }) => ({ actor, action, objectId }));
};

test('client create takes a tenant alone: the name is "client" and the scopes are all', async () => {
  const { tenantId } = await newTenant();
  const created = await everhookJson(['client', 'create', '--tenant', tenantId], { env });
  expect(created).toMatchObject({ tenantId, scopes: [...scopes] });
  const { data } = (await everhookJson(['client', 'list', '--tenant', tenantId], { env })) as {
    data: { name: string }[];
  };
  expect(data.map(({ name }) => name)).toContain('client');
});

test('tenant create --json prints exactly the ids and the secret, which is the one of the client', async () => {
  const created = await newTenant();
  expect(Object.keys(created)).toEqual(['tenantId', 'clientId', 'clientSecret']);
  const found = await createTenantStore(database).findClient(created.clientId);
  expect(found?.client).toMatchObject({ tenantId: created.tenantId, scopes: [...scopes], revokedAt: null });
  expect(found?.secretDigest).toEqual(hashClientSecret(new Secret(created.clientSecret)));
  expect(await auditOf(created.tenantId)).toEqual([
    { actor: 'cli', action: 'client.create', objectId: created.clientId },
    { actor: 'cli', action: 'tenant.create', objectId: created.tenantId },
  ]);
});

test('tenant create prints the same for people, and says to keep the secret', async () => {
  const ended = await everhook(['tenant', 'create', '--name', 'Bébé & Co'], { env });
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout).toMatch(/^tenant {9}\S{36}\nclient id {6}\S{36}\nclient secret {2}\S{43}\n$/);
  expect(ended.stderr).toContain('not shown again');
});

test('client create gives the scopes asked for, list shows the client without its secret, revoke ends it', async () => {
  const { tenantId, clientId } = await newTenant();
  const created = await everhookJson(
    ['client', 'create', '--tenant', tenantId, '--name', 'publisher', '--scopes', 'events:publish,deliveries:read'],
    { env },
  );
  expect(created).toMatchObject({ tenantId, scopes: ['events:publish', 'deliveries:read'] });

  const list = () => everhook(['client', 'list', '--tenant', tenantId], { env });
  const before = await list();
  expect(before.stdout).toMatch(
    new RegExp(`${String(created.clientId)}  publisher +active  events:publish deliveries:read`),
  );
  expect(before.stdout).toMatch(new RegExp(`${clientId}  .* active  all`));
  expect(before.stdout).not.toContain(String(created.clientSecret));

  const revoke = ['client', 'revoke', '--tenant', tenantId, String(created.clientId)];
  expect(await everhookJson(revoke, { env })).toEqual({ clientId: created.clientId, revoked: true });
  expect((await everhook(revoke, { env })).exitCode).toBe(0);
  expect((await list()).stdout).toMatch(new RegExp(`${String(created.clientId)}  publisher +revoked 20`));
  const json = await everhookJson(['client', 'list', '--tenant', tenantId], { env });
  expect(json.data).toMatchObject([
    { id: created.clientId, revokedAt: expect.any(String) },
    { id: clientId, revokedAt: null },
  ]);
  expect((await auditOf(tenantId))[0]).toEqual({ actor: 'cli', action: 'client.revoke', objectId: created.clientId });
});

test('a client without --scopes may do everything', async () => {
  const { tenantId } = await newTenant();
  const created = await everhookJson(['client', 'create', '--tenant', tenantId, '--name', 'all'], { env });
  expect(created.scopes).toEqual([...scopes]);
});

test('an unknown tenant or a client of another tenant exits with 1', async () => {
  const [one, other] = [await newTenant(), await newTenant()];
  const nobody = randomUUID();
  for (const args of [
    ['client', 'create', '--tenant', nobody, '--name', 'x'],
    ['client', 'list', '--tenant', nobody],
    ['client', 'revoke', '--tenant', one.tenantId, other.clientId],
  ]) {
    const ended = await everhook(args, { env });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^everhook: (there is no tenant|tenant .* has no client) .*\n$/);
  }
  const untouched = await createTenantStore(database).findClient(other.clientId);
  expect(untouched?.client.revokedAt).toBeNull();
});

test('signing-key rotate publishes a key that signs later', async () => {
  const keys = { ...env, ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}` };
  const rotated = await everhookJson(['signing-key', 'rotate'], { env: keys });
  expect(Object.keys(rotated)).toEqual(['kid', 'activeFrom']);
  expect(Date.parse(String(rotated.activeFrom))).toBeGreaterThan(Date.now());
  const row = await database('message_signing_keys')
    .where({ kid: String(rotated.kid) })
    .first<{ private_key: string }>();
  expect(row.private_key).toMatch(/^v1\.k1\./);
});

describe('on a database without tables', () => {
  const name = `everhook_test_${randomUUID().replaceAll('-', '')}`;
  let url: string;
  beforeAll(async () => {
    url = testDatabase.url.replace(/[^/]*$/, name);
    await onServer(`CREATE DATABASE ${name}`);
  });
  afterAll(() => onServer(`DROP DATABASE ${name} WITH (FORCE)`));

  test('commands say which command to run, and migrate once is enough', async () => {
    const created = await everhook(['tenant', 'create', '--name', 'Acme'], { env: { DATABASE_URL: url } });
    expect(created).toMatchObject({ exitCode: 2, stdout: '' });
    expect(created.stderr).toMatch(/^everhook: the database has pending migrations \(\d+\); run: everhook migrate\n$/);

    const { applied } = await everhookJson(['migrate'], { env: { DATABASE_URL: url } });
    expect(applied).toContain('20261122000001_engine');
    expect(await everhook(['migrate'], { env: { DATABASE_URL: url } })).toEqual({
      exitCode: 0,
      stdout: 'Nothing to do: the database is up to date.\n',
      stderr: '',
    });
    const again = await everhook(['tenant', 'create', '--name', 'Acme'], { env: { DATABASE_URL: url } });
    expect(again.exitCode).toBe(0);
  });
});

test('a wrong password or database name is a wrong setting', async () => {
  const wrongPassword = new URL(testDatabase.url);
  wrongPassword.password = 'wrong';
  const noDatabase = testDatabase.url.replace(/[^/]*$/, 'nowhere');
  for (const DATABASE_URL of [wrongPassword.href, noDatabase]) {
    const ended = await everhook(['tenant', 'create', '--name', 'Acme'], { env: { DATABASE_URL } });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/^everhook: DATABASE_URL is not right: .*\n$/);
  }
});

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: testDatabase.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
