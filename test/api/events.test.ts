import {
  compensationFailedEvent,
  deliveryFailedEvent,
  webhookRecoveredEvent,
} from '../../src/domain/operational-events';
import { webhookDisabledEvent } from '../../src/domain/webhook-disabled';
import { startTestApi, type CallOptions, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
let webhookId: string;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
// Each test has a tenant of its own: events fan out to every webhook of theirs.
beforeEach(async () => {
  client = await api.newClient();
  webhookId = await register();
  api.runs.started.length = 0;
});

interface Published {
  id: string;
  type: string;
  duplicate: boolean;
  deliveries: { id: string; webhookId: string }[];
}

async function register(body: object = {}): Promise<string> {
  const minimal = { targetUrl: 'https://example.com', events: ['everhook.test'] };
  const answer = await api.call('POST', '/api/v1/webhooks', { token: client.token, body: { ...minimal, ...body } });
  return (answer.json as { id: string }).id;
}
const publish = (body: unknown, options: CallOptions = {}) =>
  api.call('POST', '/api/v1/events', { token: client.token, body, ...options });
const batch = (events: unknown) => api.call('POST', '/api/v1/events/batch', { token: client.token, body: { events } });
const test = (more: object = {}) => ({ type: 'everhook.test', payload: { message: 'hi' }, ...more });
const countOf = async (table: string) => {
  const [row] = await api.database(table).where({ tenant_id: client.tenantId }).count({ count: '*' });
  return row?.count;
};

describe('POST /api/v1/events', () => {
  it('stores the event, makes its deliveries and has them started', async () => {
    const answer = await publish(test({ id: 'invoice_1:a-b' }));
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({
      id: 'invoice_1:a-b',
      type: 'everhook.test',
      duplicate: false,
      deliveries: [{ id: expect.any(String) as string, webhookId }],
    });
    const [delivery] = (answer.json as Published).deliveries;
    expect(api.runs.started).toMatchObject([
      { deliveryId: delivery?.id, webhookId, eventId: 'invoice_1:a-b', retrySchedule: [2000, 4000, 8000] },
    ]);
  });

  it('makes an id where there is none', async () => {
    const { id } = (await publish(test())).json as Published;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes to every enabled webhook that subscribes to the type, and to no other', async () => {
    const second = await register();
    await register({ disabled: true });
    await register({ events: ['OpenIdCredentialIssued'] });
    const { deliveries } = (await publish(test())).json as Published;
    expect(deliveries.map((delivery) => delivery.webhookId).sort()).toEqual([webhookId, second].sort());
  });

  it('goes to one webhook where it names one', async () => {
    const second = await register();
    const { deliveries } = (await publish(test({ webhookId: second.toUpperCase() }))).json as Published;
    expect(deliveries.map((delivery) => delivery.webhookId)).toEqual([second]);
  });

  it('is the same event when it comes again, whatever the order of its keys', async () => {
    const first = (await publish(test({ id: 'once', payload: { a: 1, b: { c: 2, d: 3 } } }))).json as Published;
    const again = await publish({ payload: { b: { d: 3, c: 2 }, a: 1 }, id: 'once', type: 'everhook.test' });
    expect(again.status).toBe(202);
    expect(again.json).toEqual({ ...first, duplicate: true });
    expect(api.runs.started).toHaveLength(1);
    expect(await countOf('deliveries')).toBe(1);
  });

  it.each([
    ['another payload', { payload: { message: 'other' } }],
    ['another type', { type: 'OpenIdCredentialIssued' }],
    ['another time', { occurredAt: '2026-01-01T00:00:00Z' }],
  ])('answers 409 for the same id with %s', async (_what, change) => {
    await publish(test({ id: 'taken' }));
    const answer = await publish(test({ id: 'taken', ...change }));
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({ type: '/problems/conflict' });
    expect(await countOf('events')).toBe(1);
  });

  it('makes one delivery a webhook of 50 parallel publishes of one id', async () => {
    await register();
    const answers = await Promise.all(Array.from({ length: 50 }, () => publish(test({ id: 'parallel' }))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    const bodies = answers.map(({ json }) => json as Published);
    expect(bodies.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { deliveries } of bodies) expect(deliveries).toEqual(bodies[0]?.deliveries);
    expect([await countOf('events'), await countOf('deliveries')]).toEqual([1, 2]);
    expect(api.runs.started).toHaveLength(2);
  });

  it("takes no id that Everhook's own events may have: its tenant would never be told what failed", async () => {
    const at = new Date();
    const of = { webhookId, contract: 'everhook', description: null, failingSince: at } as const;
    const deliveryId = webhookId;
    const failed = { deliveryId, eventId: 'e', eventType: 'everhook.test', errorClass: null, failedAt: at };
    const own = [
      deliveryFailedEvent({ ...of, count: 1, deliveries: [failed], until: at }),
      webhookRecoveredEvent({ ...of, recoveredAt: at }),
      webhookDisabledEvent({ ...of, disabledAt: at }),
      compensationFailedEvent({
        ...{ credentialId: webhookId, credentialType: 'API_KEY', operationId: webhookId, code: null, failedAt: at },
      }),
    ];
    const answers = await Promise.all(own.map(({ eventId }) => publish(test({ id: eventId }))));
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
    expect((await publish(test(), { headers: { 'Idempotency-Key': own[0]?.eventId ?? '' } })).status).toBe(422);
    expect(await countOf('events')).toBe(0);
  });

  it('takes its id from Idempotency-Key too', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const first = (await publish(test(), { headers })).json as Published;
    expect(first.id).toBe('key-1');
    expect((await publish(test({ id: 'key-1' }), { headers })).json).toMatchObject({ duplicate: true });
    expect((await publish(test({ id: 'key-2' }), { headers })).status).toBe(400);
    expect((await publish(test(), { headers: { 'Idempotency-Key': 'a.b' } })).status).toBe(400);
  });

  it.each([
    ['no type', { payload: {} }, '/type'],
    ['no payload', { type: 'everhook.test' }, '/payload'],
    ['a payload that is a list', test({ payload: [] }), '/payload'],
    ['a payload that is null', test({ payload: null }), '/payload'],
    ['a full stop in the id', test({ id: 'a.b' }), '/id'],
    ['an empty id', test({ id: '' }), '/id'],
    ['an id of 129 characters', test({ id: 'x'.repeat(129) }), '/id'],
    ['a time without a zone', test({ occurredAt: '2026-01-01T00:00:00' }), '/occurredAt'],
    ['a day that is not', test({ occurredAt: '2026-02-30T00:00:00Z' }), '/occurredAt'],
    ['a time before ours', test({ occurredAt: '0000-01-01T00:00:00Z' }), '/occurredAt'],
    ['a time after ours', test({ occurredAt: '9999-12-31T23:59:59-23:59' }), '/occurredAt'],
    ['a webhook id that is none', test({ webhookId: 'x' }), '/webhookId'],
    ['a channel that is no name', test({ channel: 'a b' }), '/channel'],
    ['a tenant', test({ tenantId: 'x' }), '/tenantId'],
  ])('answers 400 for %s', async (_what, body, pointer) => {
    const answer = await publish(body);
    expect(answer.json).toMatchObject({ type: '/problems/validation-failed', status: 400, errors: [{ pointer }] });
  });

  const ahead = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  it.each([
    ['an unknown type', test({ type: 'nope' }), '/type'],
    ['a type of another case', test({ type: 'Everhook.Test' }), '/type'],
    ['a payload that does not fit', test({ payload: { message: 1 } }), '/payload/message'],
    [
      'a time that does not fit',
      { type: 'OpenIdCredentialIssued', payload: { issuedAt: 'yesterday' } },
      '/payload/issuedAt',
    ],
    ['a time 6 minutes ahead', test({ occurredAt: ahead(6) }), '/occurredAt'],
    ['an unknown webhook', test({ webhookId: '0198c0de-0000-7000-8000-000000000001' }), '/webhookId'],
  ])('answers 422 for %s and stores nothing', async (_what, body, pointer) => {
    const answer = await publish(body);
    expect(answer.json).toMatchObject({ type: '/problems/unprocessable', status: 422, errors: [{ pointer }] });
    expect(await countOf('events')).toBe(0);
  });

  it('answers 422 for a webhook of another tenant', async () => {
    const foreign = webhookId;
    client = await api.newClient();
    expect((await publish(test({ webhookId: foreign }))).status).toBe(422);
  });

  it('takes a time 4 minutes ahead, in any zone, and further keys in the payload', async () => {
    expect((await publish(test({ occurredAt: ahead(4) }))).status).toBe(202);
    expect((await publish(test({ occurredAt: '2026-01-01T01:00:00.123456+05:30' }))).status).toBe(202);
    const payload = { credentialId: 'c', more: { of: ['it'] } };
    expect((await publish({ type: 'OpenIdCredentialIssued', payload })).status).toBe(202);
  });
});

describe('POST /api/v1/events/batch', () => {
  it('answers in order: stored, again, refused', async () => {
    await publish(test({ id: 'taken' }));
    const answer = await batch([
      test({ id: 'a' }),
      test({ id: 'taken', payload: { message: 'other' } }),
      test({ type: 'nope' }),
      test({ id: 'a' }),
      test({ id: 'w', webhookId: '0198c0de-0000-7000-8000-000000000001' }),
      test({ id: 'b' }),
    ]);
    expect(answer.status).toBe(202);
    const { results } = answer.json as { results: object[] };
    const one = [{ id: expect.any(String) as string, webhookId }];
    const text = expect.any(String) as string;
    expect(results).toEqual([
      { id: 'a', status: 202, type: 'everhook.test', duplicate: false, deliveries: one },
      { id: 'taken', status: 409, detail: text, errors: [] },
      { id: null, status: 422, detail: text, errors: [{ pointer: '/type', message: text }] },
      { id: 'a', status: 202, type: 'everhook.test', duplicate: true, deliveries: one },
      { id: 'w', status: 422, detail: text, errors: [{ pointer: '/webhookId', message: text }] },
      { id: 'b', status: 202, type: 'everhook.test', duplicate: false, deliveries: one },
    ]);
    expect(await countOf('events')).toBe(3);
    expect(api.runs.started.map(({ eventId }) => eventId)).toEqual(['taken', 'a', 'b']);
  });

  it('stores nothing of a batch that is malformed', async () => {
    const answer = await batch([test({ id: 'a' }), { type: 'everhook.test' }, test({ id: 'a.b' })]);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ errors: [{ pointer: '/events/1/payload' }, { pointer: '/events/2/id' }] });
    expect(await countOf('events')).toBe(0);
  });

  it('has 1 to 1000 events and no Idempotency-Key', async () => {
    const large = await batch([test(), test({ payload: { message: 'x'.repeat(256 * 1024) } })]);
    expect(large.json).toMatchObject({ status: 400, errors: [{ pointer: '/events/1/payload' }] });
    expect((await batch([])).status).toBe(400);
    expect((await batch(Array.from({ length: 1001 }, () => test()))).status).toBe(400);
    expect((await batch(Array.from({ length: 1000 }, () => test()))).status).toBe(202);
    const keyed = await api.call('POST', '/api/v1/events/batch', {
      token: client.token,
      body: { events: [test()] },
      headers: { 'Idempotency-Key': 'x' },
    });
    expect(keyed.status).toBe(400);
  });
});

