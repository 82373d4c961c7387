import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { awsTaskQueue } from '../../src/domain/credential-run';
import { Client as Postgres } from 'pg';
import type { StrictAws } from '../support/aws/strict-aws';
import { everythingIn, formsOf, newCanary, sightingsOf, type Canary, type Sink } from '../support/canaries';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { eventually, startEverhook, type EverhookProcess, type Surroundings } from '../support/everhook';
import type { HttpReceiver } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { customersServers, installationSecrets, play, region, startAws, type Scenario } from './canary-scenario';

/** Where a canary may be, each for a reason. What is not here must be nowhere; what is here must be true. */
const allowed: { canary: RegExp; sink: RegExp; why: string }[] = [
  {
    canary: /^(rotated )?signing secret$/,
    sink: /^answer POST \/api\/v1\/webhooks(\/{id}\/secret\/rotate)?$/,
    why: 'shown this once',
  },
  { canary: /^signing secret of Tyk$/, sink: /^answer POST \/portal-api\/webhooks$/, why: 'shown this once' },
  { canary: /^access token$/, sink: /^answer POST \/oauth2\/token$/, why: 'what was asked for' },
  {
    canary: /^access token of Celcoin$/,
    sink: /^answer POST \/api\/portal\/onboard\/v1\/token$/,
    why: 'what was asked for',
  },
  {
    canary: /^(value of an API key|secret of an app client)$/,
    sink: /^answer POST \/v1\/createCredentials$/,
    why: 'what was asked for',
  },
  {
    canary: /^path of a target/,
    sink: /^(answer |postgresql webhooks$)/,
    why: 'its owner reads where its webhooks go',
  },
  {
    canary: /^(password|number) in a payload$/,
    sink: /^(answer GET \/api\/v1\/events\/.*|postgresql events)$/,
    why: 'events are kept as they were published, and read by their owner',
  },
  {
    canary: /^answer of a failing receiver$/,
    sink: /^(answer GET \/api\/v1\/deliveries\/{id}|postgresql attempts)$/,
    why: 'the first KiB of an answer is shown to the owner of the webhook',
  },
  {
    canary: /^(changed )?name of an app$|^e-mail of a developer$/,
    sink: /^(answer GET \/api\/v1\/credentials.*|postgresql credential(s|_operations))$/,
    why: "a credential's owner reads whose it is",
  },
];

const server = devServer();
let database: TestDatabase;
let directory: string;
let stopAll: (() => Promise<unknown>)[] = [];
let scenario: Scenario;
let sinks: Sink[];

beforeAll(async () => {
  quietTemporal();
  const canaries: Canary[] = [];
  const secrets = installationSecrets(canaries);
  let receiver: HttpReceiver;
  let aws: StrictAws;
  [database, directory, receiver, aws] = await Promise.all([
    createTestDatabase(),
    mkdtemp(path.join(os.tmpdir(), 'everhook-canaries-')),
    customersServers(canaries),
    startAws(),
  ]);
  const taskQueue = testTaskQueue();
  const logOf = (role: string) => path.join(directory, `${role}.log`);
  const surroundings = (role: string): Surroundings => ({
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue,
    allow: [receiver.url],
    logFile: logOf(role),
    settings: {
      ...secrets,
      LOG_LEVEL: 'trace',
      RETRY_BASE: '50ms',
      CREDENTIALS_DEADLINE: '2m',
      AWS_REGION: region,
      AWS_ENDPOINT_URL: aws.url,
    },
  });
  const processes: EverhookProcess[] = [];
  stopAll = [() => receiver.close(), () => aws.stop()];
  for (const role of ['api', 'worker'] as const) {
    const running = await startEverhook(role, surroundings(role));
    processes.push(running);
    stopAll.unshift(() => running.stop());
  }
  const [api] = processes;
  if (!api) throw new Error('no API');
  const postgres = new Postgres({ connectionString: database.url });
  await postgres.connect();
  stopAll.push(() => postgres.end());
  scenario = await play({
    api,
    surroundings: surroundings('api'),
    receiver,
    sql: (text) => postgres.query(text),
    canaries,
  });

  const metrics = await Promise.all(
    processes.map(async ({ operationsUrl }, index) => ({
      name: `metrics ${index === 0 ? 'api' : 'worker'}`,
      content: Buffer.from(await (await fetch(`${operationsUrl}/metrics`)).text()),
    })),
  );
  const temporal = await runsOf(taskQueue, scenario.ran);
  await Promise.all(processes.map((running) => running.stop()));
  const logs = await Promise.all(
    ['api', 'worker'].map(async (role) => ({ name: `log ${role}`, content: await readFile(logOf(role)) })),
  );
  sinks = [...scenario.sinks, ...metrics, temporal, ...logs, ...(await dumpOf(postgres))];
}, 300_000);

