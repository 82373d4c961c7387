import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
  type TenantCredentials,
} from '../support/everhook';
import { startReceiver, type HttpReceiver, type ReceivedRequest } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { createAuthority } from '../support/tls';

interface DeliveryJson {
  status: string;
  attempts: { statusCode: number | null; errorClass: string | null }[];
}

type Respond = (request: ReceivedRequest, response: ServerResponse) => void;

const server = devServer();
let database: TestDatabase;
let directory: string;
/** An HTTPS server of a customer, and the one that issues its tokens. */
let receiver: HttpReceiver;
let tokenServer: HttpReceiver;
let everhook: EverhookProcess;
let credentials: TenantCredentials;
let api: TenantApi;
/** What the receiver answers, by path; 204 otherwise. */
const answers = new Map<string, Respond>();
let issued: number;
let giveToken: Respond;

const localhost = ({ port }: HttpReceiver) => `https://localhost:${port}`;

beforeAll(async () => {
  quietTemporal();
  database = await createTestDatabase();
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-ca-'));
  const authority = await createAuthority();
  const ca = path.join(directory, 'ca.pem');
  await writeFile(ca, authority.ca);
  const identity = await authority.issue('localhost');
  receiver = await startReceiver((request, response) => {
    const answer = answers.get(request.path);
    if (answer) answer(request, response);
    else response.writeHead(204).end();
  }, identity);
  tokenServer = await startReceiver((request, response) => giveToken(request, response), identity);
  const surroundings: Surroundings = {
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [localhost(receiver), localhost(tokenServer)],
    settings: { RETRY_BASE: '100ms', NODE_EXTRA_CA_CERTS: ca },
  };
  everhook = await startEverhook('start', surroundings);
  credentials = await createTenant(surroundings);
  api = await tenantApi(() => everhook.url, credentials);
}, 60_000);

beforeEach(() => {
  issued = 0;
  giveToken = (_request, response) => {
    issued += 1;
    response.end(JSON.stringify({ access_token: `token-${issued}`, token_type: 'Bearer', expires_in: 3600 }));
  };
  tokenServer.requests.length = 0;
});

