import {
  APIGatewayClient,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  GetApiKeyCommand,
} from '@aws-sdk/client-api-gateway';
import { logToStderr } from '../../scripts/local-stack/log';
import { startMoto, type RunningMoto } from '../../scripts/local-stack/moto';
import { everhookJson } from '../cli/everhook';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createTenant, eventually, startEverhook, type EverhookProcess, type Surroundings } from '../support/everhook';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

const server = devServer();
const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const authorization = `Basic ${Buffer.from('portal:s3cret').toString('base64')}`;
let database: TestDatabase;
let moto: RunningMoto;
let everhook: EverhookProcess;
let gateway: APIGatewayClient;

beforeAll(async () => {
  quietTemporal();
  [database, moto] = await Promise.all([createTestDatabase(), startMoto({ log: logToStderr })]);
  const surroundings: Surroundings = {
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [],
    settings: { ...aws, AWS_ENDPOINT_URL: moto.url },
  };
  gateway = new APIGatewayClient({
    endpoint: moto.url,
    region: aws.AWS_REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  everhook = await startEverhook('start', surroundings);
  const { tenantId } = await createTenant(surroundings);
  const configure = ['sensedia', 'configure', '--tenant', tenantId, '--username', 'portal', '--password-stdin'];
  const options = { env: { DATABASE_URL: database.url }, input: 's3cret\n' };
  const configured = await everhookJson([...configure, '--credential-type', 'API_KEY'], options);
  expect(configured).toMatchObject({ tenantId, username: 'portal', credentialType: 'API_KEY', scopes: {} });
}, 120_000);

afterAll(async () => {
  await everhook?.stop();
  gateway?.destroy();
  await moto?.stop();
  await server.close();
  await database?.drop();
});

const call = (path: string, body?: object) =>
  fetch(`${everhook.url}/v1/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });

test('a portal gets an API key that AWS has, and revokes it', async () => {
  const { id: apiId = '' } = await gateway.send(new CreateRestApiCommand({ name: 'orders' }));
  const plan = await gateway.send(new CreateUsagePlanCommand({ name: 'gold', apiStages: [{ apiId, stage: 'prod' }] }));
  // Moments after it says so a worker's first poll is known to Temporal.
  await eventually(
    () => call('health'),
    ({ status }) => status === 204,
  );
  const request = {
    appName: 'my new aws app',
    developer: 'dev@example.com',
    apis: [{ id: apiId, usagePlans: [{ id: plan.id }] }],
  };
  const created = await call('createCredentials', request);
  expect(created.status).toBe(200);
  const made = (await created.json()) as { apiKeyId: string; apiKey: string };
  const key = () => gateway.send(new GetApiKeyCommand({ apiKey: made.apiKeyId, includeValue: true }));
  expect(await key()).toMatchObject({ enabled: true, value: made.apiKey });
  expect(await (await call('createCredentials', request)).json()).toEqual({ credentialType: 'API_KEY', ...made });
  const refused = await call('createCredentials', {
    ...request,
    appName: 'other',
    apis: [{ id: apiId, usagePlans: [{ id: 'none' }] }],
  });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([422, 'unknown_usage_plan']);
  expect((await call('revokeCredentials', { apiKeyId: made.apiKeyId })).status).toBe(204);
  const isGone = async () =>
    key().then(
      ({ enabled }) => enabled === false,
      () => true,
    );
  expect(await isGone()).toBe(true);
  expect(everhook.output()).not.toContain(made.apiKey);
}, 60_000);
