import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import {
  createTenant,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startOwnStack, type OwnStack } from '../support/own-stack';
import { testTaskQueue } from '../support/temporal';
import { startCountingReceiver, type CountingReceiver } from './counting-receiver';
import { eventType, expectNothingLost, startLoad } from './load';
import { faultSeconds } from './seconds';

/** How long both stores are gone. */
const outageMs = faultSeconds(60) * 1000;

describe('every accepted event is delivered, and none twice but those in flight', () => {
  let stack: OwnStack;
  let receiver: CountingReceiver;
  let everhook: EverhookProcess[] = [];
  let api: TenantApi;

  beforeAll(async () => {
    [stack, receiver] = await Promise.all([startOwnStack(), startCountingReceiver()]);
    const around: Surroundings = {
      databaseUrl: stack.databaseUrl,
      temporalAddress: stack.temporalAddress,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '1s', SWEEP_INTERVAL: '2s' },
    };
    everhook = await Promise.all([startEverhook('api', around), startEverhook('worker', around)]);
    const [first] = everhook;
    api = await tenantApi(() => first?.url ?? '', await createTenant(around));
    const webhook = { targetUrl: `${receiver.url}/hook`, events: [eventType] };
    expect((await api.call('POST', '/api/v1/webhooks', webhook)).status).toBe(201);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(everhook.map((one) => one.stop()));
    await receiver?.close();
    await stack?.remove();
  }, 60_000);

  const load = () => startLoad({ api, receiver, databaseUrl: stack.databaseUrl });

  /** Another client's connection to PostgreSQL. */
  async function asOperator<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: stack.databaseUrl });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  it('although PostgreSQL crashes and is started again', async () => {
    const going = load();
    await going.flows(30);
    await stack.postgres.crash();
    await sleep(3_000);
    await stack.postgres.restart();
    await going.noteInFlight();
    going.mended();
    await going.flows(30);
    expectNothingLost(await going.settle('PostgreSQL crashed, 3 s away'));
    expect([...going.refused.keys()]).toEqual(['503']);
  }, 400_000);

  it('although Temporal crashes and is started again, with every publish answered 202 meanwhile', async () => {
    const going = load();
    await going.flows(30);
    await stack.temporal.crash();
    await going.noteInFlight();
    await sleep(5_000);
    await stack.temporal.restart();
    going.mended();
    await going.flows(60);
    expectNothingLost(await going.settle('Temporal crashed, 5 s away'));
    expect([...going.refused]).toEqual([]);
  }, 400_000);

  it('although both are gone for a minute', async () => {
    const going = load();
    await going.flows(30);
    await Promise.all([stack.postgres.crash(), stack.temporal.crash()]);
    await sleep(outageMs);
    await stack.postgres.restart();
    await going.noteInFlight();
    await stack.temporal.restart();
    going.mended();
    await going.flows(30);
    expectNothingLost(await going.settle(`PostgreSQL and Temporal gone for ${outageMs / 1000} s`));
    expect([...going.refused.keys()]).toEqual(['503']);
    expect(going.refused.get('503')).toBeGreaterThan(outageMs / 1000);
  }, 500_000);

  it('although the disk of PostgreSQL is full and it refuses every write', async () => {
    const tables = ['event_keys', 'events', 'deliveries', 'attempts'];
    const going = load();
    await going.flows(30);
    await asOperator(async (client) => {
      await client.query(`CREATE FUNCTION refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
      const refuse = (table: string) =>
        `CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_write()`;
      await client.query(tables.map(refuse).join(';'));
    });
    await sleep(5_000);
    const answer = await api.call('POST', '/api/v1/events', { type: eventType, payload: {} });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await api.call('GET', '/api/v1/deliveries')).toMatchObject({ status: 200 });
    await going.noteInFlight();
    await asOperator((client) => client.query('DROP FUNCTION refuse_write() CASCADE'));
    going.mended();
    await going.flows(30);
    const account = await going.settle('writes refused for 5 s, as by a full disk');
    expectNothingLost(account);
    // Their records travelled in their workflows.
    expect(account.duplicates).toBe(0);
    expect([...going.refused.keys()]).toEqual(['503']);
  }, 400_000);

  it('although a lock keeps attempts from being read and recorded for longer than a statement may take', async () => {
    const going = load();
    await going.flows(30);
    await asOperator(async (client) => {
      await client.query('BEGIN; LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE');
      await sleep(20_000);
      await client.query('ROLLBACK');
    });
    await going.noteInFlight();
    going.mended();
    await going.flows(30);
    expectNothingLost(await going.settle('attempts locked for 20 s'));
    expect([...going.refused]).toEqual([]);
  }, 400_000);
});
