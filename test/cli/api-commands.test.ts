import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, startService, type Service } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let receiver: HttpReceiver;
let service: Service;
let directory: string;
/** A client's environment. */
let env: NodeJS.ProcessEnv;
let status = 200;
/** Wakes up whoever waits for the receiver's next request. */
let arrived = () => {};

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-cli-'));
  receiver = await startReceiver((_request, response) => {
    response.writeHead(status, { 'x-request-id': 'r-7' }).end('no\u001b[2Jthanks');
    arrived();
  });
  const DATABASE_URL = testDatabase.url;
  service = await startService('start', {
    DATABASE_URL,
    TEMPORAL_ADDRESS: devServer().address,
    TEMPORAL_TASK_QUEUE: testTaskQueue(),
    TEMPORAL_UI_URL: devServer().uiUrl,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    EGRESS_ALLOW: receiver.url,
    RETRY_BASE: '10m',
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
  await receiver.close();
  await testDatabase.drop();
  await rm(directory, { recursive: true });
});

const json = (args: string[], input?: string) => everhookJson(args, { env, input });
const text = async (args: string[]) => {
  const ended = await everhook(args, { env });
  expect(ended.exitCode).toBe(0);
  return ended.stdout;
};
const newWebhook = (...more: string[]) =>
  json(['webhook', 'create', '--url', `${receiver.url}/hooks`, '--events', 'everhook.test', ...more]);

/** The delivery once it is as `wanted`. */
async function deliveryThat(id: string, wanted: (delivery: Record<string, unknown>) => boolean) {
  for (;;) {
    const delivery = await json(['delivery', 'show', id]);
    if (wanted(delivery)) return delivery;
  }
}

test('a webhook is created, listed, shown, changed and deleted; its secret is shown at creation only', async () => {
  const created = await newWebhook(
    '--description',
    'mine',
    '--header',
    'X-Env: a: b',
    '--timeout',
    '2s',
    '--max-retries',
    '0',
  );
  const id = String(created.id);
  expect(created).toMatchObject({
    targetUrl: `${receiver.url}/hooks`,
    events: ['everhook.test'],
    description: 'mine',
    disabled: false,
    headers: { 'X-Env': 'a: b' },
    timeoutMs: 2000,
    maxRetries: 0,
    secret: expect.stringMatching(/^whsec_/),
  });

  const shown = await json(['webhook', 'show', id]);
  expect({ ...shown, secret: created.secret }).toEqual(created);
  expect(await text(['webhook', 'list', '--contract', 'everhook', '--disabled', 'false'])).toMatch(
    new RegExp(`^WEBHOOK .*\n(.*\n)*${id}  everhook  enabled  ${receiver.url}/hooks  everhook.test`),
  );

  const updated = await json([
    'webhook',
    'update',
    id,
    '--disabled',
    '--events',
    'OpenIdCredentialIssued,everhook.test',
  ]);
  expect(updated).toMatchObject({
    disabled: true,
    events: ['OpenIdCredentialIssued', 'everhook.test'],
    timeoutMs: 2000,
  });
  expect(await text(['webhook', 'show', id])).toMatch(/^status +disabled$/m);
  expect(await json(['webhook', 'update', id, '--enabled'])).toMatchObject({ disabled: false });

  const rotated = await json(['webhook', 'rotate-secret', id, '--grace', '1h']);
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.secret).not.toBe(created.secret);

  expect(await json(['webhook', 'delete', id])).toEqual({ id, deleted: true });
  const gone = await everhook(['webhook', 'show', id], { env });
  expect(gone.exitCode).toBe(1);
  expect(gone.stderr).toMatch(/^everhook: HTTP 404 .*\(request .*\)\n$/);
});

test('a password for the receiver is read from standard input', async () => {
  const created = await json(
    ['webhook', 'create', '--url', receiver.url, '--events', 'everhook.test', '--basic-user', 'me', '--disabled'],
    'p4ssword\n',
  );
  expect(created).toMatchObject({ authType: 'basic', disabled: true });
});

test('what the API refuses is told with its place in the request, on one line', async () => {
  const ended = await everhook(['webhook', 'create', '--url', 'https://example.com', '--events', 'nothing'], { env });
  expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ended.stderr).toMatch(/^everhook: HTTP 400 .*\[.*\/events\/0: is not an event type.*\] \(request .*\)\n$/);
});

