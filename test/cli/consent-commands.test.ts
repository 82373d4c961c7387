import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { devServer, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, main, startService, type Service } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let service: Service;
/** A client's environment. */
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const DATABASE_URL = testDatabase.url;
  service = await startService('start', {
    DATABASE_URL,
    TEMPORAL_ADDRESS: devServer().address,
    TEMPORAL_TASK_QUEUE: testTaskQueue(),
    TEMPORAL_UI_URL: devServer().uiUrl,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    CONSENT_DECISION_TIMEOUT: '1h',
    CONSENT_CONSUMPTION_TIMEOUT: '15s',
  });
  const tenant = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env: { DATABASE_URL } });
  env = {
    EVERHOOK_URL: `http://127.0.0.1:${service.apiPort}`,
    EVERHOOK_CLIENT_ID: String(tenant.clientId),
    EVERHOOK_CLIENT_SECRET: String(tenant.clientSecret),
  };
});
afterAll(async () => {
  killServices();
  await testDatabase.drop();
});

const cpf = '74682051937';
const newConsent = ['consent', 'create', '--permissions', 'ACCOUNTS_READ,RESOURCES_READ'];
const create = async (type = 'DATA', ...more: string[]) =>
  String((await json([...newConsent, '--type', type, ...more], `${cpf}\n`)).consentId);
const json = (args: string[], input?: string) => everhookJson(args, { env, input });
const text = async (args: string[], input?: string) => {
  const ended = await everhook(args, { env, input });
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  return ended.stdout;
};

test('a consent is created with a number from standard input that is not shown, approved, and consumed', async () => {
  const expiration = new Date(Date.now() + 86_400_000).toISOString();
  const created = await json([...newConsent, '--type', 'DATA', '--expiration', expiration], cpf);
  const id = String(created.consentId);
  expect(created).toMatchObject({
    consentId: expect.stringMatching(/^urn:everhook:/),
    type: 'DATA',
    status: 'AWAITING_AUTHORISATION',
    permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
  });
  expect(JSON.stringify(created)).not.toContain(cpf);

  const approved = await text(['consent', 'approve', id, '--reason', 'she agreed']);
  expect(approved).toMatch(/^status +AUTHORISED$/m);
  expect(approved).toMatch(/^expires +\d{4}-/m);
  expect(approved).toContain(`${devServer().uiUrl}/namespaces/default/workflows/`);
  const uuid = id.replace('urn:everhook:', '');
  expect(await json(['consent', 'consume', uuid])).toMatchObject({
    consentId: id,
    status: 'CONSUMED',
    expiresAt: null,
  });
  const shown = await text(['consent', 'show', id]);
  expect(shown).toMatch(/^status +CONSUMED$/m);
  expect(shown).not.toMatch(/^expires/m);

  const refused = await everhook(['consent', 'reject', id], { env });
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^everhook: HTTP 409 .*The consent is CONSUMED: reject is not possible\..*\n$/);
});

test('consents are listed by status and type, page by page', async () => {
  const payment = await create('PAYMENT');
  expect(await json(['consent', 'reject', payment])).toMatchObject({ status: 'REJECTED' });
  const open = await create('PAYMENT');
  const listed = await text(['consent', 'list', '--type', 'PAYMENT', '--status', 'AWAITING_AUTHORISATION']);
  expect(listed).toMatch(/^CONSENT +TYPE +STATUS +CREATED +EXPIRES\n/);
  expect(listed).toContain(`${open}  PAYMENT  AWAITING_AUTHORISATION  `);
  expect(listed).not.toContain(payment);
  const page = await text(['consent', 'list', '--type', 'PAYMENT', '--limit', '1']);
  const [, cursor = ''] = /\nMore: --cursor (\S+)\n$/.exec(page) ?? [];
  expect(await json(['consent', 'list', '--type', 'PAYMENT', '--cursor', cursor])).toMatchObject({
    data: [{ consentId: payment }],
    nextCursor: null,
  });
});

test('what breaks the rules is told with its place, without the number', async () => {
  const ended = await everhook([...newConsent, '--type', 'DATA'], { env, input: '746.820.519-37' });
  expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ended.stderr).toMatch(/^everhook: HTTP 422 .*\[\/loggedUser\/document\/identification: must be 11 digits\]/);
  expect(ended.stderr).not.toContain('746');
});

/** `everhook consent watch`, line by line. */
function watch(...args: string[]) {
  const child = spawn(process.execPath, [main, 'consent', 'watch', ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    next: async () => String((await lines.next()).value),
    ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    interrupt: () => child.kill('SIGINT'),
  };
}

test('watch tells every change until nothing can happen any more', async () => {
  const id = await create();
  const watching = watch(id);
  expect(await watching.next()).toMatch(/^\S+Z {2}AWAITING_AUTHORISATION, expires at \S+Z$/);
  const { statusUpdatedAt, expiresAt } = await json(['consent', 'approve', id]);
  expect(await watching.next()).toBe(`${String(statusUpdatedAt)}  AUTHORISED, expires at ${String(expiresAt)}`);
  expect(await watching.next()).toBe(`${String(expiresAt)}  EXPIRED`);
  expect(await watching.ended).toEqual([0, null]);
});

test('watch with --json prints a consent for each change, and Ctrl-C ends it', async () => {
  const id = await create();
  const watching = watch(id, '--json');
  expect(JSON.parse(await watching.next())).toMatchObject({ consentId: id, status: 'AWAITING_AUTHORISATION' });
  watching.interrupt();
  expect(await watching.ended).toEqual([null, 'SIGINT']);
});

test('watch of a consent that is not there ends with 1', async () => {
  const ended = await everhook(['consent', 'watch', '0198c0de-0000-7000-8000-000000000001'], { env });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/^everhook: HTTP 404 /);
});
