import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client as Temporal, Connection } from '@temporalio/client';
import { Client as Postgres } from 'pg';
import { logToStderr } from '../../scripts/local-stack/log';
import { deliveryWorkflowId } from '../../src/domain/delivery-run';
import { consentClient, type ConsentJson } from '../e2e/consents';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type TenantApi,
  type TenantCredentials,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { testTaskQueue } from '../support/temporal';
import { eventType } from './load';
import { startRestorable, type Backup, type RestorableStack } from './restorable';

const patienceMs = 180_000;
const taskQueue = testTaskQueue();

/** Both stores twice: Everhook's of one moment then meets Temporal's of the other. */
let backups: { earlier: Backup; later: Backup };
let directory: string;
let receiver: HttpReceiver;
let credentials: TenantCredentials;
/** Until all is destroyed the receiver refuses what comes to `/down`. */
let mended = false;

/** In the words of the story: what there was at the first backup, and what came between the two. */
const was = { retried: 'was-retried', retriedLate: 'was-retried-late', delivered: 'was-delivered' };
const came = { retried: 'came-retried', delivered: 'came-delivered', afterBoth: 'came-after-both' };
let consents: { was: ConsentJson; came: ConsentJson; approved: ConsentJson };

let stack: RestorableStack | undefined;
let everhook: EverhookProcess | undefined;
let api: TenantApi;

function servers(): RestorableStack {
  if (!stack) throw new Error('there are no servers');
  return stack;
}

const surroundings = () => ({
  databaseUrl: servers().databaseUrl,
  temporalAddress: servers().temporalAddress,
  taskQueue,
  allow: [receiver.url],
  settings: { RETRY_BASE: '15s', SWEEP_INTERVAL: '1s', CONSENT_DECISION_TIMEOUT: '20s' },
});

