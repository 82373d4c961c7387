import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { deliveryWorkflowId } from '../../src/domain/delivery-run';
import { newId } from '../../src/domain/ids';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { canary, entry } from '../store/stores';
import { startDnsServer } from '../support/dns-server';
import { eventually } from '../support/everhook';
import { closedPort, startReceiver, startTalker, startRawReceiver, type Receiver } from '../support/receivers';
import { selfSigned } from '../support/tls';
import { openEngine, type Engine } from './engine';

let engine: Engine;
const receivers: Receiver[] = [];

beforeAll(async () => {
  engine = await openEngine();
});

afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await engine.close();
});

async function receiver(...respond: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...respond);
  receivers.push(started);
  return started;
}

const answering = (status: number, headers: Record<string, string> = {}, body: Buffer | string = '') =>
  receiver((_request, response) => response.writeHead(status, headers).end(body));

/** What a first attempt at this receiver came to, with one more to come after 2 s. */
async function attemptAt(target: Receiver | string, { timeoutMs = 3_000 } = {}) {
  const url = typeof target === 'string' ? target : target.url;
  const delivery = await engine.deliveryTo(`${url}/hook`, { timeoutMs });
  const { outcome, unrecorded } = await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
  expect(unrecorded).toBeUndefined();
  const [attempt] = await delivery.attempts();
  return { outcome, attempt, stored: await delivery.stored(), delivery };
}

describe('an attempt that the receiver takes', () => {
  it.each([200, 201, 202, 204, 299])('with %d delivers', async (status) => {
    const { outcome, attempt, stored } = await attemptAt(await answering(status));
    expect(outcome).toEqual({ kind: 'delivered' });
    expect(attempt).toMatchObject({ number: 1, statusCode: status, errorClass: null });
    expect(stored).toMatchObject({ status: 'delivered', nextAttemptAt: null, completedAt: expect.any(Date) });
  });

  it('is counted, with the time it took and the time it waited', async () => {
    engine.registry.resetMetrics();
    await attemptAt(await answering(200));
    const metrics = await engine.registry.metrics();
    expect(metrics).toContain('everhook_deliveries_total{contract="everhook",status="delivered"} 1');
    expect(metrics).toContain('everhook_attempt_duration_seconds_count{contract="everhook",error_class="none"} 1');
    expect(metrics).toContain('everhook_queue_latency_seconds_count{contract="everhook"} 1');
  });
});

describe('the log line of an attempt', () => {
  it('names tenant, delivery, workflow, webhook and event', async () => {
    engine.logged.length = 0;
    const { delivery } = await attemptAt(await answering(200));
    const line = engine.logged.map((text) => JSON.parse(text) as Record<string, unknown>).at(-1);
    expect(line).toMatchObject({
      msg: 'attempt delivered',
      tenantId: engine.tenantId,
      deliveryId: delivery.deliveryId,
      workflowId: deliveryWorkflowId({ ...delivery, tenantId: engine.tenantId, redelivery: 0 }),
      webhookId: delivery.webhookId,
      eventId: delivery.eventId,
      number: 1,
      statusCode: 200,
    });
  });
});

