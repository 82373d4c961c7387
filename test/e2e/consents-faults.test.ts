import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from '../activities/proxy';
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
import { consentClient, eventsAt, newConsent, register, type ConsentJson } from './consents';

const until = (instant: string) => sleep(Math.max(0, Date.parse(instant) - Date.now()));

describe('an action on a consent that was accepted is carried out', () => {
  const processes: EverhookProcess[] = [];
  let receiver: HttpReceiver;
  let database: TestDatabase;

  beforeAll(async () => {
    receiver = await startReceiver();
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((one) => one.stop()));
    receiver.requests.splice(0);
  });

  afterAll(async () => {
    await receiver?.close();
    await database?.drop();
  });

  function surroundings(decision: string, consumption: string, of: Partial<Surroundings> = {}): Surroundings {
    return {
      databaseUrl: database.url,
      temporalAddress: devServer().address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: {
        SWEEP_INTERVAL: '1s',
        CONSENT_DECISION_TIMEOUT: decision,
        CONSENT_CONSUMPTION_TIMEOUT: consumption,
      },
      ...of,
    };
  }

  async function started(...args: Parameters<typeof startEverhook>): Promise<EverhookProcess> {
    const one = await startEverhook(...args);
    processes.push(one);
    return one;
  }

  async function tenantWithWebhooks(url: () => string, around: Surroundings): Promise<TenantApi> {
    const api = await tenantApi(url, await createTenant(around));
    await register(api, receiver, { data: '/data', payment: '/payment', everything: '/everything' });
    return api;
  }

  const eventsOf = (consent: ConsentJson) => eventsAt(receiver, '/data', consent.consentId).map(({ event }) => event);
  const arrived = (consent: ConsentJson, name: string) =>
    eventually(
      () => Promise.resolve(eventsOf(consent)),
      (events) => events.includes(name),
    );

  it('as of then, although every worker was away past the deadline; what came too late is refused meanwhile', async () => {
    const around = surroundings('8s', '10m');
    const api = await started('api', around);
    const worker = await started('worker', around);
    const tenant = await tenantWithWebhooks(() => api.url, around);
    const consents = consentClient(tenant);
    await worker.stop();

    const [inTime, late] = [await consents.create(), await consents.create()];
    const accepted = await consents.act(inTime, 'approve');
    expect(accepted).toMatchObject({ status: 202, body: { status: 'AWAITING_AUTHORISATION' } });
    const { acceptedAt } = accepted.body;
    expect(acceptedAt < (inTime.expiresAt ?? '')).toBe(true);

    await until(late.expiresAt ?? '');
    const before = Date.now();
    const refused = await consents.act(late, 'approve');
    expect(Date.now() - before).toBeLessThan(3_000);
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('is EXPIRED') } });
    expect(await consents.act(inTime, 'reject')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is AUTHORISED') },
    });
    expect(await consents.read(late)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });

    await started('worker', around);
    const approved = await consents.until(inTime, 'AUTHORISED', 60_000);
    expect(approved.statusUpdatedAt).toBe(acceptedAt);
    expect(Date.parse(approved.expiresAt ?? '')).toBe(Date.parse(acceptedAt) + 600_000);
    const expired = await consents.until(late, 'EXPIRED', 60_000);
    expect(expired.statusUpdatedAt).toBe(late.expiresAt);
    await arrived(inTime, 'consent:approved');
    await arrived(late, 'consent:expired');
    expect(eventsOf(inTime)).not.toContain('consent:expired');
    expect(eventsOf(late).filter((event) => event.startsWith('consent:'))).toEqual(['consent:expired']);
    const told = eventsAt(receiver, '/data', late.consentId).find(({ event }) => event === 'consent:expired');
    expect(told?.data.expiredAt).toBe(late.expiresAt);
  }, 120_000);

  it('although Temporal was away and the API was killed after it had answered 202', async () => {
    const away = surroundings('10m', '10m', { temporalAddress: '127.0.0.1:1' });
    const api = await started('api', away, { until: 'alive' });
    const credentials = await createTenant(away);
    const tenant = await tenantApi(() => api.url, credentials);
    await register(tenant, receiver, { data: '/data', payment: '/payment', everything: '/everything' });
    const consents = consentClient(tenant);
    const before = Date.now();
    const consent = await consents.create();
    const untouched = await consents.create();
    const accepted = await consents.act(consent, 'reject');
    expect(accepted).toMatchObject({ status: 202, body: { status: 'AWAITING_AUTHORISATION' } });
    // Nobody waits for a Temporal that is known to be away.
    expect(Date.now() - before).toBeLessThan(5_000);
    await api.kill();

    const back = { ...away, temporalAddress: devServer().address };
    await started('worker', back);
    const again = await started('api', back);
    const known = consentClient(await tenantApi(() => again.url, credentials));
    const rejected = await known.until(consent, 'REJECTED', 60_000);
    expect(rejected.statusUpdatedAt).toBe(accepted.body.acceptedAt);
    await arrived(consent, 'consent:rejected');
    expect(await known.read(untouched)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
    expect(await known.act(untouched, 'approve')).toMatchObject({ status: 200, body: { status: 'AUTHORISED' } });
    expect(eventsOf(consent).filter((event) => event.startsWith('consent:'))).toEqual(['consent:rejected']);
  }, 120_000);

  it('although Temporal went away before it heard of the consent: 201, 202, and all of it once Temporal is back', async () => {
    const proxy = await startProxy(`http://${devServer().address}`);
    const around = surroundings('10m', '10m', { temporalAddress: new URL(proxy.url).host });
    const everhook = await started('start', around);
    const consents = consentClient(await tenantWithWebhooks(() => everhook.url, around));
    try {
      await proxy.cut();
      const before = Date.now();
      const consent = await consents.create();
      expect(Date.now() - before).toBeLessThan(3_000);
      const accepted = await consents.act(consent, 'approve');
      expect(accepted.status).toBe(202);
      expect(Date.now() - before).toBeLessThan(9_000);
      await proxy.mend();
      const approved = await consents.until(consent, 'AUTHORISED', 60_000);
      expect(approved.statusUpdatedAt).toBe(accepted.body.acceptedAt);
      const told = ['after:consent:create', 'before:consent:create', 'consent:approved'];
      for (const name of told) await arrived(consent, name);
      expect(eventsOf(consent).sort()).toEqual(told);
    } finally {
      await Promise.all(processes.splice(0).map((one) => one.stop()));
      await proxy.cut();
    }
  }, 120_000);

  it('or it was not accepted, and 503 says so: PostgreSQL is away; what expires meanwhile does so once it is back', async () => {
    const proxy = await startProxy(database.url);
    const around = surroundings('6s', '10m', { databaseUrl: proxy.url });
    const everhook = await started('start', around);
    const tenant = await tenantWithWebhooks(() => everhook.url, around);
    const consents = consentClient(tenant);
    try {
      const consent = await consents.create();
      await proxy.cut();
      const answer = await consents.act(consent, 'approve');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect((await tenant.call('POST', '/api/v1/consents', newConsent)).status).toBe(503);
      expect((await tenant.call('POST', '/api/v1/consents', { ...newConsent, permissions: [] })).status).toBe(503);
      await until(consent.expiresAt ?? '');
      await proxy.mend();
      const expired = await eventually(
        () => consents.read(consent),
        ({ status }) => status === 'EXPIRED',
        60_000,
      );
      expect(expired.statusUpdatedAt).toBe(consent.expiresAt);
      await arrived(consent, 'consent:expired');
      expect(eventsOf(consent).filter((event) => event.startsWith('consent:'))).toEqual(['consent:expired']);
      const { body } = await tenant.call<{ data: unknown[] }>('GET', '/api/v1/consents');
      expect(body.data).toHaveLength(1);
    } finally {
      await Promise.all(processes.splice(0).map((one) => one.stop()));
      await proxy.cut();
    }
  }, 120_000);
});
