import pino from 'pino';
import { createConnectionTestActivities } from '../../src/activities/connection-test';
import type { ErrorClass } from '../../src/domain/delivery';
import { parseAllowedOrigins } from '../../src/domain/url-policy';
import { createEgress, type Egress } from '../../src/platform/egress/egress';
import { createDatabase, StoreUnavailable } from '../../src/store/database';
import { createAuditStore } from '../../src/store/audit';
import { createWebhookStore, type NewWebhook } from '../../src/store/webhooks';
import { openTestStores, type TestStores } from '../store/stores';
import { closedPort, startRawReceiver, startReceiver, startTalker, type Receiver } from '../support/receivers';

let stores: TestStores;
let tenantId: string;
const logged: string[] = [];
const blocked: unknown[] = [];
const log = pino({}, { write: (line: string) => void logged.push(line) });
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  stores = await openTestStores();
  tenantId = await stores.tenant();
});
afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

function kept<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one);
  return one;
}

function activities(allow: string, { webhooks = stores.webhooks, shutdown = new AbortController().signal } = {}) {
  const egress: Egress = kept(createEgress({ allowedOrigins: parseAllowedOrigins(allow), dnsServers: [] }));
  const blockedAddresses = { note: (...noted: unknown[]) => void blocked.push(noted) };
  return createConnectionTestActivities({ webhooks, egress, blockedAddresses, log, shutdown });
}

const register = (targetUrl: string, rest: Partial<NewWebhook> = {}) =>
  stores.webhook(tenantId, { contract: 'tyk', events: ['UserRegistered'], targetUrl, ...rest });

async function testOf(receiver: Receiver, rest: Partial<NewWebhook> = {}) {
  const { id: webhookId } = await register(`${receiver.url}/secret-path?token=canary`, rest);
  return activities(receiver.url).testConnection({ tenantId, webhookId });
}

const durationMs = expect.any(Number) as number;

describe('a connection test', () => {
  it('is one HEAD request to the target, without custom headers, credentials or signatures', async () => {
    const receiver = kept(await startReceiver());
    const result = await testOf(receiver, {
      headers: { 'X-Team': 'billing', 'X-Api-Key': 'canary' },
      settings: { method: 'PUT' },
    });
    expect(result).toEqual({ statusCode: 200, errorClass: null, durationMs });
    expect(receiver.requests).toHaveLength(1);
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'HEAD', path: '/secret-path?token=canary' });
    expect(request?.body).toHaveLength(0);
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(
      ['accept-encoding', 'connection', 'host', 'user-agent'].filter((name) => name in (request?.headers ?? {})),
    );
  });

  it.each([204, 302, 404, 405, 500])('tells that %i was answered, and follows nothing', async (status) => {
    const receiver = kept(
      await startReceiver((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end()),
    );
    expect(await testOf(receiver)).toEqual({ statusCode: status, errorClass: null, durationMs });
    expect(receiver.requests).toHaveLength(1);
  });

  it("is over when the webhook's own timeout is", async () => {
    const receiver = kept(await startReceiver(() => {}));
    expect(await testOf(receiver, { timeoutMs: 300 })).toEqual({ statusCode: null, errorClass: 'timeout', durationMs });
  });

  it('is over after five seconds at most, however patient the webhook is', async () => {
    const receiver = kept(await startReceiver(() => {}));
    const result = await testOf(receiver, { timeoutMs: 60_000 });
    expect(result).toMatchObject({ statusCode: null, errorClass: 'timeout' });
    expect(result?.durationMs).toBeGreaterThanOrEqual(4_900);
    expect(result?.durationMs).toBeLessThan(7_000);
  });

  it.each<[ErrorClass, () => Promise<Receiver>]>([
    ['protocol_error', () => startTalker('nonsense\r\n\r\n')],
    ['connect_error', () => startRawReceiver((socket) => socket.destroy())],
  ])('tells of a %s', async (errorClass, start) => {
    expect(await testOf(kept(await start()))).toEqual({ statusCode: null, errorClass, durationMs });
  });

  it('tells that nobody listens', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { id: webhookId } = await register(url);
    const result = await activities(url).testConnection({ tenantId, webhookId });
    expect(result).toEqual({ statusCode: null, errorClass: 'connect_error', durationMs });
  });

  it('goes where deliveries may go and nowhere else', async () => {
    const receiver = kept(await startReceiver());
    const { id: webhookId } = await register(receiver.url);
    const result = await activities('').testConnection({ tenantId, webhookId });
    expect(result).toEqual({ statusCode: null, errorClass: 'blocked_address', durationMs });
    expect(receiver.connections()).toBe(0);
    expect(blocked).toEqual([[{ tenantId, webhookId }, 'targetUrl']]);
  });

  it('finds nothing of another tenant, and nothing that was removed', async () => {
    const receiver = kept(await startReceiver());
    const { id: webhookId } = await register(receiver.url);
    const { testConnection } = activities(receiver.url);
    expect(await testConnection({ tenantId: await stores.tenant(), webhookId })).toBeNull();
    await stores.database('webhooks').where({ id: webhookId }).update({ deleted_at: new Date() });
    expect(await testConnection({ tenantId, webhookId })).toBeNull();
    expect(receiver.requests).toEqual([]);
  });

  it('is no result when we are the ones in trouble', async () => {
    const receiver = kept(await startReceiver(() => {}));
    const { id: webhookId } = await register(receiver.url, { timeoutMs: 3_000 });
    const stopping = new AbortController();
    const testing = activities(receiver.url, { shutdown: stopping.signal }).testConnection({ tenantId, webhookId });
    setTimeout(() => stopping.abort(new Error('stopping')), 100);
    await expect(testing).rejects.toThrow('stopping');

    const dead = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
    const webhooks = createWebhookStore(dead, stores.keyring, createAuditStore(dead));
    const { testConnection } = activities(receiver.url, { webhooks });
    await expect(testConnection({ tenantId, webhookId })).rejects.toThrow(StoreUnavailable);
    await dead.destroy();
  });

  it('leaves one line in the log, without the URL', async () => {
    logged.splice(0);
    await testOf(kept(await startReceiver()));
    expect(logged.map((line) => JSON.parse(line) as object)).toMatchObject([
      { tenantId, webhookId: expect.any(String) as string, statusCode: 200, msg: 'connection tested' },
    ]);
    expect(logged.join()).not.toMatch(/secret-path|canary/);
  });
});
