import { randomBytes, randomUUID } from 'node:crypto';
import { judgeClock } from '../../src/cli/doctor/clocks';
import type { Finding } from '../../src/cli/doctor/finding';
import { sweepScheduleId } from '../../src/platform/schedule';
import { createDatabase, rollbackMigrations } from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { eventually } from '../support/everhook';
import { startReceiver } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, startService } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const server = devServer();
const taskQueue = testTaskQueue();
const key = randomBytes(32).toString('base64');
let testDatabase: TestDatabase;
let env: NodeJS.ProcessEnv;

interface Examined {
  exitCode: number | null;
  stdout: string;
  state: string;
  findings: Finding[];
}

async function doctor(changes: NodeJS.ProcessEnv = {}): Promise<Examined> {
  const { stdout, exitCode } = await everhook(['doctor', '--json'], { env: { ...env, ...changes } });
  return { ...(JSON.parse(stdout) as Examined), exitCode, stdout };
}

/** Of findings that are not good: their area, name and state. */
const bad = ({ findings }: Examined, state?: string) =>
  findings
    .filter((one) => (state ? one.state === state : one.state !== 'ok' && one.state !== 'skipped'))
    .map((one) => `${one.area}: ${one.name}`);

const found = ({ findings }: Examined, area: string, name: string) =>
  findings.find((one) => one.area === area && one.name.startsWith(name));

/** What NODE_ENV, the test's own PostgreSQL user and the rest of this environment are warned of. */
let usual: string[];

beforeAll(async () => {
  quietTemporal();
  testDatabase = await createTestDatabase();
  env = {
    DATABASE_URL: testDatabase.url,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    ENCRYPTION_KEYS: `k1:${key}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    MAX_CONNECTIONS: '100',
  };
  const receiver = await startReceiver();
  const service = await startService('start', { ...env, EGRESS_ALLOW: receiver.url });
  const tenant = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env });
  const client = {
    EVERHOOK_URL: `http://127.0.0.1:${service.apiPort}`,
    EVERHOOK_CLIENT_ID: String(tenant.clientId),
    EVERHOOK_CLIENT_SECRET: String(tenant.clientSecret),
  };
  await everhookJson(['webhook', 'create', '--url', receiver.url, '--events', 'everhook.test'], { env: client });
  await everhookJson(['event', 'publish', '--type', 'everhook.test', '--payload', '{}'], { env: client });
  // Visibility follows the start of a run by a moment, and pollers come one by one.
  const healthy = await eventually(
    () => doctor(),
    (examined) => examined.exitCode === 0 && found(examined, 'temporal', 'payloads')?.state === 'ok',
    90_000,
  );
  usual = bad(healthy);
  await receiver.close();
});
afterAll(async () => {
  killServices();
  await server.close();
  await testDatabase.drop();
});

it('finds everything of a running installation in order, and shows no secret', async () => {
  const examined = await doctor();
  expect(examined).toMatchObject({ exitCode: 0, state: 'warning' });
  expect(bad(examined, 'failed')).toEqual([]);
  // Of this environment: no NODE_ENV, no link to the Web UI, a superuser.
  expect(usual).toEqual(
    expect.arrayContaining(['configuration: NODE_ENV', 'configuration: TEMPORAL_UI_URL', 'postgresql: user']),
  );
  expect(found(examined, 'temporal', 'payloads')?.detail).toMatch(/encrypted, and our keys open it/);
  expect(found(examined, 'keys', 'stored secrets')?.detail).toBe('are under k1');
  expect(found(examined, 'clocks', 'PostgreSQL')?.state).toBe('ok');
  expect(found(examined, 'clocks', 'Temporal')?.state).toBe('ok');
  for (const secret of [key, env.TOKEN_SIGNING_KEY ?? '', new URL(testDatabase.url).password]) {
    if (secret) expect(examined.stdout).not.toContain(secret);
  }
  const { stdout } = await everhook(['doctor'], { env });
  expect(stdout).toMatch(/^ok +postgresql +migrations: all \d+ are applied$/m);
  expect(stdout).toMatch(/^warning +configuration +NODE_ENV: .*\n +→ NODE_ENV=production/m);
});

it('names every setting that is wrong, not the first only', async () => {
  const examined = await doctor({
    ENCRYPTION_KEYS: 'secret-looking',
    PORT: 'http',
    EVERHOOK_TOKN: 'x',
    DATABASE_URL: '',
  });
  expect(examined).toMatchObject({ exitCode: 1, state: 'failed' });
  expect(bad(examined, 'failed').sort()).toEqual(
    ['DATABASE_URL', 'ENCRYPTION_KEYS', 'EVERHOOK_TOKN', 'PORT'].map((name) => `configuration: ${name}`),
  );
  expect(examined.stdout).not.toContain('secret-looking');
  expect(found(examined, 'temporal', 'all')?.state).toBe('skipped');
});