describe('an attempt that fails', () => {
  it.each([300, 301, 302, 304, 307, 400, 401, 404, 410, 429, 500, 503])(
    'with %d is refused as http_status, and redirects are not followed',
    async (status) => {
      const elsewhere = await receiver();
      const { outcome, attempt, stored } = await attemptAt(await answering(status, { location: elsewhere.url }));
      expect(outcome).toEqual({ kind: 'refused', errorClass: 'http_status', statusCode: status });
      expect(attempt).toMatchObject({ statusCode: status, errorClass: 'http_status' });
      expect(stored).toMatchObject({ status: 'pending', lastErrorClass: 'http_status', completedAt: null });
      expect(elsewhere.requests).toEqual([]);
    },
  );

  it.each<[string, string, () => Promise<Receiver | string>]>([
    ['timeout', 'says nothing', () => receiver(() => {})],
    ['timeout', 'never ends its answer', () => receiver((_request, response) => void response.write('drip'))],
    ['connect_error', 'does not listen', async () => `http://127.0.0.1:${await closedPort()}`],
    ['connect_error', 'hangs up', () => startRawReceiver((socket) => socket.once('data', () => socket.destroy()))],
    ['protocol_error', 'speaks no HTTP', () => startTalker('SSH-2.0-OpenSSH\r\n', (socket) => socket.end())],
    ['tls_error', 'has a certificate of its own', async () => receiver(undefined, await selfSigned('localhost'))],
  ])('is a %s when the receiver %s', async (errorClass, _what, start) => {
    const target = await start();
    if (typeof target !== 'string') receivers.push(target);
    const timeoutMs = errorClass === 'timeout' ? 250 : 3_000;
    const { outcome, attempt, stored } = await attemptAt(target, { timeoutMs });
    expect(outcome).toMatchObject({ kind: 'refused', errorClass });
    expect(attempt).toMatchObject({ errorClass, responseBody: null });
    expect(stored).toMatchObject({ status: 'pending', lastErrorClass: errorClass });
  });

  it('is a dns_error when the name has no address, and a blocked_address when it has a private one', async () => {
    const dns = await startDnsServer({ 'private.example': { a: ['10.0.0.1'] } });
    try {
      const worker = engine.worker({ dnsServers: [dns.address] });
      for (const [host, errorClass] of [
        ['nowhere.example', 'dns_error'],
        ['private.example', 'blocked_address'],
      ] as const) {
        const delivery = await engine.deliveryTo(`https://${host}/`);
        const { outcome } = await worker.attemptDelivery(delivery.request());
        expect(outcome).toEqual({ kind: 'refused', errorClass, statusCode: null });
        // A class is all that a tenant may learn.
        expect(JSON.stringify(await delivery.attempts())).not.toContain('10.0.0.1');
      }
    } finally {
      await dns.close();
    }
  });

  it('is a blocked_address at a private address that is not allowed, of whom nothing is asked', async () => {
    const target = await receiver();
    const delivery = await engine.deliveryTo(target.url);
    const { outcome } = await engine.worker().attemptDelivery(delivery.request());
    expect(outcome).toEqual({ kind: 'refused', errorClass: 'blocked_address', statusCode: null });
    expect(target.connections()).toBe(0);
  });

  it('is told to the audit log once for a webhook and hour, among all workers, without where it leads', async () => {
    const target = await receiver();
    const auth = {
      type: 'client_credential',
      clientId: 'c',
      clientSecret: canary().secret,
      tokenUrl: `${target.url}/token`,
    } as const;
    const deliveries = [await engine.deliveryTo(target.url), await engine.deliveryTo('https://example.com/', { auth })];
    const workers = [engine.worker(), engine.worker()];
    for (const delivery of deliveries) {
      await Promise.all(workers.map((worker) => worker.attemptDelivery(delivery.request())));
      await workers[0]?.attemptDelivery(delivery.request(2));
    }
    const blocked = () => engine.stores.audit.list(engine.tenantId, { limit: 250, action: 'webhook.blocked_address' });
    const ofThese = async () =>
      (await blocked()).data.filter(({ objectId }) => deliveries.some(({ webhookId }) => webhookId === objectId));
    const entries = await eventually(ofThese, (found) => found.length >= 2);
    expect(entries.reverse()).toMatchObject([
      { actor: 'worker', outcome: 'failure', objectId: deliveries[0]?.webhookId, fields: ['targetUrl'], address: null },
      { actor: 'worker', outcome: 'failure', objectId: deliveries[1]?.webhookId, fields: ['tokenUrl'], address: null },
    ]);
    expect(JSON.stringify(entries)).not.toContain('127.0.0.1');
  });

  it('for the last time makes the delivery failed', async () => {
    const target = await answering(500);
    const delivery = await engine.deliveryTo(target.url);
    engine.registry.resetMetrics();
    const { outcome } = await engine.worker({ allow: [target] }).attemptDelivery(delivery.request(4, null));
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(await delivery.stored()).toMatchObject({ status: 'failed', completedAt: expect.any(Date) });
    expect(await engine.registry.metrics()).toContain('{contract="everhook",status="failed"} 1');
  });

  it('has the next attempt due its wait after the end of this one', async () => {
    const { attempt, stored } = await attemptAt(await answering(500));
    const endedAt = Date.parse(attempt?.startedAt ?? '') + (attempt?.durationMs ?? 0);
    expect(stored?.nextAttemptAt?.getTime()).toBe(endedAt + 2_000);
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('of a %d lengthens the wait, in seconds or as a date', async (status) => {
    const { outcome, attempt, stored } = await attemptAt(await answering(status, { 'retry-after': '30' }));
    expect(outcome).toMatchObject({ kind: 'refused', retryAfterMs: 30_000 });
    const endedAt = Date.parse(attempt?.startedAt ?? '') + (attempt?.durationMs ?? 0);
    expect(stored?.nextAttemptAt?.getTime()).toBe(endedAt + 30_000);

    const date = new Date(Date.now() + 20_000).toUTCString();
    const dated = await attemptAt(await answering(status, { 'retry-after': date }));
    const { retryAfterMs = 0 } = dated.outcome.kind === 'refused' ? dated.outcome : {};
    expect(retryAfterMs).toBeGreaterThan(15_000);
    expect(retryAfterMs).toBeLessThanOrEqual(20_000);
  });

  it('is capped at a minute', async () => {
    const { outcome } = await attemptAt(await answering(503, { 'retry-after': '86400' }));
    expect(outcome).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('that asks for less than the schedule does not shorten it', async () => {
    const { attempt, stored } = await attemptAt(await answering(503, { 'retry-after': '1' }));
    const endedAt = Date.parse(attempt?.startedAt ?? '') + (attempt?.durationMs ?? 0);
    expect(stored?.nextAttemptAt?.getTime()).toBe(endedAt + 2_000);
  });

  it.each([200, 301, 404, 500])('of a %d says nothing', async (status) => {
    const { outcome } = await attemptAt(await answering(status, { 'retry-after': '30' }));
    expect(outcome).not.toHaveProperty('retryAfterMs');
  });
});

describe('what is kept of an answer', () => {
  it.each<[string, Buffer, string | null]>([
    ['nothing of an empty one', Buffer.alloc(0), null],
    ['all of a short one', Buffer.from('{"ok":"ä☃😀"}'), '{"ok":"ä☃😀"}'],
    ['the first KiB of a long one', Buffer.from('x'.repeat(5_000)), 'x'.repeat(1_024)],
    ['no half of a character', Buffer.from(`${'x'.repeat(1_022)}☃`), 'x'.repeat(1_022)],
    ['no NUL, which PostgreSQL would refuse', Buffer.from('a\0b\0'), 'a\ufffdb\ufffd'],
    ['a KiB of NULs', Buffer.alloc(2_000), '\ufffd'.repeat(1_024)],
    ['what is no UTF-8 as replacements', Buffer.from([0x61, 0xff, 0xc3, 0x28]), 'a\ufffd\ufffd('],
    ['a KiB of bytes that are never UTF-8', Buffer.alloc(2_000, 0xff), '\ufffd'.repeat(1_024)],
  ])('is %s', async (_name, body, kept) => {
    const { attempt } = await attemptAt(await answering(500, {}, body));
    expect(attempt?.responseBody).toBe(kept);
  });
});

describe('of the headers of an answer', () => {
  it('those to an attempt that failed are kept, without what is secret', async () => {
    const { attempt } = await attemptAt(
      await answering(302, { Location: 'https://login.example/?from=hook', 'Set-Cookie': 'sid=1', 'X-Request-Id': 'r-7' }),
    );
    expect(attempt?.responseHeaders).toMatchObject({
      location: 'https://login.example/?from=hook',
      'set-cookie': '[redacted]',
      'x-request-id': 'r-7',
    });
  });

  it('none are kept of a success, and of no answer', async () => {
    for (const target of [await answering(200, { server: 'nginx' }), `http://127.0.0.1:${await closedPort()}`]) {
      expect((await attemptAt(target)).attempt).toMatchObject({ responseHeaders: null });
    }
  });
});

describe('an attempt made twice', () => {
  it.each([200, 503])('is sent once and answers %d again', async (status) => {
    const target = await answering(status);
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target] });
    const first = await worker.attemptDelivery(delivery.request());
    expect(await worker.attemptDelivery(delivery.request())).toMatchObject(first);
    expect(target.requests).toHaveLength(1);
    expect(await delivery.attempts()).toHaveLength(1);
  });

  it('still keeps to what is left of the wait that the receiver asked for', async () => {
    const target = await answering(503, { 'retry-after': '45' });
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target] });
    await worker.attemptDelivery(delivery.request());
    const { outcome } = await worker.attemptDelivery(delivery.request());
    if (outcome.kind !== 'refused') throw new Error(outcome.kind);
    expect(outcome.retryAfterMs).toBeGreaterThan(30_000);
    expect(outcome.retryAfterMs).toBeLessThanOrEqual(45_000);
  });

  it('counts a delivery that was cancelled while it waited', async () => {
    const delivery = await engine.deliveryTo((await answering(503)).url);
    engine.registry.resetMetrics();
    const worker = engine.worker({});
    await worker.settleCancelled({ tenantId: engine.tenantId, deliveryId: delivery.deliveryId });
    await worker.settleCancelled({ tenantId: engine.tenantId, deliveryId: delivery.deliveryId });
    const metrics = await engine.registry.metrics();
    expect(metrics).toContain('everhook_deliveries_total{contract="everhook",status="cancelled"} 1');
  });

  it('is not sent for a delivery that has ended', async () => {
    const target = await receiver();
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target] });
    await worker.attemptDelivery(delivery.request(1));
    expect(await worker.attemptDelivery(delivery.request(2))).toEqual({ outcome: { kind: 'delivered' } });
    const cancelled = await engine.deliveryTo(target.url);
    await worker.settleCancelled({ tenantId: engine.tenantId, deliveryId: cancelled.deliveryId });
    expect((await worker.attemptDelivery(cancelled.request())).outcome.kind).toBe('cancelled');
    const gone = { ...cancelled.request(), deliveryId: newId() };
    expect((await worker.attemptDelivery(gone)).outcome.kind).toBe('cancelled');
    expect(target.requests).toHaveLength(1);
  });
});