test('an event is published from text, from a file and from standard input, once an id', async () => {
  const { id: webhookId } = await newWebhook();
  const publish = ['event', 'publish', '--type', 'everhook.test', '--webhook', String(webhookId)];
  const file = path.join(directory, 'payload.json');
  await writeFile(file, '{"message":"from a file"}\n');

  const id = `cli-${randomUUID()}`;
  const first = await json([...publish, '--id', id, '--payload', '{"message":"text","amount":1.10}']);
  expect(first).toMatchObject({ id, type: 'everhook.test', duplicate: false, deliveries: [{ webhookId }] });
  const again = await json([...publish, '--id', id, '--payload', '{"message":"text","amount":1.10}']);
  expect(again).toEqual({ ...first, duplicate: true });
  const other = await everhook([...publish, '--id', id, '--payload', '{}'], { env });
  expect(other.exitCode).toBe(1);
  expect(other.stderr).toMatch(/^everhook: HTTP 409 /);

  await json([...publish, '--payload', `@${file}`, '--occurred-at', '2026-01-31T10:30:00+01:00']);
  await json([...publish, '--payload', '-'], '{"message":"from standard input"}');
  const messages = () => receiver.requests.map(({ body }) => String(JSON.parse(body.toString()).data?.message));
  while (!['text', 'from a file', 'from standard input'].every((message) => messages().includes(message))) {
    await new Promise<void>((resolve) => (arrived = resolve));
  }
  const fromFile = receiver.requests.find(({ body }) => body.includes('from a file'));
  expect(JSON.parse(String(fromFile?.body)).timestamp).toBe('2026-01-31T09:30:00.000Z');
  await json(['webhook', 'delete', String(webhookId)]);
});

test('an event type of their own is made, replaced, listed, shown and deleted; its events reach a channel', async () => {
  const file = path.join(directory, 'schema.json');
  await writeFile(file, '{"required":["invoiceId"]}');
  const put = ['event-type', 'put', 'invoice.paid', '--description', 'Paid.', '--schema', `@${file}`];
  const made = await json([...put, '--example', '-'], '{"invoiceId":"inv_42"}');
  expect(made).toMatchObject({ name: 'invoice.paid', schema: { required: ['invoiceId'] }, builtIn: false });
  expect(await json(put)).toMatchObject({ example: null, createdAt: made.createdAt });
  expect(await text(['event-type', 'list', '--limit', '250'])).toMatch(/^invoice\.paid +yours +Paid\.$/m);
  expect(await text(['event-type', 'list', '--limit', '1'])).toMatch(/\nMore: --cursor \S+\n$/);
  expect(await text(['event-type', 'show', 'invoice.paid'])).toMatch(/^schema +\{"required":\["invoiceId"\]\}$/m);
  const wrong = await everhook([...put.slice(0, -1), '{"$ref":"#"}'], { env });
  expect(wrong).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/HTTP 400 .*\[\/schema: refers to itself/),
  });
  const noJson = await everhook([...put.slice(0, -1), 'x'], { env });
  expect(noJson).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--schema is not JSON/) });

  const create = ['webhook', 'create', '--url', receiver.url, '--events', 'invoice.*', '--channel', 'eu,us'];
  const webhook = await json(create);
  expect(webhook).toMatchObject({ events: ['invoice.*'], channels: ['eu', 'us'] });
  expect(await text(['webhook', 'show', String(webhook.id)])).toMatch(/^channels +eu us$/m);
  const publish = ['event', 'publish', '--type', 'invoice.paid', '--payload', '{"invoiceId":"i"}'];
  expect(await json([...publish, '--channel', 'asia'])).toMatchObject({ deliveries: [] });
  expect(await json([...publish, '--channel', 'us'])).toMatchObject({ deliveries: [{ webhookId: webhook.id }] });
  expect(await json(['webhook', 'update', String(webhook.id), '--any-channel'])).toMatchObject({ channels: [] });
  await json(['webhook', 'update', String(webhook.id), '--channel', 'eu', '--events', 'invoice.paid']);
  expect((await everhook(['event-type', 'delete', 'invoice.paid'], { env })).stderr).toMatch(/HTTP 409 /);
  await json(['webhook', 'delete', String(webhook.id)]);
  expect(await json(['event-type', 'delete', 'invoice.paid'])).toEqual({ name: 'invoice.paid', deleted: true });
});

