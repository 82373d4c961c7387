import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  client = await api.newClient();
});

const call = (method: string, path: string, body?: unknown) =>
  api.call(method, path, { token: client.token, ...(body !== undefined && { body }) });
const subscribe = (events: string[], more: object = {}) =>
  call('POST', '/api/v1/webhooks', { targetUrl: 'https://example.com', events, ...more });
const idOf = ({ json }: { json: unknown }) => (json as { id: string }).id;
const patch = (id: string, body: object) => call('PATCH', `/api/v1/webhooks/${id}`, body);
const putType = (name: string, body: object = {}) =>
  call('PUT', `/api/v1/event-types/${name}`, { description: 'Something happened.', ...body });

/** Ids of the webhooks that got it. */
async function publish(type: string, more: object = {}): Promise<string[]> {
  const { json } = await call('POST', '/api/v1/events', { type, payload: {}, ...more });
  return (json as { deliveries: { webhookId: string }[] }).deliveries.map(({ webhookId }) => webhookId);
}
const registrations: Record<string, () => Promise<{ json: unknown }>> = {
  sovrin: () => call('POST', '/v1/webhooks', { url: 'https://example.com', events: ['OpenIdCredentialIssued'] }),
  iceye: () => call('POST', '/api/notifications/v1/webhooks', { targetURL: 'https://example.com' }),
  celcoin: () => call('POST', '/api/smart-keys/interceptors', { endpoint: 'https://example.com', type: 'PAYMENT' }),
  tyk: () =>
    call('POST', '/portal-api/webhooks', { Name: 'n', URL: 'https://example.com', Events: ['RegisterInvite'] }),
};
/** A webhook of another contract, in the native API. */
async function register(contract: string): Promise<string> {
  await registrations[contract]?.();
  const { json } = await call('GET', `/api/v1/webhooks?contract=${contract}`);
  return (json as { data: { id: string }[] }).data[0]?.id ?? '';
}

describe("what Everhook's own webhooks subscribe to", () => {
  it('is names, prefixes of types that are there or come later, and everything', async () => {
    await putType('invoice.paid');
    const exact = idOf(await subscribe(['invoice.paid', 'OpenIdCredentialIssued']));
    const prefix = idOf(await subscribe(['invoice.*', 'consent:*']));
    const all = idOf(await subscribe(['*']));
    const later = idOf(await subscribe(['order.line.*']));
    expect((await publish('invoice.paid')).sort()).toEqual([exact, prefix, all].sort());
    expect((await publish('everhook.test')).sort()).toEqual([all]);
    await putType('order.line.added');
    await putType('order.lines');
    expect((await publish('order.line.added')).sort()).toEqual([all, later].sort());
    expect(await publish('order.lines')).toEqual([all]);
  });

  it.each([
    [['nothing.like.it'], ['/events/0']],
    [
      ['*', 'Everhook.test', 'invoice.paid'],
      ['/events/1', '/events/2'],
    ],
  ])('is not %j, of which there is no such type', async (events, pointers) => {
    const expected = { status: 400, errors: pointers.map((pointer) => ({ pointer })) };
    expect((await subscribe(events)).json).toMatchObject(expected);
    const id = idOf(await subscribe(['*']));
    expect((await patch(id, { events })).json).toMatchObject(expected);
    expect((await call('GET', `/api/v1/webhooks/${id}`)).json).toMatchObject({ events: ['*'] });
  });

  it('has other spellings of a name as that name, once', async () => {
    const events = ['OrganisationRegistered', 'OrganizationRegistered', '*'];
    const answer = await subscribe(events);
    expect(answer.json).toMatchObject({ events: ['OrganizationRegistered', '*'] });
    const id = idOf(answer);
    expect((await patch(id, { events })).json).toMatchObject({ events: ['OrganizationRegistered', '*'] });
    expect((await subscribe(['OrganizationRegistered', 'OrganizationRegistered'])).status).toBe(400);
  });
});

describe('an event of another spelling', () => {
  it('is stored, answered and repeated by its name', async () => {
    const id = idOf(await subscribe(['OrganizationRegistered']));
    const event = {
      id: 'e',
      type: 'OrganisationRegistered',
      payload: { ID: 1, Name: 'n', CreatedAt: '2026-01-15T09:30:00Z' },
    };
    const first = await call('POST', '/api/v1/events', event);
    expect(first.json).toMatchObject({
      type: 'OrganizationRegistered',
      duplicate: false,
      deliveries: [{ webhookId: id }],
    });
    const again = await call('POST', '/api/v1/events', { ...event, type: 'OrganizationRegistered' });
    expect(again.json).toEqual({ ...(first.json as object), duplicate: true });
    expect((await call('GET', '/api/v1/events/e')).json).toMatchObject({ type: 'OrganizationRegistered' });
  });
});

