import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { JsonObject } from '../../src/domain/event';
import { findEventType } from '../../src/domain/event-catalogue';
import { operationalEventTypes } from '../../src/domain/operational-events';
import { createDatabase, type Database } from '../../src/store/database';
import { verifyStandardWebhooks } from '../../src/verify';
import { everhookJson } from '../cli/everhook';
import { startFaultProxy, type FaultProxy } from '../support/aws/fault-proxy';
import { createStrictAccount, type StrictAccount } from '../support/aws/strict-aws';
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
import { devServer, testTaskQueue } from '../support/temporal';

jest.setTimeout(180_000);

const server = devServer();
const region = 'eu-central-1';
let testDatabase: TestDatabase;
let database: Database;
let aws: StrictAccount;
let proxy: FaultProxy;
let everhook: EverhookProcess;
let tenantId: string;
let api: TenantApi;
/** Of the webhook that wants to know. */
let operations: HttpReceiver;
let secret: string;
/** Of the one whose troubles it is told of. */
let receiver: HttpReceiver;
let webhookId: string;
let status = 500;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url);
  aws = createStrictAccount();
  proxy = await startFaultProxy((call) => Promise.resolve(aws.answer(call)));
  receiver = await startReceiver((_request, response) => response.writeHead(status).end());
  operations = await startReceiver();
  const surroundings: Surroundings = {
    databaseUrl: testDatabase.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [receiver.url, operations.url],
    settings: {
      ...{ SWEEP_INTERVAL: '1s', DISABLE_FAILING_AFTER: '5d' },
      ...{ AWS_ENDPOINT_URL: proxy.url, AWS_REGION: region, AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' },
    },
  };
  everhook = await startEverhook('start', surroundings);
  const tenant = await createTenant(surroundings);
  tenantId = tenant.tenantId;
  api = await tenantApi(() => everhook.url, tenant);
  const register = async (body: object) => (await api.call<Registered>('POST', '/api/v1/webhooks', body)).body;
  const target = { targetUrl: receiver.url, events: ['everhook.test'], description: 'orders', maxRetries: 0 };
  webhookId = (await register(target)).id;
  ({ secret } = await register({ targetUrl: operations.url, events: [...operationalEventTypes] }));
});

afterAll(async () => {
  await everhook?.stop();
  await Promise.all([receiver.close(), operations.close(), proxy.stop(), server.close()]);
  await database.destroy();
  await testDatabase.drop();
});

interface Registered {
  id: string;
  secret: string;
}

async function publish(): Promise<void> {
  expect((await api.call('POST', '/api/v1/events', { type: 'everhook.test', payload: {} })).status).toBe(202);
}

/** The first POST of this type: its signature holds, and its payload is as the catalogue says. */
async function told(type: (typeof operationalEventTypes)[number]): Promise<JsonObject> {
  const events = () => operations.requests.map((request) => verifyStandardWebhooks({ ...request, secrets: secret }));
  const found = await eventually(
    () => Promise.resolve(events().find((event) => event.type === type)),
    (event) => event !== undefined,
    60_000,
  );
  const ajv = new Ajv2020({ strict: true });
  addFormats(ajv);
  const valid = ajv.compile(findEventType(type)?.schema ?? false);
  valid(found?.payload);
  expect(valid.errors).toBeNull();
  return found?.payload ?? {};
}

const failingSince = () =>
  database('webhooks').where({ id: webhookId }).first<{ failing_since: Date | null }>('failing_since');

it('deliveries that failed for good are told', async () => {
  for (let one = 0; one < 5; one += 1) await publish();
  const payload = await told('delivery.failed');
  expect(payload).toMatchObject({ webhookId, contract: 'everhook', description: 'orders' });
  expect(payload.deliveries).toEqual(
    expect.arrayContaining([expect.objectContaining({ eventType: 'everhook.test', errorClass: 'http_status' })]),
  );
});

it('a webhook that was disabled for failing is told of, and that it answers again', async () => {
  await eventually(failingSince, (row) => Boolean(row?.failing_since));
  // Five deliveries have failed by then: fewer prove nothing.
  const failed = { webhook_id: webhookId, status: 'failed' };
  await eventually(
    () => database('deliveries').where(failed).select('id'),
    (rows) => rows.length === 5,
  );
  const longAgo = new Date(Date.now() - 6 * 24 * 3_600_000);
  await database('webhooks').where({ id: webhookId }).update({ failing_since: longAgo });
  await publish();
  const since = { webhookId, failingSince: longAgo.toISOString() };
  expect(await told('webhook.disabled')).toMatchObject({ ...since, reason: 'failing' });

  status = 204;
  expect((await api.call('PATCH', `/api/v1/webhooks/${webhookId}`, { disabled: false })).status).toBe(200);
  await publish();
  expect(await told('webhook.recovered')).toMatchObject(since);
});

it('a credential that could not be undone is told of', async () => {
  aws.region(region).gateway.plans.set('gold', {
    id: 'gold',
    name: 'gold',
    apiStages: [{ apiId: 'orders', stage: 'prod' }],
    keys: new Set(),
  });
  const configure = ['sensedia', 'configure', '--tenant', tenantId, '--username', 'portal', '--password-stdin'];
  const options = { env: { DATABASE_URL: testDatabase.url }, input: 's3cret\n' };
  await everhookJson([...configure, '--credential-type', 'API_KEY'], options);
  proxy.begin(region, [
    { kind: 'refused', operation: 'UpdateApiKey', nth: 1 },
    { kind: 'refused', operation: 'DeleteApiKey', nth: 1, lasting: 'operation' },
  ]);
  const call = (path: string, body?: object) =>
    fetch(`${everhook.url}/v1/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Basic ${Buffer.from('portal:s3cret').toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  await eventually(
    () => call('health'),
    ({ ok }) => ok,
    60_000,
  );
  const apis = [{ id: 'orders', usagePlans: [{ id: 'gold' }] }];
  const refused = await call('createCredentials', { appName: 'app', developer: 'dev@example.com', apis });
  expect(refused.ok).toBe(false);
  const payload = await told('credential.compensation_failed');
  expect(payload).toMatchObject({ credentialType: 'API_KEY' });
  const { body } = await api.call('GET', `/api/v1/credentials/${String(payload.credentialId)}`);
  expect(body).toMatchObject({ id: payload.credentialId, status: 'compensation_failed' });
});
