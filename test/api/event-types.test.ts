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

const call = (method: string, path: string, body?: unknown, token = client.token) =>
  api.call(method, path, { token, ...(body !== undefined && { body }) });
const put = (name: string, body: object = {}, token = client.token) =>
  call('PUT', `/api/v1/event-types/${name}`, { description: 'Something happened.', ...body }, token);
const get = (name: string) => call('GET', `/api/v1/event-types/${name}`);
const remove = (name: string) => call('DELETE', `/api/v1/event-types/${name}`);
const publish = (type: string, payload: unknown = {}, more: object = {}) =>
  call('POST', '/api/v1/events', { type, payload, ...more });
const subscribe = (...events: string[]) =>
  call('POST', '/api/v1/webhooks', { targetUrl: 'https://example.com', events });

interface Page {
  data: { name: string; contract: string; builtIn: boolean }[];
  nextCursor: string | null;
}
const list = async (query = '') => (await call('GET', `/api/v1/event-types${query}`)).json as Page;

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const schema = {
  type: 'object',
  required: ['invoiceId'],
  properties: { invoiceId: { type: 'string', pattern: '^inv_' }, amount: { type: 'number' } },
};

describe('PUT /api/v1/event-types/{name}', () => {
  it('makes a type, then replaces it', async () => {
    const example = { invoiceId: 'inv_1', amount: 1.5 };
    const made = await put('invoice.paid', { schema, example });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/event-types/invoice.paid');
    expect(made.json).toEqual({
      name: 'invoice.paid',
      contract: 'everhook',
      builtIn: false,
      aliases: [],
      description: 'Something happened.',
      schema,
      example,
      createdAt: time,
      updatedAt: time,
    });
    // With the keys in the order that they were written in.
    expect(made.text).toContain(`"schema":${JSON.stringify(schema)}`);
    expect((await get('invoice.paid')).text).toBe(made.text);

    const replaced = await put('invoice.paid', { description: 'Otherwise.' });
    expect(replaced.status).toBe(200);
    expect(replaced.json).toMatchObject({ description: 'Otherwise.', schema: null, example: null });
    const { createdAt, updatedAt } = replaced.json as { createdAt: string; updatedAt: string };
    expect(createdAt).toBe((made.json as { createdAt: string }).createdAt);
    expect(updatedAt > createdAt).toBe(true);
  });

  it('judges the next event by the new schema, also within a millisecond', async () => {
    for (const pattern of ['^a', '^b', '^c', '^d']) {
      await put('t', { schema: { properties: { a: { pattern } } } });
      expect((await publish('t', { a: pattern.slice(1) })).status).toBe(202);
      expect((await publish('t', { a: 'x' })).status).toBe(422);
    }
  });

  it.each([['a'], ['A_1.b.C'], ['x'.repeat(200)], ['constructor'], ['__proto__']])(
    'takes the name %s',
    async (name) => {
      expect((await put(name)).status).toBe(201);
      expect((await publish(name)).status).toBe(202);
      expect((await remove(name)).status).toBe(204);
    },
  );

  it.each(['a..b', '.a', 'a.', 'a:b', 'a-b', 'a*', '*', 'a%20b', 'ä', '%00', 'x'.repeat(201)])(
    'answers 400 for the name %s, which is unknown to all others',
    async (name) => {
      expect((await put(name)).json).toMatchObject({ status: 400, errors: [{ pointer: '/name' }] });
      expect([(await get(name)).status, (await remove(name)).status]).toEqual([404, 404]);
    },
  );

  it.each(['everhook.test', 'OpenIdCredentialIssued', 'consent:approved', 'OrganisationRegistered'])(
    'leaves the built-in %s as it is',
    async (name) => {
      expect((await put(name)).json).toMatchObject({ status: 409, type: '/problems/conflict' });
      expect((await remove(name)).status).toBe(409);
      expect((await get(name)).json).toMatchObject({ builtIn: true });
    },
  );

  it.each<[string, object, string]>([
    ['no description', { description: undefined }, '/description'],
    ['an empty description', { description: '' }, '/description'],
    ['a long description', { description: 'x'.repeat(1001) }, '/description'],
    ['an unknown key', { name: 'x' }, '/name'],
    ['a schema that is no object', { schema: true }, '/schema'],
    ['an example that is no object', { example: [] }, '/example'],
    ['a schema over 64 KiB', { schema: { $comment: 'x'.repeat(65_536) } }, '/schema'],
    ['a schema that is none', { schema: { properties: { a: { type: 'text' } } } }, '/schema/properties/a/type'],
    ['a schema that could run away', { schema: { $ref: '#' } }, '/schema'],
    [
      'a pattern with back-references',
      { schema: { properties: { a: { pattern: '(a)\\1' } } } },
      '/schema/properties/a/pattern',
    ],
    ['an example that does not fit', { schema, example: { invoiceId: 'x' } }, '/example/invoiceId'],
    ['an example that lacks a key', { schema, example: {} }, '/example/invoiceId'],
  ])('answers 400 for %s and keeps what there was', async (_what, body, pointer) => {
    await put('a.b', { description: 'Before.' });
    const answer = await put('a.b', body);
    expect(answer.json).toMatchObject({ type: '/problems/validation-failed', status: 400 });
    expect((answer.json as { errors: object[] }).errors).toContainEqual({
      pointer,
      message: expect.any(String) as string,
    });
    expect((await get('a.b')).json).toMatchObject({ description: 'Before.' });
  });

  it('answers 409 for the 1001st, and still replaces the others', async () => {
    const now = new Date();
    const rows = Array.from({ length: 999 }, (_, index) => ({
      tenant_id: client.tenantId,
      name: `t${index}`,
      description: 'x',
      created_at: now,
      updated_at: now,
    }));
    await api.database('event_types').insert(rows);
    const both = await Promise.all([put('last'), put('one_more')]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await put('t0')).status).toBe(200);
  });

  it('is in the audit log, as its removal is', async () => {
    await put('a.b', { schema: {} });
    await remove('a.b');
    const { data } = (await call('GET', '/api/v1/audit?limit=2')).json as { data: object[] };
    expect(data).toMatchObject([
      { action: 'event_type.delete', objectType: 'event_type', objectId: 'a.b', fields: [] },
      { action: 'event_type.put', objectType: 'event_type', objectId: 'a.b', fields: ['description', 'schema'] },
    ]);
  });

  it('needs webhooks:write', async () => {
    const { token } = await api.newClient({ tenantId: client.tenantId, scopes: ['webhooks:read', 'events:publish'] });
    expect((await put('a.b', {}, token)).status).toBe(403);
    expect((await call('DELETE', '/api/v1/event-types/a.b', undefined, token)).status).toBe(403);
  });
});

