import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollbackMigrations } from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, startService } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let env: NodeJS.ProcessEnv;
let receiver: HttpReceiver | undefined;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  env = {
    DATABASE_URL: testDatabase.url,
    TEMPORAL_ADDRESS: devServer().address,
    TEMPORAL_TASK_QUEUE: testTaskQueue(),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
  };
});
afterEach(async () => {
  killServices();
  await receiver?.close();
  receiver = undefined;
  await testDatabase.drop();
});

test.each(['start', 'api', 'worker'])('%s runs its parts until SIGTERM, then exits with 0', async (role) => {
  const service = await startService(role, env);
  expect(service.apiPort === null).toBe(role === 'worker');
  expect((await fetch(`http://127.0.0.1:${service.metricsPort}/livez`)).status).toBe(200);
  if (service.apiPort) expect((await fetch(`http://127.0.0.1:${service.apiPort}/livez`)).status).toBe(200);
  service.kill('SIGTERM');
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
  expect(service.log.at(-1)).toMatchObject({ role, msg: 'stopped' });
});

test.each(['start', 'api', 'worker'])('%s refuses a database with pending migrations', async (role) => {
  await rollbackMigrations(testDatabase.url);
  const ended = await everhook([role], { env: { ...env, LOG_LEVEL: 'silent', PORT: '0', METRICS_PORT: '0' } });
  expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ended.stderr).toMatch(/^everhook: the database has pending migrations \(\d+\); run: everhook migrate\n$/);
});

test('a port that is taken exits with 2 and names it', async () => {
  const service = await startService('api', env);
  const second = { ...env, LOG_LEVEL: 'silent', HOST: '127.0.0.1', PORT: String(service.apiPort), METRICS_PORT: '0' };
  const ended = await everhook(['api'], { env: second });
  expect(ended.exitCode).toBe(2);
  const where = `PORT=${service.apiPort} HOST=127.0.0.1`;
  expect(ended.stderr).toBe(`everhook: ${where} can't be listened on: somebody else listens there\n`);
  service.kill('SIGINT');
  expect((await service.exited).exitCode).toBe(0);
});

test('with an attempt in flight a first SIGTERM waits for it, and a second one ends the process at once', async () => {
  let received = () => {};
  const request = new Promise<void>((resolve) => (received = resolve));
  // It never answers: a graceful stop would take the whole 3 s of the attempt.
  receiver = await startReceiver(() => received());
  const service = await startService('start', { ...env, EGRESS_ALLOW: receiver.url });
  const { DATABASE_URL } = env;
  const tenant = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env: { DATABASE_URL } });
  const client = {
    EVERHOOK_URL: `http://127.0.0.1:${service.apiPort}`,
    EVERHOOK_CLIENT_ID: String(tenant.clientId),
    EVERHOOK_CLIENT_SECRET: String(tenant.clientSecret),
  };
  await everhookJson(['webhook', 'create', '--url', receiver.url, '--events', 'everhook.test'], { env: client });
  await everhookJson(['event', 'publish', '--type', 'everhook.test', '--payload', '{}'], { env: client });
  await request;
  service.kill('SIGTERM');
  // Two signals closer together count as one key press.
  await sleep(400);
  service.kill('SIGTERM');
  expect(await service.exited).toEqual({ exitCode: 143, signal: null });
  expect(service.log.map(({ msg }) => msg)).not.toContain('stopped');
});
