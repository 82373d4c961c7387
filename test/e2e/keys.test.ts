import { randomBytes } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { logToStderr } from '../../scripts/local-stack/log';
import { startMoto, type RunningMoto } from '../../scripts/local-stack/moto';
import { everhookJson } from '../cli/everhook';
import { startFaultProxy, type FaultProxy } from '../support/aws/fault-proxy';
import { forwardTo } from '../support/aws/forward';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

interface Delivery {
  status: string;
  attempts: { number: number; errorClass: string | null }[];
}

const region = 'eu-central-1';
const local = `local:${randomBytes(32).toString('base64')}`;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const server = devServer();
const received: { path: string; headers: Record<string, string>; body: string }[] = [];
let database: TestDatabase;
let moto: RunningMoto;
let kms: FaultProxy;
let inKms: string;
let receiver: HttpReceiver;
let surroundings: Surroundings;
let everhook: EverhookProcess | undefined;
let api: TenantApi;

beforeAll(async () => {
  quietTemporal();
  [database, moto] = await Promise.all([createTestDatabase(), startMoto({ log: logToStderr })]);
  kms = await startFaultProxy((call) => forwardTo(moto.url, call));
  const admin = new KMSClient({ endpoint: moto.url, region, credentials });
  const { KeyMetadata } = await admin.send(new CreateKeyCommand({}));
  admin.destroy();
  inKms = `aws:kms:${KeyMetadata?.Arn}`;
  receiver = await startReceiver(({ path, headers, body }, response) => {
    received.push({ path, headers: headers as Record<string, string>, body: body.toString() });
    response.writeHead(204).end();
  });
  surroundings = {
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [receiver.url],
    settings: { AWS_ENDPOINT_URL: kms.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  };
  await startWith(local);
  api = await tenantApi(() => everhook?.url ?? '', await createTenant(surroundings));
}, 120_000);

afterAll(async () => {
  await everhook?.stop();
  await receiver?.close();
  await kms?.stop();
  await moto?.stop();
  await server.close();
  await database?.drop();
});

const envOf = (...keys: string[]) => ({ ...surroundings.settings, ENCRYPTION_KEYS: keys.join() });

async function startWith(...keys: string[]) {
  await everhook?.stop();
  everhook = await startEverhook('start', { ...surroundings, settings: envOf(...keys) });
}

const keysCommand = (command: string, ...keys: string[]) =>
  everhookJson(['keys', command], { env: { ...envOf(...keys), DATABASE_URL: database.url } }) as Promise<{
    keys: { kid: string; stored: number }[];
  }>;

async function register(path: string) {
  const auth = { type: 'basic', username: 'user', password: `password of ${path}` };
  const body = { targetUrl: receiver.url + path, events: ['everhook.test'], auth };
  const answer = await api.call<{ id: string; secret: string }>('POST', '/api/v1/webhooks', body);
  return { path, status: answer.status, ...answer.body };
}

async function publish(webhookId: string) {
  const event = { type: 'everhook.test', payload: { message: 'hello' }, webhookId };
  const { body } = await api.call<{ id: string; deliveries: { id: string }[] }>('POST', '/api/v1/events', event);
  return { eventId: body.id, deliveryId: body.deliveries[0]?.id ?? '' };
}

const read = async (deliveryId: string) => (await api.call<Delivery>('GET', `/api/v1/deliveries/${deliveryId}`)).body;

/** Delivered at the first attempt, with the webhook's own password and signature. */
async function expectDelivered(
  { path, secret }: { path: string; secret: string },
  of: Awaited<ReturnType<typeof publish>>,
) {
  const { attempts } = await eventually(
    () => read(of.deliveryId),
    ({ status }) => status === 'delivered',
    60_000,
  );
  expect(attempts).toMatchObject([{ number: 1, errorClass: null }]);
  const request = received.find(({ headers }) => headers['webhook-id'] === of.eventId);
  const basic = Buffer.from(`user:password of ${path}`).toString('base64');
  expect(request).toMatchObject({ path, headers: { authorization: `Basic ${basic}` } });
  expect(new StandardWebhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toBeTruthy();
}

it('a rotation to KMS under load: nothing is lost, and in the end the old key is not needed', async () => {
  const webhook = await register('/before');
  await expectDelivered(webhook, await publish(webhook.id));

  await startWith(inKms, local);
  const rewrapping = keysCommand('rewrap', inKms, local);
  const published = [];
  for (let done = false; !done;) {
    published.push(await publish(webhook.id));
    done = await Promise.race([
      rewrapping.then(() => true),
      new Promise<false>((go) => setTimeout(() => go(false), 50)),
    ]);
  }
  expect((await rewrapping).keys.map(({ kid, stored }) => [kid, stored > 0])).toEqual([
    ['aws', true],
    ['local', false],
  ]);

  await startWith(inKms);
  kms.begin(region, []);
  for (let more = 0; more < 10; more += 1) published.push(await publish(webhook.id));
  for (const one of published) await expectDelivered(webhook, one);
  // One for what has to be opened, not one for each delivery: the webhook's secrets, and keys of payloads of before.
  const calls = kms.calls(region);
  expect(new Set(calls)).toEqual(new Set(['Decrypt']));
  expect(calls.length).toBeLessThan(10);
}, 180_000);

it('KMS away: what needs it is answered 503 or waits without counting an attempt, and goes on afterwards', async () => {
  const webhook = await register('/kms');
  const struck = new Promise<void>((resolve) => {
    kms.begin(
      region,
      [
        { kind: 'breaks', operation: 'Decrypt', nth: 1, lasting: 'operation' },
        { kind: 'breaks', operation: 'Encrypt', nth: 1, lasting: 'operation' },
      ],
      () => resolve(),
    );
  });
  const waiting = await publish(webhook.id);
  await struck;
  expect((await register('/away')).status).toBe(503);
  expect(await read(waiting.deliveryId)).toMatchObject({ status: 'pending', attempts: [] });
  kms.lift(region);
  await expectDelivered(webhook, waiting);
  expect((await register('/again')).status).toBe(201);
}, 120_000);