describe('DELETE /api/v1/event-types/{name}', () => {
  it('forgets the type, and only for those to come', async () => {
    await put('a.b');
    await subscribe('*');
    const published = await publish('a.b', { x: 1 }, { id: 'e1' });
    const { deliveries } = published.json as { deliveries: { id: string }[] };
    expect((await remove('a.b')).status).toBe(204);
    expect((await remove('a.b')).status).toBe(404);
    expect((await publish('a.b')).json).toMatchObject({ status: 422, errors: [{ pointer: '/type' }] });
    expect((await call('GET', '/api/v1/events/e1')).json).toMatchObject({ type: 'a.b', payload: { x: 1 } });
    await api
      .database('deliveries')
      .where({ tenant_id: client.tenantId })
      .update({ status: 'failed', completed_at: new Date() });
    expect((await call('POST', `/api/v1/deliveries/${deliveries[0]?.id}/retry`)).status).toBe(202);
  });

  it('is refused while a webhook, disabled or not, subscribes to it by name', async () => {
    await put('a.b');
    const { id } = (await subscribe('a.b')).json as { id: string };
    await call('PATCH', `/api/v1/webhooks/${id}`, { disabled: true });
    expect((await remove('a.b')).json).toMatchObject({ status: 409, type: '/problems/conflict' });
    await call('PATCH', `/api/v1/webhooks/${id}`, { events: ['a.*'] });
    expect((await remove('a.b')).status).toBe(204);
    await put('a.b');
    await call('PATCH', `/api/v1/webhooks/${id}`, { events: ['a.b'] });
    expect((await remove('a.b')).status).toBe(409);
    await call('DELETE', `/api/v1/webhooks/${id}`);
    expect((await remove('a.b')).status).toBe(204);
  });

  it('leaves no webhook with a type that is gone, whoever comes first', async () => {
    for (let round = 0; round < 20; round++) {
      const name = `race.t${round}`;
      await put(name);
      const { id } = (await subscribe('*')).json as { id: string };
      const [made, changed, removed] = await Promise.all([
        subscribe(name),
        call('PATCH', `/api/v1/webhooks/${id}`, { events: [name] }),
        remove(name),
      ]);
      const subscribed = [made.status, changed.status].filter((status) => status < 300).length;
      expect([removed.status, subscribed > 0]).toEqual(removed.status === 204 ? [204, false] : [409, true]);
    }
  });
});

