import type { ServerResponse } from 'node:http';
import { entry, canary } from '../store/stores';
import { startReceiver, type HttpReceiver, type ReceivedRequest } from '../support/receivers';
import { openEngine, type Engine } from './engine';

type Respond = (request: ReceivedRequest, response: ServerResponse) => void;

let engine: Engine;
let tokenServer: HttpReceiver;
let target: HttpReceiver;
let giveToken: Respond;
let takeRequest: Respond;
let issued: number;

/** Tokens named by number, good for an hour unless said otherwise. */
const issue =
  (rest: object = { expires_in: 3_600 }): Respond =>
  (_request, response) => {
    issued += 1;
    const answer = { access_token: `token-${issued}`, token_type: 'Bearer', ...rest };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };

beforeAll(async () => {
  engine = await openEngine();
  tokenServer = await startReceiver((request, response) => giveToken(request, response));
  target = await startReceiver((request, response) => takeRequest(request, response));
});

afterAll(async () => {
  await Promise.all([tokenServer.close(), target.close()]);
  await engine.close();
});

beforeEach(() => {
  issued = 0;
  giveToken = issue();
  takeRequest = (_request, response) => response.end();
  tokenServer.requests.length = 0;
  target.requests.length = 0;
});

const worker = () => engine.worker({ allow: [tokenServer, target] });

async function protectedDelivery(change: { clientId?: string; tokenUrl?: string } = {}) {
  const { secret, text } = canary();
  const { clientId = 'client', tokenUrl = `${tokenServer.url}/token?realm=x` } = change;
  const auth = { type: 'client_credential', clientId, clientSecret: secret, tokenUrl } as const;
  return { ...(await engine.deliveryTo(target.url, { auth })), clientSecret: text };
}

/** Further deliveries of the same webhook. */
async function another(webhookId: string) {
  const { toStart } = await engine.stores.publish(engine.tenantId, { webhookId });
  return { tenantId: engine.tenantId, deliveryId: toStart[0]?.deliveryId ?? '', number: 1, nextWaitMs: 2_000 };
}

const bearers = () => target.requests.map(({ headers }) => headers.authorization);