describe("webhooks of other contracts, through Everhook's own API", () => {
  it.each([
    ['sovrin', 'OidcIssuerCredentialIssued', 'everhook.test', null],
    ['iceye', 'purchase.delivered', 'consent:approved', 'purchase.*'],
    ['celcoin', 'consent:revoke', 'purchase.failed', 'consent:*'],
    ['tyk', 'UserRegistered', 'OpenIdCredentialIssued', null],
  ])('%s has names and prefixes of its own types only', async (contract, own, foreign, prefix) => {
    await putType('invoice.paid');
    const id = await register(contract);
    expect((await patch(id, { events: [own] })).json).toMatchObject({ events: [own] });
    if (prefix) expect((await patch(id, { events: [prefix, own] })).json).toMatchObject({ events: [prefix, own] });
    expect((await patch(id, { events: ['*'] })).json).toMatchObject({ events: ['*'] });
    for (const events of [[foreign], ['invoice.paid'], ['invoice.*']]) {
      expect((await patch(id, { events })).json).toMatchObject({ status: 400, errors: [{ pointer: '/events/0' }] });
    }
  });

  it('get nothing but their own types when they have *', async () => {
    await putType('purchase.mine');
    const id = await register('iceye');
    expect(await publish('purchase.mine')).toEqual([]);
    expect(await publish('purchase.delivered', { payload: { purchaseId: 'p', status: 's' } })).toEqual([id]);
  });
});

describe('channels', () => {
  it('narrow a webhook to what is published to one of them', async () => {
    const a = idOf(await subscribe(['*'], { channels: ['a', 'b'] }));
    const b = idOf(await subscribe(['*'], { channels: ['b'] }));
    const any = idOf(await subscribe(['*']));
    expect((await publish('everhook.test', { channel: 'a' })).sort()).toEqual([a, any].sort());
    expect((await publish('everhook.test', { channel: 'b' })).sort()).toEqual([a, b, any].sort());
    expect(await publish('everhook.test')).toEqual([any]);
    expect((await patch(a, { channels: ['c'] })).json).toMatchObject({ channels: ['c'] });
    expect((await patch(b, { channels: [] })).json).toMatchObject({ channels: [] });
    expect((await publish('everhook.test', { channel: 'b' })).sort()).toEqual([b, any].sort());
  });
});

describe('POST /api/v1/webhooks/{id}/test', () => {
  async function test(id: string) {
    const answer = await call('POST', `/api/v1/webhooks/${id}/test`);
    if (answer.status !== 202) return { status: answer.status };
    const { eventType, eventId, webhookId } = answer.json as Record<'eventType' | 'eventId' | 'webhookId', string>;
    expect(webhookId).toBe(id);
    const { payload } = (await call('GET', `/api/v1/events/${eventId}`)).json as { payload: object };
    return { status: 202, eventType, payload };
  }

  it('sends the example of the first type that the webhook names, else of the first that it matches', async () => {
    await putType('invoice.paid', { example: { amount: '1.00' } });
    await putType('invoice.lost');
    const cases: [string[], string, object][] = [
      [['*', 'everhook.test'], 'everhook.test', { message: 'Hello from Everhook' }],
      [['invoice.paid', 'invoice.lost'], 'invoice.paid', { amount: '1.00' }],
      [['invoice.*'], 'invoice.lost', {}],
      [['later.*', 'everhook.*'], 'everhook.test', { message: 'Hello from Everhook' }],
    ];
    for (const [events, eventType, payload] of cases) {
      expect(await test(idOf(await subscribe(events)))).toEqual({ status: 202, eventType, payload });
    }
    expect(await test(idOf(await subscribe(['*'], { channels: ['a'] })))).toMatchObject({ status: 202 });
  });

  it('answers 409 when there is nothing that it matches', async () => {
    const id = idOf(await subscribe(['later.*']));
    expect(await test(id)).toEqual({ status: 409 });
    await putType('later.on');
    expect(await test(id)).toEqual({ status: 202, eventType: 'later.on', payload: {} });
  });

  it.each(Object.keys(registrations))(
    'reaches a webhook of the %s contract, whatever it subscribes to',
    async (contract) => {
      const id = await register(contract);
      expect(await test(id)).toMatchObject({ status: 202 });
      await patch(id, { events: ['*'], channels: ['a'] });
      expect(await test(id)).toMatchObject({ status: 202 });
    },
  );
});