afterAll(async () => {
  await everhook?.stop();
  await Promise.all([receiver?.close(), tokenServer?.close()]);
  await server.close();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

async function publish(event: object): Promise<{ id: string; deliveries: { id: string; webhookId: string }[] }> {
  const answer = await api.call<{ id: string; deliveries: { id: string; webhookId: string }[] }>(
    'POST',
    '/api/v1/events',
    event,
  );
  expect(answer.status).toBe(202);
  return answer.body;
}

const finished = (id = '') =>
  eventually(
    async () => (await api.call<DeliveryJson>('GET', `/api/v1/deliveries/${id}`)).body,
    ({ status }) => status !== 'pending',
  );
const received = (at: string) => receiver.requests.filter((request) => request.path === at);
const basicOf = (request: ReceivedRequest | undefined) =>
  Buffer.from(request?.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString('utf8');

/** Rotates, which shows the signing secret. */
async function signingSecret(id: string): Promise<string> {
  const { body } = await api.call<{ secret: string }>('POST', `/api/v1/webhooks/${id}/secret/rotate`, {
    graceSeconds: 0,
  });
  return body.secret;
}

function expectSigned(secret: string, request: ReceivedRequest | undefined): void {
  if (!request) throw new Error('nothing arrived');
  new StandardWebhook(secret).verify(request.body.toString(), request.headers as Record<string, string>);
}

describe('ICEYE', () => {
  const purchase = { type: 'purchase.delivered', payload: { purchaseId: 'p-1', status: 'closed', price: 1.5 } };
  const tokenURL = () => `${localhost(tokenServer)}/oauth/token?realm=x`;
  const oauth = () => ({
    type: 'client_credential',
    clientID: 'CLIENT',
    clientSecret: 'canary-client-secret',
    tokenURL: tokenURL(),
  });

  async function register(at: string, auth?: object): Promise<string> {
    const answer = await api.call<{ id: string }>('POST', '/api/notifications/v1/webhooks', {
      targetURL: localhost(receiver) + at,
      ...(auth && { auth }),
    });
    expect(answer.status).toBe(200);
    return answer.body.id;
  }

  it('notifies with Basic authentication, its body to the key, and a signature beside', async () => {
    const id = await register('/iceye/basic?a=b', { type: 'basic', username: 'USER', password: 'canary:pässword' });
    const secret = await signingSecret(id);
    const event = await publish({ ...purchase, webhookId: id, occurredAt: '2026-01-15T10:30:00+01:00' });
    expect(event.deliveries).toMatchObject([{ webhookId: id }]);
    expect(await finished(event.deliveries[0]?.id)).toMatchObject({ status: 'delivered' });
    const [request, ...others] = received('/iceye/basic?a=b');
    expect(others).toEqual([]);
    expect([request?.method, request?.headers['content-type']]).toEqual(['POST', 'application/json']);
    expect(basicOf(request)).toBe('USER:canary:pässword');
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({
      id: event.id,
      type: 'purchase.delivered',
      createdAt: '2026-01-15T09:30:00.000Z',
      webhookId: id,
      data: purchase.payload,
    });
    expect(request?.headers['webhook-id']).toBe(event.id);
    expectSigned(secret, request);
  });

  it('notifies with a token of the OAuth 2 server, which is asked once', async () => {
    const id = await register('/iceye/oauth', oauth());
    for (const purchaseId of ['p-1', 'p-2']) {
      const event = await publish({ ...purchase, payload: { purchaseId, status: 'closed' }, webhookId: id });
      expect(await finished(event.deliveries[0]?.id)).toMatchObject({ status: 'delivered' });
    }
    expect(received('/iceye/oauth').map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill('Bearer token-1'),
    );
    const [asked, ...others] = tokenServer.requests;
    expect(others).toEqual([]);
    expect(asked).toMatchObject({
      method: 'POST',
      path: '/oauth/token?realm=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(asked?.body.toString()).toBe('grant_type=client_credentials');
    expect(basicOf(asked)).toBe('CLIENT:canary-client-secret');
  });

  it('gets one fresh token for a 401, in the same attempt', async () => {
    answers.set('/iceye/revoked', ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 200).end(),
    );
    const id = await register('/iceye/revoked', oauth());
    const event = await publish({ ...purchase, webhookId: id });
    expect(await finished(event.deliveries[0]?.id)).toMatchObject({
      status: 'delivered',
      attempts: [{ statusCode: 200, errorClass: null }],
    });
    expect(received('/iceye/revoked').map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
    expect(issued).toBe(2);
  });

  it('takes no token for a failed attempt, and tries again', async () => {
    const working = giveToken;
    giveToken = (_request, response) => {
      giveToken = working;
      response.writeHead(500).end('canary-client-secret');
    };
    const id = await register('/iceye/later', oauth());
    const event = await publish({ ...purchase, webhookId: id });
    expect(await finished(event.deliveries[0]?.id)).toMatchObject({
      status: 'delivered',
      attempts: [
        { statusCode: null, errorClass: 'auth_error' },
        { statusCode: 204, errorClass: null },
      ],
    });
    expect(received('/iceye/later')).toHaveLength(1);
  });

  it('sends an event for no webhook in particular to every active one, without Authorization when told noauth', async () => {
    const [open, active, off] = [
      await register('/iceye/open', { type: 'noauth' }),
      await register('/iceye/active'),
      await register('/iceye/off'),
    ];
    expect((await api.call('POST', `/api/notifications/v1/webhooks/${off}/deactivate`)).status).toBe(200);
    const event = await publish({ type: 'purchase.failed', payload: { purchaseId: 'p-3', status: 'failed' } });
    const reached = event.deliveries.map(({ webhookId }) => webhookId);
    expect(reached).toEqual(expect.arrayContaining([open, active]));
    expect(reached).not.toContain(off);
    for (const { id } of event.deliveries) expect(await finished(id)).toMatchObject({ status: 'delivered' });
    const [toOpen] = received('/iceye/open');
    expect(toOpen?.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(toOpen?.body.toString() ?? '')).toMatchObject({ id: event.id, webhookId: open });
    expect(received('/iceye/off')).toEqual([]);
  });
});

describe('Celcoin', () => {
  const consent = {
    consentId: 'urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
    status: 'AUTHORISED',
    type: 'DATA',
    createdAt: '2026-01-15T09:30:00.000Z',
    statusUpdateDateTime: '2026-01-15T09:42:00.000Z',
  };

  /** The two calls of the source: a token, and a registration with it. */
  async function register(at: string, more: object): Promise<string> {
    const post = (to: string, body: object, headers: Record<string, string> = {}) =>
      fetch(everhook.url + to, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const { clientId: client_id, clientSecret: client_secret } = credentials;
    const token = await post('/api/portal/onboard/v1/token', { client_id, client_secret });
    const { access_token: accessToken } = (await token.json()) as { access_token: string };
    const registration = { isAuthenticated: false, authenticationType: '', user: '', password: '', type: 'DATA' };
    const registered = await post(
      '/api/smart-keys/interceptors',
      { endpoint: localhost(receiver) + at, ...registration, ...more },
      { Authorization: `Bearer ${accessToken}` },
    );
    expect(registered.status).toBe(201);
    return ((await registered.json()) as { id: string }).id;
  }

  it('sends consents of the registered type with Basic authentication, event and data, and a signature beside', async () => {
    const basic = { isAuthenticated: true, authenticationType: 'basic', user: 'USER', password: 'canary-pässword' };
    const data = await register('/celcoin/data', basic);
    const payment = await register('/celcoin/payment', { type: 'PAYMENT' });
    const secret = await signingSecret(data);
    const event = await publish({ type: 'consent:approved', payload: consent });
    expect(event.deliveries.map(({ webhookId }) => webhookId)).toEqual([data]);
    expect(await finished(event.deliveries[0]?.id)).toMatchObject({ status: 'delivered' });
    const [request, ...others] = received('/celcoin/data');
    expect(others).toEqual([]);
    expect([request?.method, request?.headers['content-type']]).toEqual(['POST', 'application/json']);
    expect(request?.body.toString()).toBe(JSON.stringify({ event: 'consent:approved', data: consent }));
    expect(basicOf(request)).toBe('USER:canary-pässword');
    expect(request?.headers['webhook-id']).toBe(event.id);
    expectSigned(secret, request);

    const paid = await publish({ type: 'consent:revoke', payload: { ...consent, type: 'PAYMENT', status: 'REVOKED' } });
    expect(paid.deliveries.map(({ webhookId }) => webhookId)).toEqual([payment]);
    expect(await finished(paid.deliveries[0]?.id)).toMatchObject({ status: 'delivered' });
    const [toPayment] = received('/celcoin/payment');
    expect(JSON.parse(toPayment?.body.toString() ?? '')).toMatchObject({
      event: 'consent:revoke',
      data: { type: 'PAYMENT' },
    });
    expect(toPayment?.headers).not.toHaveProperty('authorization');
    expect(received('/celcoin/data')).toHaveLength(1);
  });

  it('tries again what the endpoint refused, with the same id', async () => {
    answers.set('/celcoin/flaky', (_request, response) =>
      response.writeHead(received('/celcoin/flaky').length > 1 ? 200 : 503).end(),
    );
    const id = await register('/celcoin/flaky', {});
    const event = await publish({
      type: 'consent:rejected',
      payload: { ...consent, status: 'REJECTED' },
      webhookId: id,
    });
    expect(await finished(event.deliveries[0]?.id)).toMatchObject({
      status: 'delivered',
      attempts: [{ statusCode: 503 }, { statusCode: 200 }],
    });
    expect(received('/celcoin/flaky').map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
  });
});

it('no secret is in what was logged, and no token', () => {
  expect(everhook.output()).toContain('attempt delivered');
  expect(everhook.output()).not.toMatch(/canary|token-\d/);
  expect(everhook.output()).not.toContain(credentials.clientSecret);
});
