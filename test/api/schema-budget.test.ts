import { createRateLimits, type CheckingBudget } from '../../src/api/middleware/rate-limits';
import { createOwnCheck } from '../../src/api/own-payload-schemas';
import type { JsonObject } from '../../src/domain/event';
import { eventually } from '../support/everhook';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi({ acquireTimeoutMs: 20_000 });
});
afterAll(() => api.close());
beforeEach(async () => {
  client = await api.newClient();
});

const many = <Value>(count: number, value: (index: number) => Value) =>
  Array.from({ length: count }, (_, i) => value(i));
const put = (name: string, body: object) =>
  api.call('PUT', `/api/v1/event-types/${name}`, { token: client.token, body: { description: 'x', ...body } });
const publishAll = (type: string, payload: object, count = 1_000, token = client.token) =>
  api.call('POST', '/api/v1/events/batch', { token, body: { events: many(count, () => ({ type, payload })) } });
const stored = async () => {
  const rows = await api.database('events').where({ tenant_id: client.tenantId }).count({ count: '*' });
  return Number(rows[0]?.count);
};

/** Each payload takes all the steps that one may take. */
const slow = { properties: { a: { items: { anyOf: [...many(900, () => ({ type: 'string' })), true] } } } };
const slowPayload = { a: many(500, () => 1) };

describe('schemas that take much time', () => {
  it('are answered 429 for the whole batch, while others publish', async () => {
    const other = await api.newClient();
    expect((await put('slow', { schema: slow })).status).toBe(201);
    const batches = many(4, () => publishAll('slow', slowPayload));
    const of = publishAll('everhook.test', {}, 1, other.token);
    expect((await of).status).toBe(202);
    for (const answer of await Promise.all(batches)) {
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await stored()).toBe(0);
    // What does not have to be checked by them goes on.
    expect((await publishAll('everhook.test', {}, 10)).status).toBe(202);
    expect(await stored()).toBe(10);
    // Nor is a schema read, as long as the time of the last seconds is used up; on a slow machine it no longer is.
    const readWhenUsedUp = async () => {
      await publishAll('slow', slowPayload);
      return (await put('other', { schema: { type: 'object' } })).status;
    };
    await eventually(readWhenUsedUp, (status) => status === 429);
    expect((await put('without', {})).status).toBe(201);
  });

  it('are not those with a large enum', async () => {
    await put('enum', { schema: { properties: { a: { items: { enum: many(3_500, (k) => ({ k })) } } } } });
    const answer = await publishAll('enum', { a: many(20, () => ({ k: -1 })) });
    expect(answer.status).toBe(202);
    expect((answer.json as { results: { status: number }[] }).results.every(({ status }) => status === 422)).toBe(true);
  });

  it('are not ordinary ones, batch after batch', async () => {
    const properties = { id: { type: 'string', pattern: '^inv_' }, amount: { type: 'number', minimum: 0 } };
    await put('cheap', { schema: { required: ['id'], properties }, example: { id: 'inv_1' } });
    for (let round = 0; round < 5; round++) {
      expect((await publishAll('cheap', { id: 'inv_1', amount: 2 })).status).toBe(202);
    }
    expect(await stored()).toBe(5_000);
  });
});

describe('what is charged', () => {
  const now = new Date();
  const types = (schema: JsonObject) => ({
    versions: (_tenant: string, names: readonly string[]) =>
      Promise.resolve(names.map((name) => ({ name, version: 1 }))),
    find: (_tenant: string, name: string) =>
      Promise.resolve({ name, description: 'x', schema, example: null, createdAt: now, updatedAt: now }),
  });
  const events = (payload: JsonObject) => many(1_000, () => ({ type: 't', payload }));

  it('stops the batch soon after the time is used up', async () => {
    const { checking } = createRateLimits(api.config);
    let charged = 0;
    const budget: CheckingBudget = {
      check: (tenantId) => checking.check(tenantId),
      charge: (tenantId, ms) => {
        charged += ms;
        return checking.charge(tenantId, ms);
      },
    };
    const check = createOwnCheck(types(slow), budget);
    await expect(check('t1', events(slowPayload))).rejects.toMatchObject({ status: 429 });
    expect(charged).toBeGreaterThan(1_000);
    expect(charged).toBeLessThan(2_000);
    const before = charged;
    await expect(check('t1', events(slowPayload))).rejects.toMatchObject({ status: 429 });
    expect(charged).toBe(before);
  });

  it('is nothing for payloads that take few steps, however long the process is kept waiting', async () => {
    const charges: number[] = [];
    const budget: CheckingBudget = {
      check: () => Promise.resolve(),
      charge: (_tenant, ms) => Promise.resolve(void charges.push(ms)),
    };
    await createOwnCheck(types({ required: ['a'] }), budget)('t1', events({ a: 1 }));
    // Reading the schema.
    expect(charges).toHaveLength(1);
  });
});

describe('POST /api/v1/webhooks/{id}/test', () => {
  it('answers 409 for a type with a schema and no example', async () => {
    await put('bare', { schema: { required: ['id'] } });
    const body = { targetUrl: 'https://example.com', events: ['bare'] };
    const { id } = (await api.call('POST', '/api/v1/webhooks', { token: client.token, body })).json as { id: string };
    const test = () => api.call('POST', `/api/v1/webhooks/${id}/test`, { token: client.token });
    expect((await test()).json).toMatchObject({ status: 409, detail: expect.stringContaining('no example') as string });
    expect(await stored()).toBe(0);
    await put('bare', { schema: { required: ['id'] }, example: { id: 1 } });
    expect((await test()).status).toBe(202);
    await put('bare', {});
    expect((await test()).status).toBe(202);
  });
});