afterAll(async () => {
  for (const stop of stopAll) await stop();
  await server.close();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

/** Histories, memos and search attributes of every run, as Temporal has them. */
async function runsOf(taskQueue: string, ran: Scenario['ran']): Promise<Sink> {
  const client = await server.client();
  const query = `TaskQueue IN ("${taskQueue}", "${awsTaskQueue(taskQueue)}")`;
  const list = async () => {
    const found: { workflowId: string; runId: string; type: string }[] = [];
    for await (const { workflowId, runId, type } of client.workflow.list({ query }))
      found.push({ workflowId, runId, type });
    return found;
  };
  const count = (runs: { type: string }[], type: string) => runs.filter((run) => run.type === type).length;
  const runs = await eventually(
    list,
    (found) =>
      count(found, 'delivery') >= ran.deliveries &&
      count(found, 'consent') >= ran.consents &&
      count(found, 'credential') >= ran.credentials,
    60_000,
  );
  const parts = await Promise.all(
    runs.map(async ({ workflowId, runId }) => {
      const handle = client.workflow.getHandle(workflowId, runId);
      const { raw } = await handle.describe();
      return [everythingIn(raw), everythingIn(await handle.fetchHistory())];
    }),
  );
  return { name: 'temporal', content: Buffer.concat(parts.flat()) };
}

/** Every row of every table. */
async function dumpOf(postgres: Postgres): Promise<Sink[]> {
  const tables = await postgres.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  const dumped: Sink[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await postgres.query<{ row: string }>(
      `SELECT t::text AS row FROM ${postgres.escapeIdentifier(name)} t`,
    );
    dumped.push({ name: `postgresql ${name}`, content: Buffer.from(rows.map(({ row }) => row).join('\n')) });
  }
  return dumped;
}

const isAllowed = (canary: string, sink: string) =>
  allowed.some((exception) => exception.canary.test(canary) && exception.sink.test(sink));

it('no secret, and nothing of a person, is where it must not be', () => {
  const unexpected = sightingsOf(scenario.canaries, sinks).filter(({ canary, sink }) => !isAllowed(canary, sink));
  expect(unexpected).toEqual([]);
});

it('what may be where it is, is there', () => {
  const seen = sightingsOf(scenario.canaries, sinks);
  const unused = allowed.filter(
    ({ canary, sink }) => !seen.some((one) => canary.test(one.canary) && sink.test(one.sink)),
  );
  expect(unused).toEqual([]);
});

it('every sink was really filled', () => {
  const size = (name: RegExp) =>
    sinks.filter((sink) => name.test(sink.name)).reduce((sum, { content }) => sum + content.length, 0);
  expect(scenario.canaries.length).toBeGreaterThan(50);
  for (const name of [/^answer /, /^log api$/, /^log worker$/, /^temporal$/, /^postgresql /]) {
    expect([name, size(name) > 10_000]).toEqual([name, true]);
  }
  for (const role of ['api', 'worker']) expect(size(new RegExp(`^metrics ${role}$`))).toBeGreaterThan(1_000);
  // The histories are those of this scenario, failures of our own among them.
  const temporal = sinks.find(({ name }) => name === 'temporal')?.content.toString('latin1') ?? '';
  expect(temporal).toContain('delivery/');
});

describe('the search', () => {
  it.each<[string, (value: string) => string]>([
    ['as it is', (value) => value],
    ['in base64 in the middle of something', (value) => Buffer.from(`ab:${value}xyz`).toString('base64')],
    ['in base64url at its end', (value) => Buffer.from(`a${value}`).toString('base64url')],
    ['in base64 alone', (value) => Buffer.from(value).toString('base64')],
    ['in hex', (value) => Buffer.from(value).toString('hex')],
    ['in a URL', (value) => new URLSearchParams({ value }).toString()],
    ['in a part of a URL', (value) => encodeURIComponent(value)],
    ['in JSON', (value) => JSON.stringify([value])],
  ])('finds a value %s', (_how, write) => {
    for (const value of [newCanary('x').value, 'a "quoted" + ünusual/value\\', 'AAECAwQ+/w==']) {
      const sink = { name: 'sink', content: Buffer.from(`before ${write(value)} after`) };
      expect(sightingsOf([{ name: 'x', value }], [sink])).toHaveLength(1);
    }
    expect(formsOf('value').size).toBeGreaterThan(10);
  });
});
