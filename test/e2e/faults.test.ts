import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reservePort } from '../../scripts/local-stack/ports';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { startTemporal } from '../../scripts/local-stack/temporal';
import { migrateToLatest } from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';

interface DeliveryJson {
  status: string;
  attempts: { number: number; errorClass: string | null }[];
}

const quiet = () => {};

describe('an accepted event is delivered', () => {
  const processes: EverhookProcess[] = [];
  let receiver: HttpReceiver;
  let database: TestDatabase;
  /** While set, requests hang; released by the test. */
  let hold: Promise<void> | undefined;
  /** While set, requests are answered with 503. */
  let refuse = false;

  beforeAll(async () => {
    receiver = await startReceiver((_request, response) => {
      void (hold ?? Promise.resolve()).then(() => response.writeHead(refuse ? 503 : 200).end('ok'));
    });
    database = await createTestDatabase();
  });

  afterEach(async () => {
    hold = undefined;
    refuse = false;
    receiver.requests.splice(0);
    await Promise.all(processes.splice(0).map((one) => one.stop()));
  });

  afterAll(async () => {
    await receiver?.close();
    await database?.drop();
  });

  function surroundings(of: Partial<Surroundings> = {}): Surroundings {
    return {
      databaseUrl: database.url,
      temporalAddress: devServer().address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '200ms', SWEEP_INTERVAL: '1s' },
      ...of,
    };
  }

  async function started(...args: Parameters<typeof startEverhook>): Promise<EverhookProcess> {
    const one = await startEverhook(...args);
    processes.push(one);
    return one;
  }

  async function withWebhook(url: () => string, around: Surroundings): Promise<TenantApi> {
    const api = await tenantApi(url, await createTenant(around));
    const webhook = { targetUrl: `${receiver.url}/hook`, events: ['everhook.test'] };
    expect((await api.call('POST', '/api/v1/webhooks', webhook)).status).toBe(201);
    return api;
  }

  const publish = (api: TenantApi, n: number) =>
    api.call<{ id: string; deliveries: { id: string }[] }>('POST', '/api/v1/events', {
      id: `event-${n}`,
      type: 'everhook.test',
      payload: { n },
    });

  const attemptsOf = async (api: TenantApi, id: string) =>
    (await api.call<DeliveryJson>('GET', `/api/v1/deliveries/${id}`)).body;

  it('although the API is killed the instant it has answered 202', async () => {
    const around = surroundings();
    let api = await started('api', around);
    const tenant = await withWebhook(() => api.url, around);
    const accepted: string[] = [];
    for (let n = 0; n < 10; n += 1) {
      const answer = await publish(tenant, n);
      expect(answer.status).toBe(202);
      accepted.push(answer.body.id);
    }
    await api.kill();
    api = await started('api', around);
    await started('worker', around);
    await eventually(
      () => Promise.resolve(new Set(receiver.requests.map((request) => request.headers['webhook-id']))),
      (ids) => accepted.every((id) => ids.has(id)),
      60_000,
    );
  }, 120_000);

  it('although the worker is killed in the middle of the attempt, with the attempt recorded once', async () => {
    const around = surroundings();
    const api = await started('api', around);
    const tenant = await withWebhook(() => api.url, around);
    let release: () => void = () => {};
    hold = new Promise((resolve) => (release = resolve));
    const first = await started('worker', around);
    const { body } = await publish(tenant, 1);
    await eventually(
      () => Promise.resolve(receiver.requests.length),
      (count) => count === 1,
    );
    await first.kill();
    release();
    await started('worker', around);
    const id = body.deliveries[0]?.id ?? '';
    const done = await eventually(
      () => attemptsOf(tenant, id),
      (one) => one.status === 'delivered',
      60_000,
    );
    expect(done.attempts).toMatchObject([{ number: 1, errorClass: null }]);
    const ids = new Set(receiver.requests.map((request) => request.headers['webhook-id']));
    expect(ids).toEqual(new Set(['event-1']));
  }, 120_000);

  it('exactly once when the worker is asked to stop in the middle of the attempt', async () => {
    const around = surroundings();
    const api = await started('api', around);
    const tenant = await withWebhook(() => api.url, around);
    let release: () => void = () => {};
    hold = new Promise((resolve) => (release = resolve));
    const worker = await started('worker', around);
    const { body } = await publish(tenant, 1);
    await eventually(
      () => Promise.resolve(receiver.requests.length),
      (count) => count === 1,
    );
    const stopped = worker.stop();
    release();
    await stopped;
    const id = body.deliveries[0]?.id ?? '';
    const done = await eventually(
      () => attemptsOf(tenant, id),
      (one) => one.status === 'delivered',
    );
    expect(done.attempts).toHaveLength(1);
    expect(receiver.requests).toHaveLength(1);
  }, 120_000);

  it('later, when Temporal is away: 202 all the same, and readiness says so', async () => {
    const away = surroundings({ temporalAddress: '127.0.0.1:1' });
    const api = await started('api', away, { until: 'alive' });
    const tenant = await withWebhook(() => api.url, away);
    const { status, body } = await publish(tenant, 1);
    expect(status).toBe(202);
    const ready = await fetch(`${api.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ temporal: false, postgresql: true });
    const id = body.deliveries[0]?.id ?? '';
    expect((await attemptsOf(tenant, id)).status).toBe('pending');

    await started('worker', surroundings({ taskQueue: away.taskQueue }));
    await eventually(
      () => attemptsOf(tenant, id),
      (one) => one.status === 'delivered',
      60_000,
    );
    expect(receiver.requests).toHaveLength(1);
  }, 120_000);

  it('when Temporal was restarted between two attempts', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-temporal-'));
    const dbFilename = path.join(directory, 'temporal.db');
    const port = await reservePort();
    let temporal = await startTemporal({ log: quiet, dbFilename, ui: false, port });
    try {
      const around = surroundings({ temporalAddress: temporal.address, settings: { RETRY_BASE: '5s' } });
      const everhook = await started('start', around);
      const tenant = await withWebhook(() => everhook.url, around);
      refuse = true;
      const { body } = await publish(tenant, 1);
      const id = body.deliveries[0]?.id ?? '';
      await eventually(
        () => attemptsOf(tenant, id),
        (one) => one.attempts.length === 1,
      );
      refuse = false;
      await temporal.stop();
      temporal = await startTemporal({ log: quiet, dbFilename, ui: false, port });
      const done = await eventually(
        () => attemptsOf(tenant, id),
        (one) => one.status === 'delivered',
        60_000,
      );
      expect(done.attempts.map((attempt) => attempt.number)).toEqual([1, 2]);
    } finally {
      await Promise.all(processes.splice(0).map((one) => one.stop()));
      await temporal.stop();
      await rm(directory, { recursive: true, force: true });
    }
  }, 120_000);

  it('or refused with 503 and nothing half-done, when PostgreSQL is away', async () => {
    const postgres = await startPostgres({ log: quiet, database: 'everhook', fsync: false });
    let stopped = false;
    try {
      await migrateToLatest(postgres.url);
      const around = surroundings({ databaseUrl: postgres.url });
      const everhook = await started('start', around);
      const tenant = await withWebhook(() => everhook.url, around);
      expect((await publish(tenant, 1)).status).toBe(202);
      await eventually(
        () => Promise.resolve(receiver.requests.length),
        (count) => count === 1,
      );
      await postgres.stop();
      stopped = true;
      const answer = await publish(tenant, 2);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.headers.get('content-type')).toMatch('application/problem+json');
      expect(await (await fetch(`${everhook.url}/readyz`)).json()).toMatchObject({ postgresql: false });
      expect((await fetch(`${everhook.url}/livez`)).status).toBe(200);
      expect(receiver.requests).toHaveLength(1);
    } finally {
      await Promise.all(processes.splice(0).map((one) => one.stop()));
      if (!stopped) await postgres.stop();
    }
  }, 120_000);
});
