import type { ServerResponse } from 'node:http';
import { canary } from '../store/stores';
import { startDnsServer, type DnsServer } from '../support/dns-server';
import { startReceiver, type HttpReceiver, type ReceivedRequest } from '../support/receivers';
import { createAuthority, selfSigned, type Authority } from '../support/tls';
import { openEngine, type Engine } from './engine';

type Respond = (request: ReceivedRequest, response: ServerResponse) => void;

let engine: Engine;
let authority: Authority;
let dns: DnsServer;
/** Both on TLS, under names that resolve to loopback. */
let tokenServer: HttpReceiver;
let target: HttpReceiver;
let giveToken: Respond;
let issued: number;

const issue =
  (rest: object): Respond =>
  (_request, response) => {
    issued += 1;
    response.end(JSON.stringify({ access_token: `token-${issued}`, token_type: 'Bearer', expires_in: 3_600, ...rest }));
  };

beforeAll(async () => {
  engine = await openEngine();
  authority = await createAuthority();
  dns = await startDnsServer({
    'tokens.test': { a: ['127.0.0.1'], ttl: 60 },
    'hooks.test': { a: ['127.0.0.1'], ttl: 60 },
    'inside.test': { a: ['10.0.0.5'], ttl: 60 },
  });
  tokenServer = await startReceiver(
    (request, response) => giveToken(request, response),
    await authority.issue('tokens.test'),
  );
  target = await startReceiver(undefined, await authority.issue('hooks.test'));
});

afterAll(async () => {
  await Promise.all([tokenServer.close(), target.close(), dns.close()]);
  await engine.close();
});

beforeEach(() => {
  issued = 0;
  giveToken = issue({});
  tokenServer.requests.length = 0;
  target.requests.length = 0;
});

const tokens = () => `https://tokens.test:${tokenServer.port}`;
const hooks = () => `https://hooks.test:${target.port}`;
const worker = (allow = [tokens(), hooks()]) =>
  engine.worker({ allow, dnsServers: [dns.address], extraCa: [authority.ca] });
const bearers = () => target.requests.map(({ headers }) => headers.authorization);

async function protectedDelivery(tokenUrl = `${tokens()}/token`) {
  const { secret } = canary();
  const auth = { type: 'client_credential', clientId: 'client', clientSecret: secret, tokenUrl } as const;
  return engine.deliveryTo(`${hooks()}/in`, { auth });
}

it('a token is got over TLS and kept for the next delivery', async () => {
  const delivery = await protectedDelivery();
  const one = worker();
  expect((await one.attemptDelivery(delivery.request())).outcome).toEqual({ kind: 'delivered' });
  const { toStart } = await engine.stores.publish(engine.tenantId, { webhookId: delivery.webhookId });
  const deliveryId = toStart[0]?.deliveryId ?? '';
  await one.attemptDelivery({ tenantId: engine.tenantId, deliveryId, number: 1, nextWaitMs: null });
  expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-1']);
  expect(tokenServer.requests).toHaveLength(1);
});

it('a token of short life is used once', async () => {
  giveToken = issue({ expires_in: 29 });
  const delivery = await protectedDelivery();
  const one = worker();
  await one.attemptDelivery(delivery.request());
  const { toStart } = await engine.stores.publish(engine.tenantId, { webhookId: delivery.webhookId });
  const deliveryId = toStart[0]?.deliveryId ?? '';
  await one.attemptDelivery({ tenantId: engine.tenantId, deliveryId, number: 1, nextWaitMs: null });
  expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-2']);
});

it.each<[string, Respond]>([
  ['500', (_request, response) => response.writeHead(500).end('{"access_token":"x"}')],
  ['a page', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ['a redirect to the target', (_request, response) => response.writeHead(307, { location: `${hooks()}/steal` }).end()],
  ['another kind of token', issue({ token_type: 'mac' })],
  ['a kind of token that is no text', issue({ token_type: 7 })],
  ['an oversized token', issue({ access_token: 'x'.repeat(8_193) })],
  ['an oversized answer', issue({ pad: 'x'.repeat(70_000) })],
  [
    'half an answer',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"access_token":"x"', () => response.destroy());
    },
  ],
  ['a hang-up', (_request, response) => void response.destroy()],
  ['nothing', () => {}],
])(
  'a token server on TLS that answers %s fails the attempt as auth_error, and nothing is sent',
  async (_what, respond) => {
    giveToken = respond;
    const delivery = await protectedDelivery();
    const { outcome } = await worker().attemptDelivery(delivery.request());
    expect(outcome).toEqual({ kind: 'refused', errorClass: 'auth_error', statusCode: null });
    const [attempt] = await delivery.attempts();
    expect(attempt).toMatchObject({ errorClass: 'auth_error', statusCode: null });
    expect(attempt?.durationMs).toBeLessThan(6_000);
    expect(tokenServer.requests).toHaveLength(1);
    expect(target.requests).toEqual([]);
  },
);

it.each<[string, () => Promise<HttpReceiver>]>([
  ['signed by itself', async () => startReceiver(issue({}), await selfSigned('tokens.test'))],
  ['for another host', async () => startReceiver(issue({}), await authority.issue('other.test'))],
])('a token server with a certificate %s never sees the client secret', async (_what, start) => {
  const impostor = await start();
  try {
    const origin = `https://tokens.test:${impostor.port}`;
    const delivery = await protectedDelivery(`${origin}/token`);
    const { outcome } = await worker([origin, hooks()]).attemptDelivery(delivery.request());
    expect(outcome).toMatchObject({ errorClass: 'auth_error' });
    expect(impostor.requests).toEqual([]);
    expect(target.requests).toEqual([]);
  } finally {
    await impostor.close();
  }
});

it('a token server whose name leads to a private address is not asked', async () => {
  for (const tokenUrl of ['https://inside.test/token', `${tokens()}/token`]) {
    const delivery = await protectedDelivery(tokenUrl);
    const { outcome } = await worker([hooks()]).attemptDelivery(delivery.request());
    expect(outcome).toMatchObject({ errorClass: 'auth_error' });
  }
  expect(tokenServer.requests).toEqual([]);
  expect(target.requests).toEqual([]);
});