describe('between two attempts', () => {
  const webhookUpdate = () => entry(engine.tenantId, 'webhook.update');

  it.each(['disabled', 'deleted'])(
    'a webhook that is %s gets no further request: the delivery is cancelled',
    async (how) => {
      const target = await answering(500);
      const delivery = await engine.deliveryTo(target.url);
      const worker = engine.worker({ allow: [target] });
      await worker.attemptDelivery(delivery.request(1));
      const { webhooks } = engine.stores;
      if (how === 'deleted') await webhooks.remove(engine.tenantId, delivery.webhookId, webhookUpdate());
      else await webhooks.update(engine.tenantId, delivery.webhookId, { disabled: true }, webhookUpdate());
      engine.registry.resetMetrics();
      const { outcome } = await worker.attemptDelivery(delivery.request(2));
      expect(outcome.kind).toBe('cancelled');
      expect(await delivery.stored()).toMatchObject({ status: 'cancelled' });
      expect(target.requests).toHaveLength(1);
      await worker.attemptDelivery(delivery.request(2));
      expect(await engine.registry.metrics()).toContain('{contract="everhook",status="cancelled"} 1');
    },
  );

  it('a changed URL, secret, header or timeout is used at once', async () => {
    const [first, second] = [await answering(500), await receiver()];
    const old = newSigningSecret();
    const delivery = await engine.deliveryTo(first.url, { signingSecret: old, headers: { 'x-api-key': 'one' } });
    const worker = engine.worker({ allow: [first, second] });
    await worker.attemptDelivery(delivery.request(1));

    const rotated = newSigningSecret();
    const { webhooks } = engine.stores;
    await webhooks.rotateSecret(engine.tenantId, delivery.webhookId, rotated, 0, webhookUpdate());
    const patch = { targetUrl: `${second.url}/new?q=1`, headers: { 'X-Api-Key': 'two', 'x-team': 'billing' } };
    await webhooks.update(engine.tenantId, delivery.webhookId, patch, webhookUpdate());
    expect((await worker.attemptDelivery(delivery.request(2))).outcome).toEqual({ kind: 'delivered' });

    expect(first.requests[0]?.headers).toMatchObject({ 'x-api-key': 'one' });
    expect(second.requests).toHaveLength(1);
    expect(second.requests[0]).toMatchObject({
      path: '/new?q=1',
      headers: { 'x-api-key': 'two', 'x-team': 'billing' },
    });
    const { body, headers } = second.requests[0] ?? { body: Buffer.alloc(0), headers: {} };
    const sent = headers as Record<string, string>;
    expect(() => new Webhook(rotated.reveal()).verify(body, sent)).not.toThrow();
    expect(() => new Webhook(old.reveal()).verify(body, sent)).toThrow();
  });

  it('the event stays the same for the receiver while the attempt is a new one', async () => {
    const target = await answering(500);
    const delivery = await engine.deliveryTo(target.url, { contract: 'sovrin' });
    const worker = engine.worker({ allow: [target] });
    for (const number of [1, 2, 3]) await worker.attemptDelivery(delivery.request(number));
    const bodies = target.requests.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
    expect(new Set(bodies.map(({ deliveryId }) => deliveryId)).size).toBe(3);
    expect(new Set(bodies.map(({ event }) => JSON.stringify(event))).size).toBe(1);
    expect(new Set(target.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.eventId]));
  });
});

describe('authentication at the receiver', () => {
  it('is Basic with the UTF-8 of both parts', async () => {
    const target = await receiver();
    const { secret, text } = canary();
    const auth = { type: 'basic', username: 'jürgen', password: secret } as const;
    const delivery = await engine.deliveryTo(target.url, { auth, headers: { authorization: 'overruled' } });
    await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
    const expected = `Basic ${Buffer.from(`jürgen:${text}`, 'utf8').toString('base64')}`;
    expect(target.requests[0]?.headers.authorization).toBe(expected);
  });
});

describe('a payload', () => {
  it('arrives as it was published, with a digest that the receiver can compare', async () => {
    const target = await receiver();
    const payload = { z: 1, a: { big: 1e21, text: 'ä\u0000☃', list: [null, true, -0.5] } };
    const delivery = await engine.deliveryTo(target.url, { contract: 'sovrin' }, { payload });
    await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
    const [request] = target.requests;
    expect(request?.body.toString()).toContain(`"payload":${JSON.stringify(payload)},`);
    const digest = createHash('sha256')
      .update(request?.body ?? '')
      .digest('base64');
    expect(request?.headers['content-digest']).toBe(`sha-256=:${digest}:`);
  });
});
