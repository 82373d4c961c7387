import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../../src/domain/secret';
import { isPassword } from '../../src/platform/passwords';
import { createAuditStore, type AuditStore } from '../../src/store/audit';
import { createDatabase, type Database } from '../../src/store/database';
import { createPortalStore } from '../../src/store/portals';
import { leaveCredential } from '../support/credential-left-behind';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { devServer, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, startService, type Service } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let database: Database;
let audit: AuditStore;
let service: Service;
/** An operator's environment. */
let env: NodeJS.ProcessEnv;
let tenantId: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url);
  audit = createAuditStore(database);
  const DATABASE_URL = testDatabase.url;
  service = await startService('api', {
    DATABASE_URL,
    TEMPORAL_ADDRESS: devServer().address,
    TEMPORAL_TASK_QUEUE: testTaskQueue(),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    ...{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'eu-central-1' },
    ...{ AWS_ACCESS_KEY_ID: 'stand-in', AWS_SECRET_ACCESS_KEY: 'stand-in' },
  });
  env = { DATABASE_URL, ...(await newTenant()) };
  tenantId = env.TENANT ?? '';
});
afterAll(async () => {
  killServices();
  await database.destroy();
  await testDatabase.drop();
});

async function newTenant(): Promise<NodeJS.ProcessEnv> {
  const tenant = await everhookJson(['tenant', 'create', '--name', 'Acme'], {
    env: { DATABASE_URL: testDatabase.url },
  });
  return {
    TENANT: String(tenant.tenantId),
    EVERHOOK_URL: `http://127.0.0.1:${service.apiPort}`,
    EVERHOOK_CLIENT_ID: String(tenant.clientId),
    EVERHOOK_CLIENT_SECRET: String(tenant.clientSecret),
  };
}