test('a delivery is listed, shown with its attempts, retried and cancelled', async () => {
  const { id: webhookId } = await newWebhook();
  status = 503;
  const test = await json(['webhook', 'test', String(webhookId)]);
  const id = String(test.id);
  const failedOnce = await deliveryThat(id, ({ attempts }) => Array.isArray(attempts) && attempts.length === 1);
  expect(failedOnce).toMatchObject({
    status: 'pending',
    attempts: [{ number: 1, statusCode: 503, errorClass: 'http_status' }],
  });

  const shown = await text(['delivery', 'show', id]);
  expect(shown).toMatch(/^1 +\S+ +\d+ ms +503 http_status +no\\u\{1b\}\[2Jthanks$/m);
  expect(shown).toMatch(/^HEADER +OF THE ANSWER TO ATTEMPT 1\n(.+\n)*x-request-id +r-7$/m);
  expect(shown).toContain(`${devServer().uiUrl}/namespaces/default/workflows/`);

  status = 200;
  expect(await text(['delivery', 'retry', id])).toBe(`The next attempt of ${id} is now.\n`);
  await deliveryThat(id, (delivery) => delivery.status === 'delivered');
  const list = ['delivery', 'list', '--webhook', String(webhookId), '--event-type', 'everhook.test'];
  expect(await text([...list, '--status', 'delivered', '--limit', '1'])).toMatch(new RegExp(`\n${id}  delivered  `));
  expect(await json([...list, '--status', 'failed'])).toMatchObject({ data: [] });
  expect(await json([...list, '--error-class', 'http_status'])).toMatchObject({ data: [] });

  status = 503;
  const redelivery = /^A new delivery is on its way: (\S+)\n$/.exec(await text(['delivery', 'retry', id]))?.[1] ?? '';
  await deliveryThat(redelivery, ({ attempts }) => Array.isArray(attempts) && attempts.length === 1);
  expect(await text([...list, '--error-class', 'http_status'])).toMatch(
    new RegExp(`\n${redelivery}  pending +http_status  everhook.test .*\n$`),
  );
  expect(await text(['delivery', 'cancel', redelivery])).toBe(`Delivery ${redelivery} is being cancelled.\n`);
  await deliveryThat(redelivery, (delivery) => delivery.status === 'cancelled');
  const tooLate = await everhook(['delivery', 'cancel', redelivery], { env });
  expect(tooLate.exitCode).toBe(1);
  expect(tooLate.stderr).toMatch(/^everhook: HTTP 409 /);
  status = 200;
});

test('how the deliveries of a webhook went is shown, and what failed is counted before it is made again', async () => {
  const { id } = await newWebhook();
  const stats = await text(['webhook', 'stats', String(id), '--since', '1h']);
  expect(stats).toMatch(/^since +\S+\ndelivered +0\nfailed +0\npending +0\ncancelled +0\n$/);
  const recover = ['webhook', 'recover', String(id), '--since', '1h'];
  expect(await text([...recover, '--dry-run'])).toBe('0 deliveries would be made again.\n');
  expect(await json(recover)).toEqual({ count: 0 });
});

test('a token does instead of client id and secret; a wrong one is a wrong setting', async () => {
  const answer = await fetch(`${env.EVERHOOK_URL}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: env.EVERHOOK_CLIENT_ID ?? '',
      client_secret: env.EVERHOOK_CLIENT_SECRET ?? '',
    }),
  });
  const { access_token: EVERHOOK_TOKEN } = (await answer.json()) as { access_token: string };
  const { EVERHOOK_URL } = env;
  expect((await everhook(['webhook', 'list'], { env: { EVERHOOK_URL, EVERHOOK_TOKEN } })).exitCode).toBe(0);
  const wrong = await everhook(['webhook', 'list'], { env: { EVERHOOK_URL, EVERHOOK_TOKEN: 'wrong' } });
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/^everhook: EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID .* is not right: HTTP 401 .*\n$/);
  const wrongSecret = await everhook(['webhook', 'list'], { env: { ...env, EVERHOOK_CLIENT_SECRET: 'wrong' } });
  expect(wrongSecret.exitCode).toBe(2);
  expect(wrongSecret.stderr).toMatch(/is not right: HTTP 401 invalid_client: .*\n$/);
});
