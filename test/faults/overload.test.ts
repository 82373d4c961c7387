import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { apiContracts } from '../../src/api/contracts';
import { formatFor } from '../../src/api/errors/format';
import { tokenErrorFormat } from '../../src/api/routes/token';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type Answer,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
  type TenantCredentials,
} from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';
import { eventType } from './load';

const errorFormats = [
  { prefix: '/oauth2/token', format: tokenErrorFormat },
  ...apiContracts.flatMap(({ errors }) => errors),
];

/** More than a connection of each: whoever waits for the lock uses the pool up. */
const poolSize = 2;

let database: TestDatabase;
let api: EverhookProcess;
let credentials: TenantCredentials;
let tenant: TenantApi;
let other: TenantApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const around: Surroundings = {
    databaseUrl: database.url,
    temporalAddress: devServer().address,
    taskQueue: testTaskQueue(),
    allow: [],
    settings: { DATABASE_POOL_SIZE: String(poolSize) },
  };
  api = await startEverhook('api', around);
  credentials = await createTenant(around);
  tenant = await tenantApi(() => api.url, credentials);
  other = await tenantApi(() => api.url, await createTenant(around));
}, 60_000);

afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const publish = (by = tenant) => by.call('POST', '/api/v1/events', { type: eventType, payload: {} });

/** Holds the tables that requests begin with, so that every query is a slow one, until what `work` does is over. */
async function whileLocked(work: (lockHeld: () => Promise<boolean>) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('BEGIN; LOCK TABLE webhooks, deliveries, event_keys, clients, portals IN ACCESS EXCLUSIVE MODE');
    await work(async () => (await client.query('SELECT 1')).rowCount === 1);
  } finally {
    await client.end();
  }
}

/** How many statements wait for the lock now. */
async function waiting(): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::integer AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'everhook' AND wait_event_type = 'Lock'`,
    );
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

/** A request of each contract, of the tokens' endpoints and of the API's own. */
function oneOfEach(): { path: string; answer: Promise<Answer> }[] {
  const { clientId, clientSecret } = credentials;
  const basic = { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` };
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const read = (path: string) => ({ path, answer: tenant.call('GET', path) });
  const post = (path: string, headers: Record<string, string>, body: string) => ({
    path,
    answer: fetch(api.url + path, { method: 'POST', headers, body }).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    })),
  });
  return [
    read('/api/v1/webhooks'),
    read('/api/v1/deliveries'),
    read('/v1/webhooks'),
    read('/api/notifications/v1/webhooks'),
    read('/api/smart-keys/interceptors'),
    read('/portal-api/webhooks'),
    post('/oauth2/token', { ...form, ...basic }, 'grant_type=client_credentials'),
    post('/api/portal/onboard/v1/token', json, JSON.stringify({ client_id: clientId, client_secret: clientSecret })),
    post('/v1/createCredentials', { ...json, ...basic }, '{}'),
  ];
}

describe('while no connection to PostgreSQL is free, and queries take for ever', () => {
  it('every contract answers 503 in its own format, the process stays alive, and goes on by itself', async () => {
    await whileLocked(async (lockHeld) => {
      // Of two tenants: requests of one share the statement that looks up their client.
      const slow = [publish(tenant), publish(other)];
      await eventually(waiting, (n) => n === poolSize, 10_000);

      const asked = oneOfEach();
      const asksReadiness = fetch(`${api.url}/readyz`);
      const alive = await fetch(`${api.url}/livez`);
      expect(alive.status).toBe(200);
      for (const { path, answer } of asked) {
        const { status, headers, body } = await answer;
        const { contentType, schema } = formatFor(path, errorFormats);
        expect([path, status, headers.get('retry-after')]).toEqual([path, 503, '2']);
        expect([path, headers.get('content-type')]).toEqual([path, expect.stringContaining(contentType)]);
        expect([path, schema.safeParse(body).error]).toEqual([path, undefined]);
      }
      const ready = await asksReadiness;
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({ postgresql: false, temporal: true });
      for (const { status, headers } of await Promise.all(slow)) {
        expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      }
      // They were answered, not let go.
      expect(await lockHeld()).toBe(true);
    });
    expect((await publish()).status).toBe(202);
    expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  }, 120_000);

  it('a thousand publishes at once are all answered 503 within the time that one of them takes', async () => {
    await whileLocked(async (lockHeld) => {
      const answers = Promise.all(Array.from({ length: 1_000 }, publish));
      // By turns, as many as go into a statement, they would take 150 s.
      const statuses = await Promise.race([answers, sleep(75_000, undefined, { ref: false })]);
      expect(new Set(statuses?.map(({ status }) => status))).toEqual(new Set([503]));
      expect(await lockHeld()).toBe(true);
    });
    expect((await publish()).status).toBe(202);
  }, 120_000);
});