describe('sensedia configure', () => {
  const configure = (username: string, ...more: string[]) => [
    ...['sensedia', 'configure', '--tenant', tenantId, '--username', username],
    ...['--password-stdin', '--credential-type', 'API_KEY', ...more],
  ];
  const passwordOf = async (username: string) =>
    (await createPortalStore(database).findByUsername(username))?.passwordHash ?? '';

  it('keeps what it is told, and of the password a hash of all but one line end', async () => {
    const clients = ['--credential-type', 'CLIENT_CREDENTIALS', '--user-pool-id', 'eu-central-1_a1B2c3D4e'];
    const scopes = ['--scope', 'api1=orders/read', '--scope', 'api2=urn:x/y/write', '--default-scope', 'orders/list'];
    const place = ['--region', 'eu-central-1', '--token-url', 'https://apps.example.com/oauth2/token'];
    const input = ' pass:wörd  \r\n';
    const document = await everhookJson(configure('portal', ...clients, ...scopes, ...place), { env, input });
    expect(document).toEqual({
      tenantId,
      username: 'portal',
      credentialType: 'CLIENT_CREDENTIALS',
      region: 'eu-central-1',
      userPoolId: 'eu-central-1_a1B2c3D4e',
      scopes: { api1: 'orders/read', api2: 'urn:x/y/write' },
      defaultScopes: ['orders/list'],
      tokenUrl: 'https://apps.example.com/oauth2/token',
    });
    expect(await isPassword(await passwordOf('portal'), new Secret(' pass:wörd  '))).toBe(true);
    const { data } = await audit.list(tenantId, { limit: 1 });
    expect(data).toMatchObject([{ actor: 'cli', action: 'portal.configure', objectId: tenantId }]);
  });

  it('replaces the whole of it, and says so in lines for people without the password', async () => {
    const ended = await everhook(configure('renamed'), { env, input: 'an0ther' });
    expect(ended).toEqual({
      exitCode: 0,
      stdout: `tenant     ${tenantId}\nuser name  renamed\nmakes      API_KEY\n`,
      stderr: '',
    });
    expect(await passwordOf('portal')).toBe('');
    expect(await isPassword(await passwordOf('renamed'), new Secret('an0ther'))).toBe(true);
  });

  it('opens the paths of the portal, where health names what this API has not', async () => {
    const health = (password: string) =>
      fetch(`${env.EVERHOOK_URL}/v1/health`, {
        headers: { authorization: `Basic ${Buffer.from(`renamed:${password}`).toString('base64')}` },
      });
    expect((await health('wrong')).status).toBe(401);
    const answer = await health('an0ther');
    expect(answer.status).toBe(503);
    // No worker, and no AWS; the key in use is the one this API began with.
    expect(await answer.json()).toMatchObject({ message: 'Not available: worker, api-gateway.' });
    expect(await database('installation').first('canary')).toMatchObject({
      canary: expect.stringMatching(/^v1\.k1\./),
    });
  });

  it('exits with 1 for a user name of another tenant and for a tenant that is none, and changes nothing', async () => {
    const other = await newTenant();
    await everhookJson(configure('taken').with(3, other.TENANT ?? ''), { env, input: 'p' });
    for (const [args, message] of [
      [configure('taken'), 'everhook: the user name is taken by another tenant\n'],
      [configure('new').with(3, other.EVERHOOK_CLIENT_ID ?? ''), 'there is no tenant'],
    ] as const) {
      const ended = await everhook(args, { env, input: 'new' });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toContain(message);
    }
    expect(await isPassword(await passwordOf('taken'), new Secret('p'))).toBe(true);
    expect(await isPassword(await passwordOf('renamed'), new Secret('an0ther'))).toBe(true);
  });

  it.each([
    ['', /the password must have characters/],
    ['two\nlines\n', /no control characters/],
  ])('refuses the password %j with 2', async (input, message) => {
    const ended = await everhook(configure('renamed'), { env, input });
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});

describe('credentials', () => {
  let active: string;
  let stuck: string;
  const json = (...args: string[]) => everhookJson(['credential', ...args], { env });

  beforeAll(async () => {
    active = await newCredential('my app', 'provisioned');
    stuck = await newCredential('stuck \u001b[2J app', 'stuck');
  });

  const newCredential = (appName: string, kind: 'provisioned' | 'stuck') =>
    leaveCredential({ database, audit, tenantId }, appName, kind);

  it('list shows them newest first, and those of a status or type alone', async () => {
    const { data } = await json('list');
    expect(data).toMatchObject([
      { id: stuck, status: 'compensation_failed', apiKeyId: 'key-stuck' },
      { id: active, status: 'active', apiKeyId: 'key-provisioned' },
    ]);
    expect((await json('list', '--status', 'active', '--type', 'API_KEY')).data).toMatchObject([{ id: active }]);
    const first = await json('list', '--limit', '1');
    expect(first.data).toMatchObject([{ id: stuck }]);
    expect((await json('list', '--limit', '1', '--cursor', String(first.nextCursor))).data).toMatchObject([
      { id: active },
    ]);
  });

  it('list for people is a table that nothing in it can draw over', async () => {
    const { stdout } = await everhook(['credential', 'list', '--limit', '1'], { env });
    const [head, row, more] = stdout.split('\n');
    expect(head).toMatch(/^CREDENTIAL +TYPE +STATUS +IN AWS +APP$/);
    expect(row).toBe(`${stuck}  API_KEY  compensation_failed  key-stuck  stuck \\u{1b}[2J app`);
    expect(more).toMatch(/^More: --cursor \S+$/);
  });

  it('show has every step', async () => {
    expect(await json('show', stuck)).toMatchObject({
      id: stuck,
      usagePlans: ['plan1'],
      steps: [{ operation: 'create', name: 'create-api-key', status: 'failed', error: 'AWS refused' }],
    });
    const { stdout } = await everhook(['credential', 'show', active], { env });
    expect(stdout).toMatch(/^status +active$/m);
    expect(stdout).toMatch(/^in AWS +key-provisioned$/m);
    expect(stdout).toMatch(/^20\S+Z +create +create-api-key +done$/m);
  });

  it('show exits with 1 for what is not there, and for what another tenant has', async () => {
    const stranger = await newTenant();
    for (const [id, as] of [
      [randomUUID(), env],
      [active, stranger],
    ] as const) {
      const ended = await everhook(['credential', 'show', id], { env: as });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^everhook: HTTP 404 /);
    }
  });

  it('repair is for what is stuck alone, and leaves it to the next sweep', async () => {
    const human = await newCredential('another', 'stuck');
    const repair = (id: string, tenant = tenantId) => ['credential', 'repair', '--tenant', tenant, id];
    for (const [args, message] of [
      [repair(active), `credential ${active} is active: there is nothing to repair`],
      [repair(randomUUID()), 'has no credential'],
      [repair(stuck, (await newTenant()).TENANT), 'has no credential'],
    ] as const) {
      const ended = await everhook(args, { env });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toContain(message);
    }
    expect(await everhookJson(repair(stuck), { env })).toEqual({ credentialId: stuck, accepted: true });
    expect(await everhook(repair(human), { env })).toEqual({
      exitCode: 0,
      stdout: `Credential ${human} will be repaired.\n`,
      stderr: '',
    });
    const waiting = await database('credential_operations').where({ credential_id: stuck, kind: 'repair' });
    expect(waiting).toMatchObject([{ status: 'accepted', look_at: expect.any(Date) }]);
    const { data } = await audit.list(tenantId, { limit: 1 });
    expect(data).toMatchObject([{ actor: 'cli', action: 'credential.repair', objectId: human }]);
  });
});