describe('OAuth 2 client credentials', () => {
  it('get a token as RFC 6749 has it and send it as Bearer', async () => {
    const delivery = await protectedDelivery({ clientId: 'id:with ä&=' });
    expect((await worker().attemptDelivery(delivery.request())).outcome).toEqual({ kind: 'delivered' });
    expect(bearers()).toEqual(['Bearer token-1']);
    const [request] = tokenServer.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/token?realm=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    });
    expect(Object.fromEntries(new URLSearchParams(request?.body.toString()))).toEqual({
      grant_type: 'client_credentials',
    });
    const basic = Buffer.from(request?.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    expect(basic).toBe(`id%3Awith+%C3%A4%26%3D:${delivery.clientSecret}`);
  });

  it('use one token for many deliveries, which ask for it once however many begin together', async () => {
    const delivery = await protectedDelivery();
    const requests = [delivery.request(), ...(await Promise.all([1, 2, 3, 4].map(() => another(delivery.webhookId))))];
    const one = worker();
    await Promise.all(requests.map((request) => one.attemptDelivery(request)));
    await one.attemptDelivery(await another(delivery.webhookId));
    expect(tokenServer.requests).toHaveLength(1);
    expect(bearers()).toEqual(Array(6).fill('Bearer token-1'));
  });

  it('keep tokens of webhooks apart', async () => {
    const one = worker();
    for (const delivery of [await protectedDelivery(), await protectedDelivery()]) {
      await one.attemptDelivery(delivery.request());
    }
    expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each([
    ['expires within 30 s', { expires_in: 30 }],
    ['does not say how long it lives', { expires_in: undefined }],
    ['lives for a negative time', { expires_in: -1 }],
    ['lives for what is no number', { expires_in: 'soon' }],
  ])('use a token once that %s', async (_name, rest) => {
    giveToken = issue(rest);
    const delivery = await protectedDelivery();
    const one = worker();
    await one.attemptDelivery(delivery.request());
    await one.attemptDelivery(await another(delivery.webhookId));
    expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each([
    ['as text', { expires_in: '3600' }],
    ['with a fraction', { expires_in: 3_600.5 }],
    ['of a hundred years', { expires_in: 3_155_760_000 }],
  ])('keep a token whose lifetime is written %s', async (_name, rest) => {
    giveToken = issue(rest);
    const delivery = await protectedDelivery();
    const one = worker();
    await one.attemptDelivery(delivery.request());
    await one.attemptDelivery(await another(delivery.webhookId));
    expect(tokenServer.requests).toHaveLength(1);
  });

  it.each<[string, Respond]>([
    ['500', (_request, response) => response.writeHead(500).end('{"access_token":"x"}')],
    ['400', (_request, response) => response.writeHead(400).end('{"access_token":"x"}')],
    ['a page', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['nothing', (_request, response) => response.writeHead(200).end()],
    ['no token', (_request, response) => response.writeHead(200).end('{"expires_in":3600}')],
    ['a token with a line break', (_request, response) => response.end('{"access_token":"a\\r\\nx: y"}')],
    ['another kind of token', (_request, response) => response.end('{"access_token":"a","token_type":"mac"}')],
    ['a list', (_request, response) => response.end('[]')],
    ['too much', (_request, response) => response.end(`{"access_token":"a","pad":"${'x'.repeat(70_000)}"}`)],
    ['a hang-up', (_request, response) => void response.destroy()],
  ])('end the attempt as auth_error, nothing being sent, when the token server answers %s', async (_name, respond) => {
    giveToken = respond;
    const delivery = await protectedDelivery();
    const { outcome } = await worker().attemptDelivery(delivery.request());
    expect(outcome).toEqual({ kind: 'refused', errorClass: 'auth_error', statusCode: null });
    expect(target.requests).toEqual([]);
    expect(await delivery.attempts()).toMatchObject([{ errorClass: 'auth_error', statusCode: null }]);
    // The next attempt asks anew.
    giveToken = issue();
    expect((await worker().attemptDelivery(delivery.request(2))).outcome).toEqual({ kind: 'delivered' });
  });

  it('do not follow the token server elsewhere with their secret', async () => {
    giveToken = (_request, response) => response.writeHead(307, { location: `${target.url}/steal` }).end();
    const delivery = await protectedDelivery();
    expect((await worker().attemptDelivery(delivery.request())).outcome).toMatchObject({ errorClass: 'auth_error' });
    expect(target.requests).toEqual([]);
    expect(tokenServer.requests).toHaveLength(1);
  });

  it('wait three seconds for a token server that hangs', async () => {
    giveToken = () => {};
    const delivery = await protectedDelivery();
    const { outcome } = await worker().attemptDelivery(delivery.request());
    expect(outcome).toMatchObject({ errorClass: 'auth_error' });
    const [attempt] = await delivery.attempts();
    expect(attempt?.durationMs).toBeGreaterThanOrEqual(2_990);
    expect(attempt?.durationMs).toBeLessThan(6_000);
  });

  it('ask no token server at a private address', async () => {
    const delivery = await protectedDelivery();
    const { outcome } = await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
    expect(outcome).toMatchObject({ errorClass: 'auth_error' });
    expect(tokenServer.requests).toEqual([]);
    expect(target.requests).toEqual([]);
  });

  it('answer a 401 with a fresh token and one more request', async () => {
    const delivery = await protectedDelivery();
    const one = worker();
    await one.attemptDelivery(delivery.request());
    takeRequest = ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 200).end();
    expect((await one.attemptDelivery(await another(delivery.webhookId))).outcome).toEqual({ kind: 'delivered' });
    expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
    await one.attemptDelivery(await another(delivery.webhookId));
    expect(bearers().at(-1)).toBe('Bearer token-2');
  });

  it('take a second 401 for an answer', async () => {
    takeRequest = (_request, response) => response.writeHead(401).end();
    const delivery = await protectedDelivery();
    const { outcome } = await worker().attemptDelivery(delivery.request());
    expect(outcome).toEqual({ kind: 'refused', errorClass: 'http_status', statusCode: 401 });
    expect(bearers()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('are an auth_error when the token of a 401 can not be replaced', async () => {
    const delivery = await protectedDelivery();
    takeRequest = (_request, response) => {
      giveToken = (_asked, answer) => answer.writeHead(500).end();
      response.writeHead(401).end();
    };
    const { outcome } = await worker().attemptDelivery(delivery.request());
    expect(outcome).toMatchObject({ kind: 'refused', errorClass: 'auth_error' });
    expect(bearers()).toEqual(['Bearer token-1']);
  });

  it('renew a revoked token once for many deliveries that are told 401, also for the one told last', async () => {
    const delivery = await protectedDelivery();
    const one = worker();
    await one.attemptDelivery(delivery.request());
    // The second 401 is held back until the first delivery has its new token.
    let held: (() => void) | undefined;
    takeRequest = ({ headers }, response) => {
      const refuse = () => response.writeHead(401).end();
      if (headers.authorization !== 'Bearer token-1') {
        response.end();
        held?.();
        held = () => {};
      } else if (held) refuse();
      else held = refuse;
    };
    const requests = [await another(delivery.webhookId), await another(delivery.webhookId)];
    const reports = await Promise.all(requests.map((request) => one.attemptDelivery(request)));
    expect(reports.map(({ outcome }) => outcome.kind)).toEqual(['delivered', 'delivered']);
    expect(tokenServer.requests).toHaveLength(2);
  });

  it('share no token between an old and a new worker, but ask with the stored secret', async () => {
    const delivery = await protectedDelivery();
    await worker().attemptDelivery(delivery.request());
    await worker().attemptDelivery(await another(delivery.webhookId));
    expect(tokenServer.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill(tokenServer.requests[0]?.headers.authorization),
    );
  });

  it('end as auth_error when the secret is gone', async () => {
    const delivery = await protectedDelivery();
    await engine.stores.database('webhook_secrets').where({ webhook_id: delivery.webhookId, field: 'auth' }).delete();
    expect((await worker().attemptDelivery(delivery.request())).outcome).toMatchObject({ errorClass: 'auth_error' });
    expect(target.requests).toEqual([]);
    expect(tokenServer.requests).toEqual([]);
  });

  it('are given up with the worker, without an attempt being counted', async () => {
    const shutdown = new AbortController();
    giveToken = () => shutdown.abort(new Error('the worker is shutting down'));
    const delivery = await protectedDelivery();
    const leaving = engine.worker({ allow: [tokenServer, target], shutdown: shutdown.signal });
    await expect(leaving.attemptDelivery(delivery.request())).rejects.toThrow('shutting down');
    expect(await delivery.attempts()).toEqual([]);
    await engine.stores.webhooks.remove(engine.tenantId, delivery.webhookId, entry(engine.tenantId, 'x'));
  });

  it('leave neither secret nor token in the log', async () => {
    engine.logged.length = 0;
    takeRequest = (_request, response) => response.writeHead(401).end();
    const delivery = await protectedDelivery();
    await worker().attemptDelivery(delivery.request());
    giveToken = (_request, response) => response.writeHead(500).end(`${delivery.clientSecret}`);
    await worker().attemptDelivery(await another(delivery.webhookId));
    expect(engine.logged.length).toBeGreaterThan(1);
    expect(engine.logged.join('')).not.toContain(delivery.clientSecret);
    expect(engine.logged.join('')).not.toMatch(/token-\d/);
  });
});