describe('reading events', () => {
  const read = (path: string) => api.call('GET', `/api/v1/events${path}`, { token: client.token });

  it('gives one with its payload by its id', async () => {
    const occurredAt = '2026-01-15T09:30:00.000Z';
    await publish(test({ id: 'a:b', occurredAt, payload: { z: 1, a: { b: [1.5, null, '😀'] } } }));
    const answer = await read('/a%3Ab');
    expect(answer.json).toEqual({
      id: 'a:b',
      type: 'everhook.test',
      payload: { z: 1, a: { b: [1.5, null, '😀'] } },
      occurredAt,
      webhookId: null,
      channel: null,
      createdAt: expect.any(String) as string,
    });
    expect((await read('/a:b')).text).toBe(answer.text);
    expect(answer.text).toContain('{"z":1,"a"');
  });

  it('lists them newest first, by type and time', async () => {
    await publish(test({ id: 'one' }));
    await publish(test({ id: 'two', type: 'OpenIdCredentialIssued' }));
    await publish(test({ id: 'three' }));
    const ids = async (query: string) => {
      const { json } = await read(query);
      return (json as { data: { id: string; payload?: unknown }[] }).data.map(({ id }) => id);
    };
    expect(await ids('')).toEqual(['three', 'two', 'one']);
    expect(await ids('?type=everhook.test')).toEqual(['three', 'one']);
    expect(await ids('?type=nope')).toEqual([]);
    expect(await ids('?before=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await ids('?after=2020-01-01T00:00:00Z&limit=1')).toEqual(['three']);
    const [first] = ((await read('')).json as { data: object[] }).data;
    expect(first).not.toHaveProperty('payload');
    const { nextCursor } = (await read('?limit=2')).json as { nextCursor: string };
    expect(await ids(`?limit=2&cursor=${nextCursor}`)).toEqual(['one']);
  });

  it.each(['?type=%00', '?after=yesterday', '?before=0000-01-01T00:00:00Z', '?after=2026-01-01', '?payload=1'])(
    'answers 400 for %s',
    async (query) => {
      expect((await read(query)).status).toBe(400);
    },
  );
});

describe('GET /api/v1/event-types', () => {
  const read = (query = '') => api.call('GET', `/api/v1/event-types${query}`, { token: client.token });

  it('is the catalogue, whose examples can be published', async () => {
    const { data, nextCursor } = (await read()).json as {
      data: { name: string; contract: string; example: object }[];
      nextCursor: null;
    };
    expect(nextCursor).toBeNull();
    expect(data.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['OpenIdCredentialIssued', 'OidcIssuerCredentialIssued', 'everhook.test']),
    );
    for (const { name, example } of data) expect((await publish({ type: name, payload: example })).status).toBe(202);
  });

  it('comes in pages too', async () => {
    const first = (await read('?limit=1')).json as { data: { name: string }[]; nextCursor: string };
    const second = (await read(`?limit=1&cursor=${first.nextCursor}`)).json as typeof first;
    const all = (await read()).json as typeof first;
    expect([...first.data, ...second.data]).toEqual(all.data.slice(0, 2));
    expect((await read('?cursor=x')).status).toBe(400);
  });
});