/** A restored Temporal takes its time before it answers everything. */
async function start(): Promise<void> {
  const started = await startEverhook('start', surroundings(), { until: 'alive' });
  everhook = started;
  await eventually(
    async () => (await fetch(`${started.operationsUrl}/readyz`)).status,
    (status) => status === 200,
    patienceMs,
  );
}

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Postgres({ connectionString: servers().databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

interface DeliveryRow {
  id: string;
  status: string;
  attempts: number;
  webhook_id: string;
  event_uid: string;
}

const delivery = async (eventId: string): Promise<DeliveryRow | undefined> =>
  (
    await sql<DeliveryRow>(
      `SELECT id, status, webhook_id, event_uid,
              (SELECT count(*)::integer FROM attempts a WHERE a.tenant_id = d.tenant_id AND a.delivery_id = d.id) AS attempts
       FROM deliveries d WHERE event_id = $1`,
      [eventId],
    )
  )[0];
const until = (eventId: string, wanted: (row: DeliveryRow) => boolean) =>
  eventually(
    () => delivery(eventId),
    (row) => row !== undefined && wanted(row),
    patienceMs,
  );
const requests = (eventId: string) => receiver.requests.filter((one) => one.headers['webhook-id'] === eventId).length;

async function publish(...ids: string[]): Promise<void> {
  for (const id of ids) {
    const payload = { id, type: eventType, payload: { id } };
    expect((await api.call('POST', '/api/v1/events', payload)).status).toBe(202);
  }
}

/** As if so much time had passed, for the sweeper: nothing else goes by these columns. */
async function passes(minutes: number): Promise<void> {
  const earlier = (column: string) => `${column} = ${column} - ${minutes} * interval '1 minute'`;
  await sql(`UPDATE deliveries SET ${earlier('due_at')}, ${earlier('claimed_until')} WHERE status = 'pending'`);
  await sql(`UPDATE consents SET ${earlier('look_at')}`);
}

async function restore(name: string, from: { everhook: Backup; temporal: Backup }): Promise<void> {
  stack = await startRestorable(path.join(directory, name), from);
  await start();
  api = await tenantApi(() => everhook?.url ?? '', credentials);
}

async function destroy(): Promise<void> {
  const [process, both] = [everhook, stack];
  [everhook, stack] = [undefined, undefined];
  await process?.kill();
  await both?.destroy();
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-restore-'));
  // As root PostgreSQL runs as another user, who has to get through to its own directory.
  await chmod(directory, 0o711);
  receiver = await startReceiver(({ headers }, response) => {
    const refuses = !mended && String(headers['webhook-id']).includes('retried');
    response.writeHead(refuses ? 503 : 200).end();
  });
  stack = await startRestorable(path.join(directory, 'first'));
  logToStderr(`Restore: Temporal is the ${stack.kind} server`);
  await start();
  credentials = await createTenant(surroundings());
  api = await tenantApi(() => everhook?.url ?? '', credentials);
  const webhook = { targetUrl: `${receiver.url}/hook`, events: [eventType] };
  expect((await api.call('POST', '/api/v1/webhooks', webhook)).status).toBe(201);

  const client = consentClient(api);
  const [first, second] = [await client.create(), await client.create()];
  // One that does not run out while this goes on.
  await sql(
    `UPDATE consents SET decision_ms = 3600000, consumption_ms = 3600000, expires_at = created_at + interval '1 hour'
     WHERE id::text = $1`,
    [second.consentId.replace(/^.*:/, '')],
  );
  await publish(was.delivered, was.retried, was.retriedLate);
  await until(was.delivered, ({ status }) => status === 'delivered');
  await until(was.retried, ({ attempts }) => attempts === 1);
  const late = await until(was.retriedLate, ({ attempts }) => attempts === 1);
  const earlier = await stack.backup('earlier');

  await publish(came.delivered, came.retried);
  await until(came.delivered, ({ status }) => status === 'delivered');
  await until(came.retried, ({ attempts }) => attempts === 1);
  consents = { was: first, came: await client.create(), approved: second };
  expect(await client.act(second, 'approve')).toMatchObject({ status: 200, body: { status: 'AUTHORISED' } });
  mended = true;
  expect((await api.call('POST', `/api/v1/deliveries/${late?.id}/retry`)).status).toBe(202);
  await until(was.retriedLate, ({ status }) => status === 'delivered');
  mended = false;
  const later = await stack.backup('later');
  backups = { earlier, later };

  await publish(came.afterBoth);
  await until(came.afterBoth, ({ status }) => status === 'delivered');
  await destroy();
  mended = true;
}, 400_000);

afterEach(destroy, 60_000);

afterAll(async () => {
  await receiver?.close();
  await rm(directory, { recursive: true, force: true });
});

describe('after everything was destroyed', () => {
  it('an Everhook that is younger than Temporal begins again what has no run, and repeats nothing it has recorded', async () => {
    const before = { delivered: requests(came.delivered), late: requests(was.retriedLate) };
    await restore('younger', { everhook: backups.later, temporal: backups.earlier });

    // Its run went on where it was.
    expect(await until(was.retried, ({ status }) => status !== 'pending')).toMatchObject({ status: 'delivered' });
    // Temporal never heard of it.
    expect(await delivery(came.retried)).toMatchObject({ status: 'pending', attempts: 1 });
    await passes(11);
    expect(await until(came.retried, ({ status }) => status !== 'pending')).toMatchObject({
      status: 'delivered',
      attempts: 2,
    });
    // Temporal takes this one for due; PostgreSQL knows better.
    await runsEnd();
    expect(await runStatus(was.retriedLate)).toBe('COMPLETED');
    expect({ delivered: requests(came.delivered), late: requests(was.retriedLate) }).toEqual(before);

    const client = consentClient(api);
    for (const consent of [consents.was, consents.came]) {
      const { statusUpdatedAt } = await client.until(consent, 'EXPIRED', patienceMs);
      expect(statusUpdatedAt).toBe(consent.expiresAt);
    }
    expect(await client.read(consents.approved)).toMatchObject({ status: 'AUTHORISED' });
    await publishes('after-younger');
  }, 600_000);

  it('an Everhook that is older than Temporal sends again what it forgot, and runs without a record end', async () => {
    const before = {
      delivered: requests(was.delivered),
      came: requests(came.retried),
      late: requests(was.retriedLate),
    };
    await restore('older', { everhook: backups.earlier, temporal: backups.later });

    expect(await until(was.retried, ({ status }) => status !== 'pending')).toMatchObject({ status: 'delivered' });
    // Its run has ended long ago, and here it is pending.
    expect(await delivery(was.retriedLate)).toMatchObject({ status: 'pending', attempts: 1 });
    await passes(11);
    expect(await until(was.retriedLate, ({ status }) => status !== 'pending')).toMatchObject({ status: 'delivered' });
    expect(requests(was.retriedLate)).toBe(before.late + 1);
    expect(requests(was.delivered)).toBe(before.delivered);

    // What came after the backup is gone; its runs find nothing to do.
    expect(await delivery(came.retried)).toBeUndefined();
    await runsEnd();
    expect(requests(came.retried)).toBe(before.came);
    // Who still has it publishes it again.
    await publish(came.delivered);
    await until(came.delivered, ({ status }) => status === 'delivered');

    const client = consentClient(api);
    const { statusUpdatedAt } = await client.until(consents.was, 'EXPIRED', patienceMs);
    expect(statusUpdatedAt).toBe(consents.was.expiresAt);
    expect((await api.call('GET', `/api/v1/consents/${consents.came.consentId}`)).status).toBe(404);
    // Its run has seen an approval that PostgreSQL has not.
    expect(await client.read(consents.approved)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
    expect((await client.act(consents.approved, 'approve')).status).toBe(202);
    await client.until(consents.approved, 'AUTHORISED', patienceMs);
    await publishes('after-older');
  }, 600_000);

  async function publishes(id: string): Promise<void> {
    await publish(id);
    expect(await until(id, ({ status }) => status === 'delivered')).toMatchObject({ attempts: 1 });
  }

  async function askTemporal<T>(ask: (client: Temporal) => Promise<T>): Promise<T> {
    const connection = await Connection.connect({ address: servers().temporalAddress });
    try {
      return await ask(new Temporal({ connection }));
    } finally {
      await connection.close();
    }
  }

  async function runStatus(eventId: string): Promise<string> {
    const row = await delivery(eventId);
    if (!row) throw new Error(`there is no delivery of ${eventId}`);
    const { webhook_id: webhookId, event_uid: eventUid } = row;
    const { tenantId } = credentials;
    const id = deliveryWorkflowId({ tenantId, webhookId, eventUid, redelivery: 0 });
    return askTemporal(async ({ workflow }) => (await workflow.getHandle(id).describe()).status.name);
  }

  /** No run of a delivery is left. */
  async function runsEnd(): Promise<void> {
    const query = `ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue}' AND WorkflowType = 'delivery'`;
    await eventually(
      () => askTemporal(async ({ workflow }) => (await workflow.count(query)).count),
      (count) => count === 0,
      patienceMs,
    );
  }
});