it('says of PostgreSQL and Temporal that they do not answer, and where they were looked for', async () => {
  const examined = await doctor({
    DATABASE_URL: 'postgres://me:hidden@127.0.0.1:1/x',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  expect(examined.exitCode).toBe(1);
  expect(found(examined, 'postgresql', 'reachable')).toMatchObject({
    state: 'failed',
    mend: expect.stringMatching(/pg_isready/) as string,
  });
  expect(found(examined, 'temporal', 'reachable')).toMatchObject({
    state: 'failed',
    mend: expect.stringMatching(/TEMPORAL_ADDRESS=127/) as string,
  });
  expect(found(examined, 'keys', 'key k1')?.state).toBe('ok');
  expect(examined.stdout).not.toContain('hidden');
});

it('finds keys that are missing, and others by the same id', async () => {
  const missing = await doctor({ ENCRYPTION_KEYS: `k2:${randomBytes(32).toString('base64')}` });
  expect(found(missing, 'keys', 'stored secrets')).toMatchObject({
    state: 'failed',
    detail: expect.stringMatching(/missing: k1/) as string,
  });
  expect(found(missing, 'temporal', 'payloads')).toMatchObject({
    state: 'failed',
    detail: expect.stringMatching(/k1/) as string,
  });
  const wrong = await doctor({ ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}` });
  expect(found(wrong, 'keys', 'stored secrets')).toMatchObject({
    state: 'failed',
    detail: expect.stringMatching(/not those of that id.*k1/) as string,
  });
});

it('finds a namespace that is not there, and what one of one’s own lacks', async () => {
  const none = await doctor({ TEMPORAL_NAMESPACE: 'nowhere' });
  expect(bad(none, 'failed')).toEqual(['temporal: namespace']);
  expect(found(none, 'temporal', 'namespace')?.mend).toMatch(/namespace create .*--namespace nowhere --retention/);

  const namespace = `doctor-${randomUUID()}`;
  const { workflowService } = await server.connection();
  const workflowExecutionRetentionPeriod = { seconds: 3_600 as never };
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const empty = await eventually(
    () => doctor({ TEMPORAL_NAMESPACE: namespace }),
    (examined) => found(examined, 'temporal', 'search attributes') !== undefined,
    60_000,
  );
  expect(found(empty, 'temporal', 'namespace')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/for 1 h/) as string,
  });
  expect(found(empty, 'temporal', 'search attributes')).toMatchObject({
    state: 'warning',
    mend: expect.stringMatching(/search-attribute create .*--name TenantId --type Keyword/) as string,
  });
  expect(found(empty, 'temporal', 'schedule sweep/')).toMatchObject({ state: 'failed', detail: 'is not there' });
  expect(found(empty, 'temporal', 'workers')).toMatchObject({
    state: 'failed',
    mend: expect.stringMatching(/^everhook worker/) as string,
  });
});

it('finds a Schedule that somebody paused, and one that other settings made', async () => {
  const schedule = (await server.client()).schedule.getHandle(sweepScheduleId(taskQueue));
  await schedule.pause('a test');
  const paused = await doctor({ RETENTION_INTERVAL: '1h' });
  await schedule.unpause();
  expect(found(paused, 'temporal', 'schedule sweep/')).toMatchObject({
    state: 'failed',
    mend: expect.stringMatching(/--unpause/) as string,
  });
  expect(found(paused, 'temporal', 'schedule retention/')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/3600 s/) as string,
  });
});

it('finds a lock between tenants that is open, a pool that is too large, and a database behind or ahead', async () => {
  const other = await createTestDatabase();
  const database = createDatabase(other.url);
  try {
    await database.raw('ALTER TABLE webhooks DISABLE ROW LEVEL SECURITY');
    await database('schema_migrations').insert({ name: '29991231000001_later', batch: 9, migration_time: new Date() });
    const open = await doctor({ DATABASE_URL: other.url, DATABASE_POOL_SIZE: '5000' });
    expect(found(open, 'postgresql', 'tenant role')).toMatchObject({
      state: 'failed',
      mend: 'ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;',
    });
    expect(found(open, 'postgresql', 'connections')).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/up to 5002/) as string,
    });
    expect(found(open, 'postgresql', 'migrations')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/29991231000001_later/) as string,
    });
    await database('schema_migrations').where({ name: '29991231000001_later' }).delete();
    await rollbackMigrations(other.url);
    const behind = await doctor({ DATABASE_URL: other.url });
    expect(found(behind, 'postgresql', 'migrations')).toMatchObject({ state: 'failed', mend: 'everhook migrate' });
  } finally {
    await database.destroy();
    await other.drop();
  }
});

it('finds AWS and resolvers that do not answer, and what opens private addresses', async () => {
  const { tenantId } = await everhookJson(['tenant', 'create', '--name', 'Portal'], { env });
  const portal = [
    '--tenant',
    String(tenantId),
    '--username',
    'portal',
    '--password-stdin',
    '--credential-type',
    'API_KEY',
  ];
  await everhookJson(['sensedia', 'configure', ...portal, '--region', 'eu-central-1'], { env, input: 'password' });
  const examined = await doctor({
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'canary',
    EGRESS_DNS_SERVERS: '127.0.0.1:1',
    EGRESS_ALLOW: 'http://localhost:9010',
    HTTPS_PROXY: 'http://proxy.example',
    NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem',
  });
  expect(bad(examined, 'failed').sort()).toEqual([
    'aws: API Gateway, eu-central-1',
    'egress: TLS',
    'egress: resolver 127.0.0.1:1',
  ]);
  expect(found(examined, 'egress', 'EGRESS_ALLOW')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/localhost:9010/) as string,
  });
  expect(found(examined, 'egress', 'proxy')).toMatchObject({ state: 'warning', mend: 'unset HTTPS_PROXY' });
  expect(examined.stdout).not.toContain('canary');
});

test.each([
  ['ok', 500, 0],
  ['warning', 5_000, 0],
  ['warning', -5_000, 0],
  ['failed', 120_000, 0],
  // As long as the answer took, it may have been any time in between.
  ['ok', 5_000, 10_000],
])('a clock is %s that is %d ms off, when its answer took %d ms', (state, off, took) => {
  const asked = Date.parse('2026-01-31T09:30:00Z');
  const theirs = asked + took / 2 + off;
  expect(judgeClock('x', { asked, answered: asked + took, theirs }).state).toBe(state);
});
