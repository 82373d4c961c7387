import type { AttemptRequest } from '../../src/domain/delivery-run';
import { createDatabase, StoreUnavailable, type Database } from '../../src/store/database';
import { createDeliveryStore } from '../../src/store/deliveries';
import { createMessageSigningKeyStore } from '../../src/store/message-signing-keys';
import { canary } from '../store/stores';
import { closedPort, startReceiver, startTalker } from '../support/receivers';
import { openEngine, type Engine } from './engine';
import { startProxy, type Proxy } from './proxy';

let engine: Engine;
let proxy: Proxy;
/** Reaches PostgreSQL through the proxy. */
let fragile: Database;

beforeAll(async () => {
  engine = await openEngine();
  proxy = await startProxy(engine.stores.url);
  fragile = createDatabase(proxy.url);
});

afterEach(async () => {
  await proxy.cut();
  await proxy.mend();
});

afterAll(async () => {
  await fragile.destroy();
  await proxy.cut();
  await engine.close();
});

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('nothing failed');
    },
    (error: unknown) => error,
  );

describe('an attempt that PostgreSQL holds up', () => {
  let lateMs = 0;
  beforeEach(() => {
    lateMs = 0;
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + lateMs);
  });
  afterEach(() => jest.restoreAllMocks());

  it('is not made once Temporal may have begun it elsewhere', async () => {
    const target = await startReceiver();
    const delivery = await engine.deliveryTo(target.url);
    const slow = {
      ...engine.stores.deliveries,
      loadAttempt: async (request: AttemptRequest) => {
        const loaded = await engine.stores.deliveries.loadAttempt(request);
        lateMs = 10_000;
        return loaded;
      },
    };
    const worker = engine.worker({ allow: [target], deliveries: slow });
    expect(await failureOf(worker.attemptDelivery(delivery.request()))).toMatchObject({ name: 'AttemptTooLate' });
    expect(target.connections()).toBe(0);
    expect(await delivery.attempts()).toEqual([]);
    await target.close();
  });

  it('is told to Temporal in time although its record hangs', async () => {
    const target = await startReceiver((_request, response) => {
      lateMs = 13_900;
      response.end('ok');
    });
    const delivery = await engine.deliveryTo(target.url);
    const hanging = { ...engine.stores.deliveries, recordAttempt: () => new Promise<void>(() => {}) };
    const worker = engine.worker({ allow: [target], deliveries: hanging });
    const report = await worker.attemptDelivery(delivery.request());
    expect(report).toMatchObject({ outcome: { kind: 'delivered' }, unrecorded: { number: 1, statusCode: 200 } });
    await target.close();
  });
});

describe('while PostgreSQL is away before an attempt', () => {
  it('nothing is sent, and the activity says that the database is unavailable', async () => {
    const target = await startReceiver();
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target], deliveries: createDeliveryStore(fragile) });
    await proxy.cut();
    expect(await failureOf(worker.attemptDelivery(delivery.request()))).toBeInstanceOf(StoreUnavailable);
    expect(target.connections()).toBe(0);
    await proxy.mend();
    expect((await worker.attemptDelivery(delivery.request())).outcome).toEqual({ kind: 'delivered' });
    expect(target.requests).toHaveLength(1);
    await target.close();
  });

  it('nothing is sent either when it goes away between the webhook and the signing key', async () => {
    const target = await startReceiver();
    const delivery = await engine.deliveryTo(target.url, { contract: 'sovrin' });
    const dead = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
    const messageSigningKeys = createMessageSigningKeyStore(dead, engine.stores.keyring);
    const worker = engine.worker({ allow: [target], messageSigningKeys });
    expect(await failureOf(worker.attemptDelivery(delivery.request()))).toBeInstanceOf(StoreUnavailable);
    expect(target.connections()).toBe(0);
    expect(await delivery.attempts()).toEqual([]);
    await dead.destroy();
    await target.close();
  });

  it('a cancellation is not settled but told to be tried again', async () => {
    const target = await startReceiver();
    const { deliveryId } = await engine.deliveryTo(target.url);
    const worker = engine.worker({ deliveries: createDeliveryStore(fragile) });
    await proxy.cut();
    const settle = worker.settleCancelled({ tenantId: engine.tenantId, deliveryId });
    expect(await failureOf(settle)).toBeInstanceOf(StoreUnavailable);
    await target.close();
  });
});

