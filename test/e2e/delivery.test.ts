import { createPublicKey, randomUUID } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { httpbis } from 'http-message-signatures';
import { verify as verifySignature } from 'node:crypto';
import { startReceiver, type HttpReceiver, closedPort } from '../support/receivers';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  everhookCodec,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { rawHistory } from '../support/raw-history';
import { textsIn } from '../support/texts';

interface DeliveryJson {
  id: string;
  status: string;
  attempts: { number: number; statusCode: number | null; errorClass: string | null; responseBody?: string | null }[];
  nextAttemptAt: string | null;
  workflowId: string;
  temporalUrl: string | null;
}

describe('a published event', () => {
  const server = devServer();
  const taskQueue = testTaskQueue();
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let everhook: EverhookProcess;
  let api: TenantApi;
  let stranger: TenantApi;
  let dead: number;
  /** What the receiver answers, by path; 200 otherwise. Each answer is used once, the last one stays. */
  const answers = new Map<string, { status: number; headers?: Record<string, string> }[]>();

  beforeAll(async () => {
    quietTemporal();
    database = await createTestDatabase();
    receiver = await startReceiver(({ path }, response) => {
      const scripted = answers.get(path) ?? [];
      const { status, headers } = (scripted.length > 1 ? scripted.shift() : scripted[0]) ?? { status: 200 };
      response.writeHead(status, headers).end(`answer ${status}`);
    });
    dead = await closedPort();
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue,
      allow: [receiver.url, `http://127.0.0.1:${dead}`],
      settings: { RETRY_BASE: '100ms', TEMPORAL_UI_URL: server.uiUrl },
    };
    everhook = await startEverhook('start', surroundings);
    api = await tenantApi(() => everhook.url, await createTenant(surroundings));
    stranger = await tenantApi(() => everhook.url, await createTenant(surroundings, 'Stranger'));
  }, 60_000);

  afterAll(async () => {
    await everhook?.stop();
    await receiver?.close();
    await server.close();
    await database?.drop();
  });

  async function register(path: string, more: Record<string, unknown> = {}) {
    const { status, body } = await api.call<{ id: string; secret: string }>('POST', '/api/v1/webhooks', {
      targetUrl: receiver.url + path,
      events: ['everhook.test'],
      ...more,
    });
    expect(status).toBe(201);
    return body;
  }

  async function publish(event: Record<string, unknown>) {
    const { status, body } = await api.call<{ id: string; deliveries: { id: string; webhookId: string }[] }>(
      'POST',
      '/api/v1/events',
      { type: 'everhook.test', payload: { message: 'hello' }, ...event },
    );
    expect(status).toBe(202);
    return body;
  }

  const delivery = async (id: string) => (await api.call<DeliveryJson>('GET', `/api/v1/deliveries/${id}`)).body;
  const finished = (id: string) =>
    eventually(
      () => delivery(id),
      (one) => one.status !== 'pending',
    );
  const received = (path: string) => receiver.requests.filter((request) => request.path === path);

  it('reaches a healthy receiver once, signed so that the standardwebhooks package verifies it', async () => {
    const webhook = await register('/healthy');
    const event = await publish({ webhookId: webhook.id });
    const done = await finished(event.deliveries[0]?.id ?? '');
    expect(done).toMatchObject({ status: 'delivered', nextAttemptAt: null });
    expect(done.attempts).toMatchObject([{ number: 1, statusCode: 200, errorClass: null, responseBody: 'answer 200' }]);

    const [request, ...others] = received('/healthy');
    expect(others).toEqual([]);
    const headers = request?.headers as Record<string, string>;
    expect(headers['webhook-id']).toBe(event.id);
    expect(new StandardWebhook(webhook.secret).verify(request?.body.toString() ?? '', headers)).toMatchObject({
      type: 'everhook.test',
      data: { message: 'hello' },
    });
  });

  it('of the sovrin contract carries its body, its headers and a signature that the published keys verify', async () => {
    const created = await api.call<{ id: string }>('POST', '/v1/webhooks', {
      url: `${receiver.url}/sovrin`,
      events: ['OpenIdCredentialIssued'],
    });
    expect(created.status).toBe(201);
    const event = await publish({ type: 'OpenIdCredentialIssued', payload: { credentialId: 'c-1' } });
    await finished(event.deliveries[0]?.id ?? '');
    const [request] = received('/sovrin');
    if (!request) throw new Error('nothing arrived');
    const body = JSON.parse(request.body.toString()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(['deliveryId', 'deliveryTimestamp', 'webhookId', 'event']);
    expect(body.webhookId).toBe(created.body.id);
    expect(body.event).toMatchObject({
      id: event.id,
      type: 'OpenIdCredentialIssued',
      payload: { credentialId: 'c-1' },
    });
    expect(request.headers['x-sovrin-webhook-id']).toBe(created.body.id);
    expect(request.headers['x-sovrin-event-type']).toBe('OpenIdCredentialIssued');

    const { keys } = (await (await fetch(`${everhook.url}/v1/webhooks/jwks`)).json()) as {
      keys: { kid: string; kty: string; crv: string; x: string }[];
    };
    const verified = await httpbis.verifyMessage(
      {
        keyLookup: ({ keyid }) => {
          const jwk = keys.find((key) => key.kid === keyid);
          if (!jwk) return Promise.resolve(null);
          const key = createPublicKey({ key: jwk, format: 'jwk' });
          return Promise.resolve({
            id: jwk.kid,
            algs: ['ed25519'],
            verify: (data: Buffer, signature: Buffer) => Promise.resolve(verifySignature(null, data, key, signature)),
          });
        },
      },
      { method: 'POST', url: receiver.url + request.path, headers: request.headers as Record<string, string> },
    );
    expect(verified).toBe(true);
  });

  it('is tried again until a receiver that was down takes it, each attempt told', async () => {
    answers.set('/flaky', [{ status: 503 }, { status: 500 }, { status: 200 }]);
    const webhook = await register('/flaky');
    const event = await publish({ webhookId: webhook.id });
    const done = await finished(event.deliveries[0]?.id ?? '');
    expect(done.status).toBe('delivered');
    expect(done.attempts.map((attempt) => [attempt.number, attempt.statusCode, attempt.errorClass])).toEqual([
      [1, 503, 'http_status'],
      [2, 500, 'http_status'],
      [3, 200, null],
    ]);
    const ids = received('/flaky').map((request) => request.headers['webhook-id']);
    expect(ids).toEqual([event.id, event.id, event.id]);
  });

  it('fails after 4 attempts at a receiver that stays away, as a Failed run that operators find by its attributes', async () => {
    const webhook = await register('/', { targetUrl: `http://127.0.0.1:${dead}/` });
    const event = await publish({ webhookId: webhook.id });
    const done = await finished(event.deliveries[0]?.id ?? '');
    expect(done.status).toBe('failed');
    expect(done.attempts.map((attempt) => attempt.errorClass)).toEqual(Array(4).fill('connect_error'));
    const client = await server.client();
    const run = await client.workflow.getHandle(done.workflowId).describe();
    expect(run.status.name).toBe('FAILED');
    const query = `WebhookId = '${webhook.id}' AND DeliveryStatus = 'failed' AND ExecutionStatus = 'Failed'`;
    await eventually(
      async () => (await client.workflow.count(query)).count,
      (count) => count === 1,
    );
    expect(done.temporalUrl).toBe(
      `${server.uiUrl}/namespaces/default/workflows/${encodeURIComponent(done.workflowId)}`,
    );
  });

  it('goes to no disabled webhook, and no redirect is followed', async () => {
    const silent = await register('/silent', { disabled: true });
    expect((await publish({ webhookId: silent.id })).deliveries).toEqual([]);

    answers.set('/moved', [{ status: 307, headers: { location: `${receiver.url}/elsewhere` } }]);
    const moved = await register('/moved', { maxRetries: 0 });
    const event = await publish({ webhookId: moved.id });
    expect(await finished(event.deliveries[0]?.id ?? '')).toMatchObject({
      status: 'failed',
      attempts: [{ statusCode: 307, errorClass: 'http_status' }],
    });
    expect(received('/elsewhere')).toEqual([]);
    expect(received('/silent')).toEqual([]);
  });

  it('stops being tried when its webhook is disabled between attempts', async () => {
    answers.set('/going', [{ status: 500, headers: {} }]);
    const webhook = await register('/going', { maxRetries: 10 });
    const event = await publish({ webhookId: webhook.id });
    await eventually(
      () => Promise.resolve(received('/going').length),
      (count) => count >= 1,
    );
    expect((await api.call('PATCH', `/api/v1/webhooks/${webhook.id}`, { disabled: true })).status).toBe(200);
    expect((await finished(event.deliveries[0]?.id ?? '')).status).toBe('cancelled');
  });

  it('uses a URL and a secret that changed between attempts', async () => {
    answers.set('/before', [{ status: 503, headers: { 'retry-after': '60' } }]);
    const created = await api.call<{ id: string }>('POST', '/v1/webhooks', {
      url: `${receiver.url}/before`,
      events: ['OidcIssuerCredentialIssued'],
    });
    const event = await publish({ type: 'OidcIssuerCredentialIssued', payload: { credentialId: 'c-2' } });
    const id = event.deliveries[0]?.id ?? '';
    await eventually(
      () => delivery(id),
      (one) => one.attempts.length === 1,
    );
    await api.call('PUT', `/v1/webhooks/${created.body.id}`, {
      url: `${receiver.url}/after`,
      events: ['OidcIssuerCredentialIssued'],
    });
    const rotated = await api.call<{ secret: string }>('POST', `/api/v1/webhooks/${created.body.id}/secret/rotate`, {});
    expect((await api.call('POST', `/api/v1/deliveries/${id}/retry`)).status).toBe(202);
    expect((await finished(id)).status).toBe('delivered');
    const [request] = received('/after');
    const headers = request?.headers as Record<string, string>;
    expect(() =>
      new StandardWebhook(rotated.body.secret).verify(request?.body.toString() ?? '', headers),
    ).not.toThrow();
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  });

  it('can be cancelled while it waits, and sent again when it is over', async () => {
    answers.set('/patient', [{ status: 503, headers: { 'retry-after': '60' } }, { status: 200 }]);
    const webhook = await register('/patient');
    const event = await publish({ webhookId: webhook.id });
    const id = event.deliveries[0]?.id ?? '';
    await eventually(
      () => delivery(id),
      (one) => one.attempts.length === 1,
    );
    expect((await api.call('POST', `/api/v1/deliveries/${id}/cancel`)).status).toBe(202);
    expect(await finished(id)).toMatchObject({ status: 'cancelled', attempts: [{ number: 1 }] });
    expect((await api.call('POST', `/api/v1/deliveries/${id}/cancel`)).status).toBe(409);

    const again = await api.call<{ id: string }>('POST', `/api/v1/deliveries/${id}/retry`);
    expect(again.status).toBe(202);
    expect(again.body.id).not.toBe(id);
    expect((await finished(again.body.id)).status).toBe('delivered');
    expect(received('/patient').map((request) => request.headers['webhook-id'])).toEqual([event.id, event.id]);
  });

  it('is delivered again by a recovery of what failed in a window', async () => {
    answers.set('/outage', [{ status: 500 }, { status: 500 }, { status: 500 }, { status: 200 }]);
    const webhook = await register('/outage', { maxRetries: 0 });
    const since = new Date(Date.now() - 1_000).toISOString();
    for (let n = 0; n < 3; n += 1) {
      const event = await publish({ webhookId: webhook.id });
      expect((await finished(event.deliveries[0]?.id ?? '')).status).toBe('failed');
    }
    const path = `/api/v1/webhooks/${webhook.id}/recover`;
    expect(await api.call('POST', path, { since, dryRun: true })).toMatchObject({ status: 202, body: { count: 3 } });
    expect(received('/outage')).toHaveLength(3);
    expect(await api.call('POST', path, { since })).toMatchObject({ status: 202, body: { count: 3 } });
    await eventually(
      () => Promise.resolve(received('/outage').length),
      (count) => count === 6,
    );
    expect(await api.call('POST', path, { since })).toMatchObject({ status: 202, body: { count: 0 } });
  });

  it('published 50 times at once with one id becomes one delivery a webhook', async () => {
    const webhook = await register('/once');
    const id = `order:${randomUUID()}`;
    const published = await Promise.all(Array.from({ length: 50 }, () => publish({ id, webhookId: webhook.id })));
    expect(new Set(published.map((one) => one.deliveries[0]?.id)).size).toBe(1);
    await finished(published[0]?.deliveries[0]?.id ?? '');
    expect(received('/once')).toHaveLength(1);
  });

  it('is nobody else’s: another tenant sees and touches nothing of it', async () => {
    const webhook = await register('/mine');
    const event = await publish({ webhookId: webhook.id });
    const id = event.deliveries[0]?.id ?? '';
    await finished(id);
    for (const [method, path] of [
      ['GET', `/api/v1/events/${event.id}`],
      ['GET', `/api/v1/deliveries/${id}`],
      ['POST', `/api/v1/deliveries/${id}/retry`],
      ['POST', `/api/v1/deliveries/${id}/cancel`],
      ['GET', `/api/v1/webhooks/${webhook.id}`],
      ['DELETE', `/api/v1/webhooks/${webhook.id}`],
    ] as const) {
      expect([path, (await stranger.call(method, path)).status]).toEqual([path, 404]);
    }
    expect((await stranger.call<{ data: unknown[] }>('GET', '/api/v1/deliveries')).body.data).toEqual([]);
  });

  it('leaves figures on the operations port, the SDK’s own among them', async () => {
    const text = await (await fetch(`${everhook.operationsUrl}/metrics`)).text();
    expect(text).toMatch(/everhook_deliveries_total\{contract="everhook",status="delivered"\} [1-9]/);
    expect(text).toMatch(
      /everhook_attempt_duration_seconds_count\{contract="everhook",error_class="connect_error"\} 4/,
    );
    expect(text).toMatch(/everhook_queue_latency_seconds_count/);
    expect(text).toMatch(/temporal_workflow_completed/);
  });

  it('leaves in Temporal’s hands ids and names of ours only: what a publisher and a receiver said is encrypted', async () => {
    answers.set('/encrypted', [{ status: 503 }]);
    const webhook = await register('/encrypted', { maxRetries: 1 });
    // A publisher's own id may be somebody's number.
    const event = await publish({ id: 'maria_silva_74682051937', webhookId: webhook.id });
    const { workflowId } = await finished(event.deliveries[0]?.id ?? '');
    const handle = (await server.client()).workflow.getHandle(workflowId);
    await expect(handle.result()).rejects.toThrow();
    const { readable, plainPayloads, encryptedPayloads } = rawHistory(await handle.fetchHistory());
    const hidden = [
      event.id,
      event.deliveries[0]?.id ?? '',
      'gave up after 2 attempts',
      'attempt 2 of 2',
      'at delivery (',
    ];
    const decrypted = textsIn(await everhookCodec().decode(encryptedPayloads)).join('\n');
    for (const text of hidden) expect(decrypted).toContain(text);
    for (const text of hidden) expect(readable).not.toContain(text);
    expect(plainPayloads).toEqual([
      // The SDK's own: which local activity it was.
      'events.markerRecordedEventAttributes.details.data.payloads',
      'events.upsertWorkflowSearchAttributesEventAttributes.searchAttributes.indexedFields.DeliveryStatus',
      ...['Contract', 'DeliveryStatus', 'EventType', 'TenantId', 'WebhookId'].map(
        (name) => `events.workflowExecutionStartedEventAttributes.searchAttributes.indexedFields.${name}`,
      ),
    ]);
    const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    expect(workflowId).toMatch(new RegExp(`^delivery/${uuid}/${uuid}/${uuid}$`));
  });

  it('never shows a secret in a log line or in a Temporal history', async () => {
    const webhook = await register('/canary', {
      auth: { type: 'basic', username: 'bob', password: 'canary-password' },
      headers: { 'X-Api-Key': 'canary-header' },
    });
    const event = await publish({ webhookId: webhook.id });
    const { workflowId } = await finished(event.deliveries[0]?.id ?? '');
    expect(received('/canary')[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('bob:canary-password').toString('base64')}`,
      'x-api-key': 'canary-header',
    });
    const history = await (await server.client()).workflow.getHandle(workflowId).fetchHistory();
    const { readable, encryptedPayloads } = rawHistory(history);
    const decrypted = textsIn(await everhookCodec().decode(encryptedPayloads)).join('\n');
    const everything = everhook.output() + readable + decrypted;
    // What is looked through does have the texts of the history.
    expect(everything).toContain(event.deliveries[0]?.id);
    for (const canary of ['canary-password', 'canary-header', webhook.secret]) {
      expect(everything.includes(canary)).toBe(false);
      expect(everything.includes(Buffer.from(canary).toString('base64').slice(0, -4))).toBe(false);
    }
  });
});
