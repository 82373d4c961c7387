import { connect, type Socket } from 'node:net';
import pino from 'pino';
import { createTemporalLink, type TemporalLink } from '../../src/platform/temporal-link';
import { startTestApi, type TestApi } from '../support/api';
import { codecOf, newEncryptionKey } from '../support/codec';
import { openCredentialEngine, type CredentialEngine } from '../support/credential-engine';
import { startStrictAws } from '../support/aws/strict-aws';
import { eventually } from '../support/everhook';
import { devServer, quietTemporal } from '../support/temporal';
import { basic, configurePortal, wanted } from './portal';

// The portal's paths before real workers, a real Temporal, and an AWS as strict as AWS.
quietTemporal();
process.env.AWS_ACCESS_KEY_ID = 'stand-in';
process.env.AWS_SECRET_ACCESS_KEY = 'stand-in';

const region = 'eu-central-1';
const userPoolId = `${region}_pool`;

let aws: Awaited<ReturnType<typeof startStrictAws>>;
let engine: CredentialEngine;
let link: TemporalLink;
let api: TestApi;
/** What happens between a credential's becoming active and the writing of the answer. */
let beforeTheAnswer = async () => {};

beforeAll(async () => {
  aws = await startStrictAws();
  const { gateway, cognito } = aws.region(region);
  gateway.plans.set('plan1', {
    id: 'plan1',
    name: 'plan1',
    apiStages: [{ apiId: 'api1', stage: 'one' }],
    keys: new Set(),
  });
  const resourceServers = new Map([['rs', ['read']]]);
  cognito.pools.set(userPoolId, { id: userPoolId, domain: 'login', resourceServers, clients: new Map() });

  engine = await openCredentialEngine({ endpoint: aws.url });
  const { portals, credentials } = engine.stores;
  link = createTemporalLink({
    address: devServer().address,
    namespace: 'default',
    taskQueue: engine.taskQueue,
    sweepIntervalMs: 3_600_000,
    awsSweepIntervalMs: 3_600_000,
    retentionIntervalMs: 3_600_000,
    eagerStart: false,
    codec: codecOf(newEncryptionKey()),
    log: pino({ level: 'silent' }),
  });
  await link.connected;
  api = await startTestApi({
    overrides: {
      portals,
      credentials: {
        ...credentials,
        async handOver(operation) {
          const isHandedOver = await credentials.handOver(operation);
          await beforeTheAnswer();
          return isHandedOver;
        },
      },
      credentialRuns: engine.runs,
      credentialSecrets: engine.secrets,
      workersPoll: link.workersPoll,
    },
  });
  const portal = { tenantId: engine.tenantId, username: 'portal', region, userPoolId };
  await configurePortal(portals, { ...portal, scopes: { byApi: { api1: 'rs/read' }, defaults: [] } });
}, 60_000);
afterAll(async () => {
  await api?.close();
  await link?.close();
  await engine?.close();
  await aws?.stop();
}, 60_000);

const health = () => api.call('GET', '/v1/health', { headers: { authorization: basic() } });
const create = (body: object) =>
  api.call('POST', '/v1/createCredentials', { body, headers: { authorization: basic() } });

/** The ids of what AWS has; a key that is in a plan counts there too. */
function held() {
  const { gateway, cognito } = aws.region(region);
  return {
    keys: [...gateway.keys.keys()],
    inPlan: [...(gateway.plans.get('plan1')?.keys ?? [])],
    clients: [...(cognito.pools.get(userPoolId)?.clients.keys() ?? [])],
  };
}
const nothing = { keys: [], inPlan: [], clients: [] };

/** Sends a creation as a portal does that will not be there for the answer. */
function send(body: object): Socket {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  const text = JSON.stringify(body);
  socket.write(
    `POST /v1/createCredentials HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic()}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return socket;
}

it('health is 503 and names the worker until one polls both queues', async () => {
  expect(await health()).toMatchObject({ status: 503, json: { message: 'Not available: worker.' } });
  await engine.startWorkers();
  await eventually(health, ({ status }) => status === 204);
}, 60_000);

it.each(['API_KEY', 'CLIENT_CREDENTIALS'] as const)(
  'a caller that is gone when the answer is written leaves nothing, and the same request gets another one: %s',
  async (credentialType) => {
    const request = { ...wanted(`gone-${credentialType}`), credentialType };
    const lost = await new Promise<typeof nothing>((resolve) => {
      beforeTheAnswer = async () => {
        beforeTheAnswer = async () => {};
        const then = held();
        socket.destroy();
        // What came before this request has been seen by the server when it is answered.
        await api.call('GET', '/livez');
        resolve(then as typeof nothing);
      };
      const socket = send(request);
    });
    expect([...lost.keys, ...lost.clients]).toHaveLength(1);

    const { credentials } = engine.stores;
    const { appSlug } = request;
    // It is on its way out while the portal asks again.
    const again = await create(request);
    expect(again.status).toBe(200);
    const { apiKeyId, clientId } = again.json as { apiKeyId?: string; clientId?: string };
    const isKey = credentialType === 'API_KEY';
    const wantedNow = {
      keys: isKey ? [apiKeyId] : [],
      inPlan: isKey ? [apiKeyId] : [],
      clients: isKey ? [] : [clientId],
    };
    expect(lost).not.toEqual(wantedNow);
    expect(
      await eventually(
        async () => held(),
        (now) => now.keys.length + now.clients.length === 1,
      ),
    ).toEqual(wantedNow);

    const { data } = await credentials.list(engine.tenantId, { limit: 10 });
    const of = data.filter((one) => one.appSlug === appSlug);
    expect(of.map(({ status }) => status)).toEqual(['active', 'failed']);
    const { data: entries } = await engine.stores.audit.list(engine.tenantId, { limit: 10 });
    expect(entries.filter(({ objectId }) => objectId === of[1]?.id).map(({ action }) => action)).toEqual([
      'credential.take_back',
      'credential.create',
    ]);

    const reference = isKey ? { apiKeyId } : { clientId };
    const headers = { authorization: basic() };
    expect((await api.call('POST', '/v1/revokeCredentials', { body: reference, headers })).status).toBe(204);
    expect(
      await eventually(
        async () => held(),
        (now) => now.keys.length + now.clients.length === 0,
      ),
    ).toEqual(nothing);
  },
  60_000,
);