describe('when PostgreSQL goes away during the exchange', () => {
  it.each([200, 503])('the report of a %d carries the record, which is stored later, once', async (status) => {
    const target = await startReceiver((_request, response) => {
      void proxy.cut().then(() => response.writeHead(status, { 'retry-after': '30' }).end('kept'));
    });
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target], deliveries: createDeliveryStore(fragile) });
    const { outcome, unrecorded } = await worker.attemptDelivery(delivery.request());
    expect(outcome).toMatchObject(
      status === 200 ? { kind: 'delivered' } : { kind: 'refused', statusCode: 503, retryAfterMs: 30_000 },
    );
    expect(unrecorded).toMatchObject({ number: 1, statusCode: status, responseBody: 'kept' });
    expect(unrecorded?.responseHeaders?.['retry-after']).toBe(status === 200 ? undefined : '30');
    if (!unrecorded) throw new Error('nothing unrecorded');
    const retryAfterMs = outcome.kind === 'refused' ? outcome.retryAfterMs : undefined;
    const record = () => worker.recordAttempt(delivery.request(), unrecorded, retryAfterMs);
    expect(await failureOf(record())).toBeInstanceOf(StoreUnavailable);
    expect(await delivery.attempts()).toEqual([]);

    await proxy.mend();
    await record();
    await record();
    expect(await delivery.attempts()).toEqual([unrecorded]);
    const endedAt = Date.parse(unrecorded.startedAt) + unrecorded.durationMs;
    expect(await delivery.stored()).toMatchObject(
      status === 200
        ? { status: 'delivered', completedAt: new Date(endedAt) }
        : { status: 'pending', nextAttemptAt: new Date(endedAt + 30_000) },
    );
    // Whoever runs the attempt again learns what it came to.
    expect((await worker.attemptDelivery(delivery.request())).outcome.kind).toBe(outcome.kind);
    expect(target.requests).toHaveLength(1);
    await target.close();
  });

  it('the last failure is stored as such', async () => {
    const target = await startReceiver((_request, response) => {
      void proxy.cut().then(() => response.writeHead(500).end());
    });
    const delivery = await engine.deliveryTo(target.url);
    const worker = engine.worker({ allow: [target], deliveries: createDeliveryStore(fragile) });
    const { unrecorded } = await worker.attemptDelivery(delivery.request(1, null));
    if (!unrecorded) throw new Error('nothing unrecorded');
    await proxy.mend();
    await worker.recordAttempt(delivery.request(1, null), unrecorded, undefined);
    expect(await delivery.stored()).toMatchObject({ status: 'failed', lastErrorClass: 'http_status' });
    await target.close();
  });
});

describe('a worker that shuts down', () => {
  it('gives an exchange up without calling it an attempt; another worker makes it', async () => {
    const shutdown = new AbortController();
    let answers = false;
    const target = await startReceiver((_request, response) => {
      if (answers) response.end();
      else shutdown.abort(new Error('the worker is shutting down'));
    });
    const delivery = await engine.deliveryTo(target.url);
    const leaving = engine.worker({ allow: [target], shutdown: shutdown.signal });
    await expect(leaving.attemptDelivery(delivery.request())).rejects.toThrow('shutting down');
    expect(await delivery.attempts()).toEqual([]);
    expect(await delivery.stored()).toMatchObject({ status: 'pending', lastErrorClass: null });
    answers = true;
    const { outcome } = await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
    expect(outcome).toEqual({ kind: 'delivered' });
    expect(await delivery.attempts()).toHaveLength(1);
    await target.close();
  });
});

describe('what a worker says', () => {
  it('holds no secret: not in a log line, nor in what goes to Temporal, whatever goes wrong', async () => {
    const [password, path, header, answer, payload] = [canary(), canary(), canary(), canary(), canary()];
    const garbage = await startTalker(`${answer.text}\r\n\r\n`, (socket) => socket.end());
    const busy = await startReceiver((_request, response) => response.writeHead(500).end('no'));
    const leaving = await startReceiver((_request, response) => {
      void proxy.cut().then(() => response.writeHead(500).end('no'));
    });
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const said: unknown[] = [];
    const signingSecrets: string[] = [];
    engine.logged.length = 0;
    for (const [url, store] of [
      [garbage.url, engine.stores.deliveries],
      [busy.url, engine.stores.deliveries],
      [dead, engine.stores.deliveries],
      ['https://10.0.0.1', engine.stores.deliveries],
      [leaving.url, createDeliveryStore(fragile)],
      [busy.url, createDeliveryStore(fragile)],
    ] as const) {
      const delivery = await engine.deliveryTo(
        `${url}/${path.text}?token=${path.text}`,
        {
          auth: { type: 'basic', username: 'user', password: password.secret },
          headers: { 'x-api-key': header.text },
          contract: 'sovrin',
        },
        { payload: { personal: payload.text } },
      );
      const rows = await engine.stores.database('webhook_secrets').where({ webhook_id: delivery.webhookId });
      const opened = await engine.stores.webhooks.openSecrets(engine.tenantId, rows);
      signingSecrets.push(...opened.signing.map((secret) => secret.reveal().replace('whsec_', '')));
      const worker = engine.worker({ allow: [garbage, busy, dead, leaving], deliveries: store });
      const result: unknown = await worker.attemptDelivery(delivery.request()).catch((error: unknown) => error);
      // All that an error could give away, its causes and their properties included.
      said.push(result instanceof Error ? errorText(result) : result);
    }
    const output = JSON.stringify(said) + engine.logged.join('');
    expect(engine.logged.length).toBeGreaterThanOrEqual(5);
    expect(output).toContain('StoreUnavailable');
    for (const { text } of [password, path, header, answer, payload]) expect(output).not.toContain(text);
    for (const secret of signingSecrets) expect(output).not.toContain(secret);
    expect(output).not.toContain(Buffer.from(`user:${password.text}`).toString('base64'));
    expect(output).not.toMatch(/PRIVATE KEY|v1,[A-Za-z0-9+/]{20}/);
    await Promise.all([garbage.close(), busy.close(), leaving.close()]);
  });
});

function errorText(error: Error): string {
  const cause = error.cause instanceof Error ? errorText(error.cause) : '';
  return `${error.name} ${error.message} ${error.stack} ${JSON.stringify(error)} ${cause}`;
}
