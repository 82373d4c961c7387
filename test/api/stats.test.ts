import type { ErrorClass } from '../../src/domain/delivery';
import { smallestIdAt } from '../../src/domain/ids';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
});
afterAll(() => api.close());

const get = (path: string, { token } = client) => api.call('GET', path, { token });

async function newWebhook(of = client): Promise<string> {
  const body = { targetUrl: 'https://example.com/hooks', events: ['everhook.test'] };
  const answer = await api.call('POST', '/api/v1/webhooks', { token: of.token, body });
  return (answer.json as { id: string }).id;
}

let made = 0;
/** A delivery as its run leaves it, made at `at`; `took` milliseconds until it was finished. */
async function put(
  webhookId: string,
  at: string | Date,
  status: 'pending' | 'delivered' | 'failed' | 'cancelled',
  { took = 100, attempts = 1, errorClass = null as ErrorClass | null, of = client } = {},
): Promise<string> {
  const createdAt = new Date(at);
  const tail = (made += 1).toString(16).padStart(12, '0');
  const id = smallestIdAt(createdAt).replace(/.{12}$/, tail);
  await api.database('deliveries').insert({
    tenant_id: of.tenantId,
    id,
    event_uid: id,
    webhook_id: webhookId,
    event_id: `e${made}`,
    event_type: 'everhook.test',
    contract: 'everhook',
    status,
    retry_schedule: [2_000],
    due_at: createdAt,
    claimed_until: createdAt,
    started_at: createdAt,
    completed_at: status === 'pending' ? null : new Date(createdAt.getTime() + took),
    last_error_class: errorClass,
    created_at: createdAt,
  });
  for (let number = 1; number <= attempts; number += 1) {
    await api.database('attempts').insert({
      tenant_id: of.tenantId,
      delivery_id: id,
      number,
      started_at: createdAt,
      duration_ms: 5,
      status_code: errorClass === 'http_status' ? 500 + number : null,
      error_class: errorClass,
    });
  }
  return id;
}

describe('GET /api/v1/stats/deliveries', () => {
  let [first, second] = ['', ''];
  beforeAll(async () => {
    [first, second] = [await newWebhook(), await newWebhook()];
    const stranger = await api.newClient();
    await put(await newWebhook(stranger), '2026-03-01T10:05:00Z', 'delivered', { of: stranger });
    await put(first, '2026-03-01T09:59:59.999Z', 'delivered', { took: 9_999 });
    for (const took of [10, 20, 30, 40, 1_000]) await put(first, '2026-03-01T10:00:00Z', 'delivered', { took });
    await put(first, '2026-03-01T10:59:59.999Z', 'failed', { attempts: 4, errorClass: 'timeout' });
    await put(second, '2026-03-01T10:30:00Z', 'pending', { attempts: 2, errorClass: 'http_status' });
    await put(second, '2026-03-01T10:30:00Z', 'cancelled', { attempts: 0 });
    await put(second, '2026-03-01T12:00:00Z', 'delivered', { took: 2_000 });
    await put(second, '2026-03-01T13:00:00Z', 'delivered', { took: 9_999 });
  });

  const range = 'from=2026-03-01T10:00:00Z&to=2026-03-01T13:00:00Z';
  const counts = (pending: number, delivered: number, failed: number, cancelled: number) => ({
    deliveries: { pending, delivered, failed, cancelled },
  });
  const nothing = {
    ...counts(0, 0, 0, 0),
    successRate: null,
    attempts: 0,
    timeToDeliveryMs: { p50: null, p95: null },
  };

  it('counts what was made in each bucket by what became of it, of no other tenant and of no other time', async () => {
    const { status, json } = await get(`/api/v1/stats/deliveries?${range}&step=1h`);
    expect([status, json]).toEqual([
      200,
      {
        from: '2026-03-01T10:00:00.000Z',
        to: '2026-03-01T13:00:00.000Z',
        step: '1h',
        total: {
          ...counts(1, 6, 1, 1),
          successRate: 6 / 7,
          attempts: 12,
          timeToDeliveryMs: { p50: 30, p95: 2_000 },
        },
        buckets: [
          {
            from: '2026-03-01T10:00:00.000Z',
            ...counts(1, 5, 1, 1),
            successRate: 5 / 6,
            attempts: 11,
            timeToDeliveryMs: { p50: 30, p95: 1_000 },
          },
          { from: '2026-03-01T11:00:00.000Z', ...nothing },
          {
            from: '2026-03-01T12:00:00.000Z',
            ...counts(0, 1, 0, 0),
            successRate: 1,
            attempts: 1,
            timeToDeliveryMs: { p50: 2_000, p95: 2_000 },
          },
        ],
      },
    ]);
  });

  it('of one webhook', async () => {
    const { json } = await get(`/api/v1/stats/deliveries?${range}&step=1h&webhookId=${second}`);
    expect(json).toMatchObject({
      total: { ...counts(1, 1, 0, 1), attempts: 3, timeToDeliveryMs: { p50: 2_000, p95: 2_000 } },
      buckets: [{ ...counts(1, 0, 0, 1), attempts: 2 }, nothing, { ...counts(0, 1, 0, 0), attempts: 1 }],
    });
  });

  it('a bucket with many counts for as much as it delivered, though only some of them are looked at', async () => {
    const busy = await newWebhook();
    // 600 quick ones at one place of the first hour, of which 50 are read; 200 slow ones in the second, all of them read.
    for (const [at, many, took] of [
      ['2026-04-01T10:30:00Z', 600, 10],
      ['2026-04-01T11:01:00Z', 50, 5_000],
      ['2026-04-01T11:16:00Z', 50, 5_000],
      ['2026-04-01T11:31:00Z', 50, 5_000],
      ['2026-04-01T11:46:00Z', 50, 5_000],
    ] as const) {
      await api.database.raw(
        `INSERT INTO deliveries (tenant_id, id, event_uid, webhook_id, event_id, event_type, contract, status,
           retry_schedule, due_at, claimed_until, completed_at, created_at)
         SELECT ?, (?::text || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), ?, n::text, 'everhook.test', 'everhook',
           'delivered', '{2000}', at, at, at + ? * interval '1 ms', at
         FROM generate_series(1, ?) n, (SELECT ?::timestamptz AS at) t`,
        [client.tenantId, smallestIdAt(new Date(at)).slice(0, 24), busy, took, many, at],
      );
    }
    const { json } = await get('/api/v1/stats/deliveries?from=2026-04-01T10:00:00Z&to=2026-04-01T12:00:00Z&step=1h');
    expect(json).toMatchObject({
      total: { ...counts(0, 800, 0, 0), timeToDeliveryMs: { p50: 10, p95: 5_000 } },
      buckets: [{ timeToDeliveryMs: { p50: 10, p95: 10 } }, { timeToDeliveryMs: { p50: 5_000, p95: 5_000 } }],
    });
  });

  it('widens the time to whole steps, and chooses a step that a chart can show', async () => {
    const shape = async (query: string) => {
      const { json } = await get(`/api/v1/stats/deliveries?${query}`);
      const { from, to, step, buckets } = json as { from: string; to: string; step: string; buckets: object[] };
      return [from, to, step, buckets.length];
    };
    expect(await shape('from=2026-03-01T10:07:00Z&to=2026-03-01T10:20:01Z&step=5m')).toEqual([
      '2026-03-01T10:05:00.000Z',
      '2026-03-01T10:25:00.000Z',
      '5m',
      4,
    ]);
    expect((await shape(range)).slice(2)).toEqual(['5m', 36]);
    expect((await shape('from=2026-03-01T00:00:00Z&to=2026-03-08T00:00:00Z')).slice(2)).toEqual(['6h', 28]);
    const [, to, step, buckets] = await shape('');
    expect([step, Number(buckets) >= 96]).toEqual(['15m', true]);
    expect(Date.parse(String(to))).toBeGreaterThan(Date.now() - 1_000);
  });

  it.each([
    ['from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', '/from'],
    ['from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&step=1m', '/step'],
    ['from=1970-01-01T00:00:00Z', '/step'],
    ['step=2h', '/step'],
    ['webhookId=x', '/webhookId'],
  ])('refuses %s', async (query, pointer) => {
    const { status, json } = await get(`/api/v1/stats/deliveries?${query}`);
    expect([status, (json as { errors: { pointer: string }[] }).errors[0]?.pointer]).toEqual([400, pointer]);
  });
});

