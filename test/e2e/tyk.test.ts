import { createHmac } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
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
import { startReceiver, type HttpReceiver, type ReceivedRequest } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

interface Delivery {
  status: string;
  attempts: { number: number; durationMs: number; errorClass: string | null }[];
  workflowId: string;
}

const organization = { ID: 8, Name: 'ACME ☃', CreatedAt: '2026-01-15T09:30:00.8437+02:00' };

describe('a Tyk webhook', () => {
  const server = devServer();
  const processes: EverhookProcess[] = [];
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let surroundings: Surroundings;
  let api: TenantApi;
  let url: string;
  let worker: EverhookProcess | undefined;
  /** How a path is answered; 200 at once otherwise. */
  const answers = new Map<string, (answer: () => void) => void>();

  beforeAll(async () => {
    quietTemporal();
    database = await createTestDatabase();
    receiver = await startReceiver(({ path }, response) => {
      const answer = () => void response.writeHead(200).end('ok');
      const scripted = answers.get(path);
      if (scripted) scripted(answer);
      else answer();
    });
    surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { TYK_EVENT_SPELLING: 'Organisation' },
    };
    ({ url } = await started('api'));
    api = await tenantApi(() => url, await createTenant(surroundings));
  }, 60_000);

  afterAll(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    await receiver?.close();
    await server.close();
    await database?.drop();
  });

  async function started(command: 'api' | 'worker'): Promise<EverhookProcess> {
    const one = await startEverhook(command, surroundings);
    processes.push(one);
    return one;
  }

  const working = async () => (worker ??= await started('worker'));

  async function register(path: string, more: object = {}) {
    const body = { URL: receiver.url + path, Events: ['OrganizationRegistered'], ...more };
    const answer = await api.call<{ ID: number; Secret: string }>('POST', '/portal-api/webhooks', body);
    expect(answer.status).toBe(201);
    return answer.body;
  }

  /** Publishes one event to a tenant whose webhooks are all of this test; the id of its delivery. */
  async function publish(): Promise<string> {
    const event = { type: 'OrganizationRegistered', payload: organization };
    const { status, body } = await api.call<{ deliveries: { id: string }[] }>('POST', '/api/v1/events', event);
    expect([status, body.deliveries.length]).toEqual([202, 1]);
    return body.deliveries[0]?.id ?? '';
  }

  const finished = (id: string, withinMs = 20_000) =>
    eventually(
      async () => (await api.call<Delivery>('GET', `/api/v1/deliveries/${id}`)).body,
      ({ status }) => status !== 'pending',
      withinMs,
    );
  const received = (path: string) => receiver.requests.filter((request) => request.path === path);
  const remove = (ID: number) => api.call('DELETE', `/portal-api/webhooks/${ID}`);

  function verify({ body, headers }: ReceivedRequest, secret: string): void {
    expect(headers['x-signature-sha256']).toBe(createHmac('sha256', secret).update(body).digest('hex'));
    const plain = headers as Record<string, string>;
    expect(() => new StandardWebhook(secret).verify(body.toString(), plain)).not.toThrow();
  }

  it('has its connection tested by a worker, and is told when there is none', async () => {
    const { ID } = await register('/connection', { Headers: [{ Name: 'X-Key', Value: 'canary' }] });
    const test = () => api.call<{ errors?: string[] }>('POST', `/portal-api/webhooks/${ID}/test-connection`);
    const alone = await test();
    expect([alone.status, alone.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(alone.body).toEqual({ errors: [expect.any(String)] });
    expect(received('/connection')).toEqual([]);

    await working();
    const answer = await test();
    expect([answer.status, answer.body]).toEqual([
      200,
      { status: 'ok', statusCode: 200, errorClass: null, durationMs: expect.any(Number) as number },
    ]);
    const requests = received('/connection');
    expect(requests.map(({ method }) => method)).toEqual(['HEAD']);
    expect(JSON.stringify(requests[0]?.headers)).not.toContain('canary');
    await remove(ID);
  }, 60_000);

  it("gets the portal's envelope, with both signatures, by its own method and with its own headers", async () => {
    await working();
    const { ID, Secret } = await register('/envelope', {
      Method: 'PUT',
      Headers: [
        { Name: 'X-Team', Value: 'billing' },
        { Name: 'Authorization', Value: 'Bearer canary' },
      ],
    });
    expect(await finished(await publish())).toMatchObject({ status: 'delivered' });
    const [request, ...others] = received('/envelope');
    if (!request) throw new Error('nothing was received');
    expect(others).toEqual([]);
    expect(request.method).toBe('PUT');
    expect(request.headers).toMatchObject({ 'x-team': 'billing', authorization: 'Bearer canary' });
    const envelope = JSON.parse(request.body.toString()) as Record<string, unknown>;
    expect(Object.keys(envelope)).toEqual(['Event', 'Message', 'Timestamp']);
    expect(envelope).toMatchObject({ Event: 'OrganisationRegistered', Message: organization });
    expect(envelope.Timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/);
    verify(request, Secret);

    const path = `/api/v1/webhooks/${await uuidOf(ID)}/secret/rotate`;
    const rotated = await api.call<{ secret: string }>('POST', path, {});
    await finished(await publish());
    const later = received('/envelope')[1];
    if (!later) throw new Error('nothing was received');
    verify(later, rotated.body.secret);
    expect(() =>
      new StandardWebhook(Secret).verify(later.body.toString(), later.headers as Record<string, string>),
    ).not.toThrow();
    await remove(ID);
  }, 60_000);

  it('is waited for as long as it asks for, in an activity of its own', async () => {
    await working();
    answers.set('/slow', (answer) => void setTimeout(answer, 4_000));
    const { ID } = await register('/slow', { Timeout: 10 });
    const done = await finished(await publish());
    expect(done).toMatchObject({ status: 'delivered', attempts: [{ number: 1, errorClass: null }] });
    expect(done.attempts[0]?.durationMs).toBeGreaterThanOrEqual(3_900);
    expect(received('/slow')).toHaveLength(1);
    const history = await (await server.client()).workflow.getHandle(done.workflowId).fetchHistory();
    const scheduled = (history.events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    expect(scheduled.map(({ activityType }) => activityType?.name)).toEqual(['attemptDelivery']);
    expect(Number(scheduled[0]?.heartbeatTimeout?.seconds)).toBeGreaterThan(0);
    expect(history.events?.some((event) => event.markerRecordedEventAttributes)).toBe(false);
    await remove(ID);
  }, 60_000);

  it('is not waited for any longer', async () => {
    await working();
    answers.set('/slower', (answer) => void setTimeout(answer, 3_000));
    const { ID } = await register('/slower', { Timeout: 1 });
    const path = `/api/v1/webhooks/${await uuidOf(ID)}`;
    expect((await api.call('PATCH', path, { maxRetries: 0 })).status).toBe(200);
    const done = await finished(await publish());
    expect(done).toMatchObject({ status: 'failed', attempts: [{ number: 1, errorClass: 'timeout' }] });
    expect(done.attempts[0]?.durationMs).toBeLessThan(2_500);
    await remove(ID);
  }, 60_000);

  it('gets its event although the worker dies in a long attempt: heartbeats tell long before its time is over', async () => {
    const dying = await working();
    let held = true;
    answers.set('/hanging', (answer) => {
      if (!held) answer();
    });
    const { ID } = await register('/hanging', { Timeout: 60 });
    const id = await publish();
    await eventually(
      () => Promise.resolve(received('/hanging').length),
      (count) => count === 1,
    );
    await dying.kill();
    const died = Date.now();
    held = false;
    worker = await started('worker');
    const done = await finished(id, 60_000);
    expect(done).toMatchObject({ status: 'delivered', attempts: [{ number: 1, errorClass: null }] });
    expect(Date.now() - died).toBeLessThan(40_000);
    expect(new Set(received('/hanging').map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await remove(ID);
  }, 120_000);

  async function uuidOf(ID: number): Promise<string> {
    return (await api.call('GET', `/portal-api/webhooks/${ID}`)).headers.get('everhook-webhook-id') ?? '';
  }
});
