import { createClient, isEverhookError, type EverhookClient } from '../../src/client';
import { startTestApi, type TestApi, type TestClient } from '../support/api';
import { startReceiver, type HttpReceiver } from '../support/receivers';

let api: TestApi;
let tenant: TestClient;
let client: EverhookClient;
/** A way to the API that cuts the next answers off once the API has given them: it has done what it was asked for. */
let lossyWay: HttpReceiver;
let answersToLose = 0;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.newClient();
  lossyWay = await startReceiver((request, response) => {
    void (async () => {
      const { method, headers, body } = request;
      const { authorization = '', 'content-type': contentType = '' } = headers;
      const answer = await fetch(api.url + request.path, {
        method,
        headers: { authorization, ...(contentType && { 'content-type': contentType }) },
        ...(body.length > 0 && { body }),
      });
      const text = await answer.text();
      const isLost = method === 'POST' && request.path !== '/oauth2/token' && answersToLose-- > 0;
      if (isLost) response.destroy();
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    })();
  });
  client = createClient({ url: api.url, clientId: tenant.clientId, clientSecret: tenant.clientSecret });
});
afterAll(async () => {
  await lossyWay?.close();
  await api?.close();
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const statusOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (isEverhookError(error) ? error.status : error),
  );

it('publishes once although every answer but the last is lost', async () => {
  const { tenantId } = await api.newClient();
  const { clientId, clientSecret } = await api.newClient({ tenantId });
  const careful = createClient({ url: lossyWay.url, clientId, clientSecret });
  await careful.webhooks.create({ targetUrl: 'https://example.com', events: ['*'] });
  const event = { type: 'everhook.test', payload: { n: 1 } };

  answersToLose = 2;
  const published = await careful.events.publish(event);
  expect(published).toMatchObject({ type: 'everhook.test', duplicate: false, deliveries: [{}] });
  answersToLose = 2;
  const batch = await careful.events.publishBatch([event, { ...event, id: 'mine' }, { ...event, type: 'nope' }]);
  expect(batch.results).toMatchObject([
    { status: 202, duplicate: false },
    { id: 'mine', status: 202, duplicate: true },
    { status: 422 },
  ]);
  expect(await all(careful.events.list({ limit: 1 }))).toHaveLength(3);
  expect(await all(careful.deliveries.list({ limit: 2 }))).toHaveLength(3);

  answersToLose = 1;
  const registered = careful.webhooks.create({ targetUrl: 'https://example.com', events: ['*'] });
  expect(await statusOf(registered)).toBeNull();
  expect(await all(careful.webhooks.list())).toHaveLength(2);
});

it('speaks to every resource of the API', async () => {
  await client.eventTypes.put('invoice.paid', { description: 'Paid.', example: { amount: '1.00' } });
  expect(await client.eventTypes.get('invoice.paid')).toMatchObject({ builtIn: false });
  expect((await all(client.eventTypes.list({ limit: 50 }))).at(-1)).toMatchObject({ name: 'invoice.paid' });

  const webhook = await client.webhooks.create({ targetUrl: 'https://example.com', events: ['invoice.*'] });
  expect(webhook.secret).toMatch(/^whsec_/);
  expect(await client.webhooks.update(webhook.id, { maxRetries: 1 })).toMatchObject({ maxRetries: 1 });
  expect(await client.webhooks.get(webhook.id)).not.toHaveProperty('secret');
  expect((await client.webhooks.rotateSecret(webhook.id)).secret).toMatch(/^whsec_/);

  const { id } = await client.webhooks.test(webhook.id);
  expect(await client.deliveries.get(id)).toMatchObject({ status: 'pending', attempts: [] });
  expect(await client.deliveries.retry(id)).toEqual({ id });
  expect(await client.deliveries.cancel(id)).toEqual({ id });
  expect((await client.webhooks.stats(webhook.id)).deliveries.pending).toBe(1);
  const window = { since: new Date(Date.now() - 60_000).toISOString(), dryRun: true };
  expect(await client.webhooks.recover(webhook.id, window)).toEqual({ count: 0 });

  const { id: eventId } = await client.events.publish({ type: 'invoice.paid', payload: { amount: '2.00' } });
  expect(await client.events.get(eventId)).toMatchObject({ payload: { amount: '2.00' } });

  const person = { document: { identification: '12345678909', rel: 'CPF' as const } };
  const wanted = { type: 'DATA' as const, loggedUser: person, permissions: ['ACCOUNTS_READ' as const] };
  const { consentId } = await client.consents.create(wanted);
  expect(await client.consents.approve(consentId, { reason: 'asked' })).toMatchObject({ status: 'AUTHORISED' });
  expect(await client.consents.consume(consentId)).toMatchObject({ status: 'CONSUMED' });
  expect(await statusOf(client.consents.reject(consentId))).toBe(409);
  expect(await client.consents.revoke(consentId)).toMatchObject({ status: 'REVOKED' });
  expect(await client.consents.get(consentId)).toMatchObject({ status: 'REVOKED' });
  expect(await all(client.consents.list({ status: 'REVOKED' }))).toHaveLength(1);

  expect(await all(client.credentials.list())).toEqual([]);
  expect(await statusOf(client.credentials.get(id))).toBe(404);
  const actions = (await all(client.audit.list({ limit: 2 }))).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['webhook.create', 'consent.approve', 'consent.create']));

  await client.webhooks.delete(webhook.id);
  await client.eventTypes.delete('invoice.paid');
  expect(await statusOf(client.webhooks.get(webhook.id))).toBe(404);
});

it('reads each of a list once, whatever comes while it is read', async () => {
  const { clientId, clientSecret } = await api.newClient();
  const { events } = createClient({ url: api.url, clientId, clientSecret });
  const publish = (id: string) => events.publish({ id, type: 'everhook.test', payload: {} });
  for (const id of ['one', 'two', 'three']) await publish(id);
  const seen: string[] = [];
  for await (const { id } of events.list({ limit: 1 })) {
    seen.push(id);
    if (seen.length < 3) await publish(`after-${id}`);
  }
  expect(seen).toEqual(['three', 'two', 'one']);
});

it('tells problems by their code, and which part of the body is wrong', async () => {
  const refused = client.events.publish({ type: 'nope', payload: {} });
  await expect(refused).rejects.toMatchObject({
    code: 'unprocessable',
    status: 422,
    issues: [{ pointer: '/type', message: 'is not an event type' }],
    operation: 'POST /api/v1/events',
    requestId: expect.stringMatching(/^[\w-]{36}$/) as string,
  });
  const stranger = createClient({ url: api.url, clientId: tenant.clientId, clientSecret: 'wrong' });
  expect(await statusOf(stranger.webhooks.list().page())).toBe(401);
});

it('asks without a token what needs none, and reads a service that is not ready', async () => {
  const anybody = createClient({ url: api.url, token: 'none' });
  expect(await anybody.health.live()).toEqual({ status: 'ok' });
  expect(await anybody.health.ready()).toHaveProperty('postgresql');
  expect(await anybody.health.openApi()).toMatchObject({ openapi: '3.1.0' });
});

it('another path has the same token', async () => {
  expect(await client.request('GET', '/v1/webhooks', { query: { limit: 1 } })).toMatchObject({ data: [] });
});

it('a path that would make another host of the URL is not asked for: the token would go there', async () => {
  for (const path of ['@elsewhere.example/', '.elsewhere.example/', ':81/', '']) {
    await expect(client.request('GET', path)).rejects.toThrow(TypeError);
  }
});
