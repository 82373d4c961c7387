import path from 'node:path';
import { Client } from 'pg';
import { verifyStandardWebhooks } from '../../src/verify';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
} from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';
import { startCountingReceiver, type CountingReceiver } from './counting-receiver';
import { eventType, expectNothingLost, startLoad } from './load';

const hourMs = 3_600_000;
const stepClock = path.join(__dirname, 'step-clock.cjs');

/** Two hours forward. */
async function stepForward(everhook: EverhookProcess): Promise<void> {
  process.kill(everhook.pid, 'SIGUSR2');
  await eventually(
    () => Promise.resolve(everhook.output()),
    (output) => output.includes('the clock jumped ahead'),
    60_000,
  );
}

describe('every accepted event is delivered once', () => {
  let database: TestDatabase;
  let receiver: CountingReceiver;
  const processes: EverhookProcess[] = [];
  const refusals: string[] = [];
  let secret = '';

  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startCountingReceiver(({ headers, body }) => {
      try {
        verifyStandardWebhooks({ headers, body, secrets: secret });
        return { status: 200 };
      } catch (error) {
        refusals.push(String(error));
        return { status: 401 };
      }
    });
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((one) => one.stop()));
    refusals.splice(0);
  });

  afterAll(async () => {
    await receiver?.close();
    await database?.drop();
  });

  const surroundings = (of: Partial<Surroundings> = {}): Surroundings => ({
    databaseUrl: database.url,
    temporalAddress: devServer().address,
    taskQueue: testTaskQueue(),
    allow: [receiver.url],
    settings: { RETRY_BASE: '1s', SWEEP_INTERVAL: '2s', NODE_OPTIONS: `--require "${stepClock}"` },
    ...of,
  });

  async function started(...args: Parameters<typeof startEverhook>): Promise<EverhookProcess> {
    const one = await startEverhook(...args);
    processes.push(one);
    return one;
  }

  async function newTenant(api: EverhookProcess, around: Surroundings) {
    const credentials = await createTenant(around);
    const signedIn = () => tenantApi(() => api.url, credentials);
    const tenant = await signedIn();
    const webhook = { targetUrl: `${receiver.url}/hook`, events: [eventType] };
    const { status, body } = await tenant.call<{ secret: string }>('POST', '/api/v1/webhooks', webhook);
    expect(status).toBe(201);
    secret = body.secret;
    return { tenant, signedIn };
  }

  /** Of all attempts, the time farthest from the real one, in milliseconds. */
  async function worstClockError(): Promise<number> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ worst: string }>(
        'SELECT max(abs(extract(epoch FROM a.started_at - now()))) * 1000 AS worst FROM attempts a',
      );
      return Number(rows[0]?.worst);
    } finally {
      await client.end();
    }
  }

  it('although the clock of a worker jumps ahead: receivers that check the time of a signature accept it', async () => {
    const around = surroundings();
    const [api, worker] = await Promise.all([started('api', around), started('worker', around)]);
    const { tenant } = await newTenant(api, around);
    const going = startLoad({ api: tenant, receiver, databaseUrl: database.url });
    await going.flows(30);
    await stepForward(worker);
    going.mended();
    await going.flows(50);
    const account = await going.settle('the clock of the worker 2 h ahead');
    expect(refusals).toEqual([]);
    expectNothingLost(account);
    expect([...going.refused]).toEqual([]);
    expect(await worstClockError()).toBeLessThan(hourMs);
  }, 400_000);

  it('although the clock of the API jumps ahead and its starts get lost', async () => {
    const around = surroundings();
    const away = { ...around, temporalAddress: '127.0.0.1:1' };
    const api = await started('api', away, { until: 'alive' });
    const { tenant, signedIn } = await newTenant(api, away);
    await stepForward(api);
    // By the clock of the API an hour's token is too old.
    expect((await tenant.call('GET', '/api/v1/webhooks')).status).toBe(401);
    const going = startLoad({ api: await signedIn(), receiver, databaseUrl: database.url });
    await started('worker', around);
    going.mended();
    await going.flows(30);
    expectNothingLost(await going.settle('the clock of the API 2 h ahead, every start left to the sweeper'));
    expect([...going.refused]).toEqual([]);
    expect(refusals).toEqual([]);
  }, 400_000);
});