describe('GET /api/v1/event-types', () => {
  it('lists what is built in, then what is their own by name', async () => {
    for (const name of ['b', 'a.b', 'a_b', 'B']) await put(name);
    const { data, nextCursor } = await list('?limit=250');
    expect(nextCursor).toBeNull();
    const own = data.filter(({ builtIn }) => !builtIn);
    expect(own.map(({ name }) => name)).toEqual(['B', 'a.b', 'a_b', 'b']);
    expect(data.slice(-4)).toEqual(own);
  });

  it('goes through all of it with a cursor, whatever is made and removed meanwhile', async () => {
    for (const name of ['a', 'b', 'c', 'x'.repeat(200)]) await put(name);
    const all = (await list('?limit=250')).data.map(({ name }) => name);
    for (const limit of [1, 3, all.length - 1, all.length]) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: Page = await list(`?limit=${limit}${cursor && `&cursor=${cursor}`}`);
        seen.push(...page.data.map(({ name }) => name));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(all);
    }
    const { nextCursor } = await list(`?limit=${all.length - 3}`);
    await remove('a');
    await put('aa');
    const rest = await list(`?cursor=${nextCursor}`);
    expect(rest.data.map(({ name }) => name)).toEqual(['aa', 'b', 'c', 'x'.repeat(200)]);
  });

  it.each(['x', 'YS4u', 'YQ=='])('answers 400 for the cursor %s', async (cursor) => {
    expect((await call('GET', `/api/v1/event-types?cursor=${cursor}`)).status).toBe(400);
  });
});

describe('publishing an event of an own type', () => {
  it('says everything that is wrong with the payload, in one event and in a batch', async () => {
    await put('invoice.paid', { schema: { ...schema, additionalProperties: false } });
    expect((await publish('invoice.paid', { invoiceId: 'inv_1', amount: 2 })).status).toBe(202);
    const wrong = { invoiceId: 1, amount: 'x', more: true };
    const pointers = ['/payload/invoiceId', '/payload/amount', '/payload/more'].map((pointer) => ({ pointer }));
    expect((await publish('invoice.paid', wrong)).json).toMatchObject({ status: 422, errors: pointers });
    const batch = await call('POST', '/api/v1/events/batch', {
      events: [
        { type: 'invoice.paid', payload: { invoiceId: 'inv_2' } },
        { type: 'everhook.test', payload: { message: 1 } },
        { type: 'invoice.paid', payload: wrong },
        { type: 'invoice.lost', payload: {} },
        { type: 'everhook.test', payload: {} },
      ],
    });
    expect(batch.json).toMatchObject({
      results: [
        { status: 202 },
        { status: 422, errors: [{ pointer: '/payload/message' }] },
        { status: 422, errors: pointers },
        { status: 422, errors: [{ pointer: '/type' }] },
        { status: 202 },
      ],
    });
  });

  it('takes any object where there is no schema, also one with keys that look dangerous', async () => {
    await put('anything');
    expect((await publish('anything', { valueOf: 1, toString: 2, a: [null] })).status).toBe(202);
    await put('valued', { schema: { properties: { a: { enum: [{ b: 1 }] } } } });
    expect((await publish('valued', { a: { valueOf: 1 } })).status).toBe(422);
  });

  it('answers 422, and others in the meantime, for a payload that would take too long to check', async () => {
    const again = { properties: { a: { $ref: '#/$defs/s' } } };
    await put('slow', { schema: { $ref: '#/$defs/s', $defs: { s: { allOf: [again, again] } } } });
    const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
    const answer = await publish('slow', nested(50));
    expect(answer.json).toMatchObject({ status: 422, errors: [{ pointer: '/payload' }] });
    expect((await publish('slow', nested(5))).status).toBe(202);
  });

  it('is theirs alone', async () => {
    await put('a.b', { schema: { required: ['x'] } });
    const other = await api.newClient();
    const path = '/api/v1/event-types/a.b';
    expect((await call('GET', path, undefined, other.token)).status).toBe(404);
    expect((await call('DELETE', path, undefined, other.token)).status).toBe(404);
    const event = { type: 'a.b', payload: {} };
    expect((await call('POST', '/api/v1/events', event, other.token)).status).toBe(422);
    const webhook = { targetUrl: 'https://example.com', events: ['a.b'] };
    expect((await call('POST', '/api/v1/webhooks', webhook, other.token)).status).toBe(400);
    expect((await put('a.b', {}, other.token)).status).toBe(201);
    expect((await call('POST', '/api/v1/events', event, other.token)).status).toBe(202);
    expect((await publish('a.b')).status).toBe(422);
  });
});