describe('GET /api/v1/stats/failing', () => {
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

  it('names webhooks that fail with the reasons, those that are disabled, and those that nothing reached since', async () => {
    const own = await api.newClient();
    const hook = () => newWebhook(own);
    const [fails, retries, disabled, ill, fine] = [
      await hook(),
      await hook(),
      await hook(),
      await hook(),
      await hook(),
    ];
    const of = own;
    for (let n = 0; n < 3; n += 1) await put(fails, ago(20), 'failed', { errorClass: 'timeout', attempts: 4, of });
    const newest = await put(fails, ago(10), 'failed', { errorClass: 'http_status', attempts: 2, of });
    await put(fails, ago(70), 'failed', { errorClass: 'dns_error', of });
    await put(retries, ago(5), 'pending', { errorClass: 'connect_error', of });
    await put(retries, ago(1), 'pending', { attempts: 0, of });
    await put(fine, ago(2), 'delivered', { of });
    await api.database('webhooks').where({ id: disabled }).update({ disabled: true });
    await api.database('webhooks').where({ id: ill }).update({ failing_since: '2026-03-01T10:00:00Z' });

    const { status, json } = await get('/api/v1/stats/failing', own);
    expect(status).toBe(200);
    const shown = json as { webhooks: { webhookId: string }[]; pending: object };
    expect(shown.webhooks.map(({ webhookId }) => webhookId)).toEqual([fails, retries, ill, disabled]);
    expect(shown.webhooks).toMatchObject([
      {
        contract: 'everhook',
        targetUrl: 'https://example.com/hooks',
        failed: 4,
        retrying: 0,
        errors: [
          { errorClass: 'timeout', count: 3 },
          { errorClass: 'http_status', count: 1 },
        ],
        last: { deliveryId: newest, statusCode: 502, errorClass: 'http_status' },
      },
      { failed: 0, retrying: 1, errors: [{ errorClass: 'connect_error', count: 1 }] },
      { failed: 0, retrying: 0, disabled: false, failingSince: '2026-03-01T10:00:00.000Z', last: null },
      { failed: 0, retrying: 0, disabled: true, failingSince: null, errors: [], last: null },
    ]);
    expect(shown.pending).toMatchObject({ count: 2, oldestAt: expect.any(String) as string });

    const day = await get('/api/v1/stats/failing?minutes=1440', own);
    expect(day.json).toMatchObject({ webhooks: [{ webhookId: fails, failed: 5 }, {}, {}, {}] });
    const nobody = await get('/api/v1/stats/failing', await api.newClient());
    expect(nobody.json).toMatchObject({ webhooks: [], pending: { count: 0, oldestAt: null } });
  });
});
