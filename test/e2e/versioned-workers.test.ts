import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { lookAtTemporal } from '../../src/cli/doctor/temporal';
import { readConfig } from '../../src/platform/config';
import { doWorkersPoll, workflowBacklog } from '../../src/platform/worker-polls';
import { everhook } from '../cli/everhook';
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
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

jest.setTimeout(180_000);

/** temporal.api.enums.v1.VersioningBehavior */
const autoUpgrade = 2;

const server = devServer();
const taskQueue = testTaskQueue();
const deploymentName = `everhook/${randomUUID()}`;
let database: TestDatabase;
let surroundings: Surroundings;
let client: Client;
let api: TenantApi;
/** Begun by version 1.0, and pinned to it. */
let old: Consent;
const running: EverhookProcess[] = [];

beforeAll(async () => {
  quietTemporal();
  database = await createTestDatabase();
  surroundings = { databaseUrl: database.url, temporalAddress: server.address, taskQueue, allow: [] };
  client = await server.client();
  const process = await startEverhook('api', surroundings);
  running.push(process);
  api = await tenantApi(() => process.url, await createTenant(surroundings));
});
afterAll(async () => {
  await Promise.all(running.map((process) => process.kill()));
  await server.close();
  await database.drop();
});

async function startWorker(buildId: string): Promise<void> {
  const settings = { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId };
  running.push(await startEverhook('worker', { ...surroundings, settings }));
}

const deployment = (...args: string[]) =>
  everhook(['deployment', ...args, '--json'], {
    env: { TEMPORAL_ADDRESS: server.address, TEMPORAL_DEPLOYMENT_NAME: deploymentName },
  });

/** The server hears of a version with its workers' first polls. */
async function setCurrent(buildId: string): Promise<void> {
  await eventually(
    () => deployment('set-current', buildId),
    ({ exitCode }) => exitCode === 0,
    60_000,
  );
}

interface Consent {
  consentId: string;
  status: string;
  workflowId: string;
}

async function createConsent(): Promise<Consent> {
  const { body } = await api.call<Consent>('POST', '/api/v1/consents', {
    type: 'DATA',
    loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
    permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
  });
  return (await api.call<Consent>('GET', `/api/v1/consents/${body.consentId}`)).body;
}

/** The builds whose workers advanced a run, in order, each once: how many tasks it took so far is nobody's business. */
async function buildsOf(workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) =>
    completed ? [completed.deploymentVersion?.buildId ?? completed.workerDeploymentVersion ?? '(none)'] : [],
  );
  return [...new Set(builds)];
}

/** A consent is answered before its run is begun. */
const begun = (workflowId: string) =>
  eventually(
    () =>
      buildsOf(workflowId).catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return [];
        throw error;
      }),
    (builds) => builds.length > 0,
    60_000,
  );

it('a run stays with the version that began it, and new ones begin with the current one', async () => {
  const connection = await server.connection();
  const config = readConfig({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
    TOKEN_SIGNING_KEY: Buffer.alloc(32, 2).toString('base64'),
  });
  const told = `deployment ${deploymentName}`;
  await startWorker('1.0');
  const examined = () =>
    lookAtTemporal(connection, config).then((findings) => findings.find(({ name }) => name === told));
  expect(await eventually(examined, (finding) => finding !== undefined, 60_000)).toMatchObject({
    state: 'failed',
    mend: `everhook deployment set-current 1.0 --deployment ${deploymentName}`,
  });
  await setCurrent('1.0');
  expect(await examined()).toMatchObject({ state: 'ok', detail: '1.0 is the current version' });
  old = await createConsent();
  expect(await begun(old.workflowId)).toEqual(['1.0']);

  await startWorker('2.0');
  await setCurrent('2.0');
  const later = await createConsent();
  expect(await begun(later.workflowId)).toEqual(['2.0']);

  // Whom an action of the old one is carried out by.
  const approved = await api.call<Consent>('POST', `/api/v1/consents/${old.consentId}/approve`);
  expect([approved.status, approved.body.status]).toEqual([200, 'AUTHORISED']);
  expect(await buildsOf(old.workflowId)).toEqual(['1.0']);

  const shown = JSON.parse((await deployment('show')).stdout) as { currentBuildId: string; versions: object[] };
  expect(shown).toMatchObject({ deploymentName, currentBuildId: '2.0', rampingBuildId: null });
  expect(shown.versions).toEqual([
    expect.objectContaining({ buildId: '2.0', state: 'current' }),
    expect.objectContaining({ buildId: '1.0', state: 'draining' }),
  ]);
});

it('what Schedules begin moves on to the current version by itself', async () => {
  const query = `TaskQueue = "${taskQueue}" AND WorkflowType = "sweep"`;
  const behaviors = async () => {
    const found: (number | null | undefined)[] = [];
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      found.push(raw.workflowExecutionInfo?.versioningInfo?.behavior);
    }
    return found;
  };
  // One that has just begun says nothing yet.
  const said = await eventually(behaviors, (found) => found.some(Boolean), 60_000);
  expect(new Set(said.filter(Boolean))).toEqual(new Set([autoUpgrade]));
});

it('a ramp gives a part of new runs to a version, until it is ended', async () => {
  const ramped = await deployment('ramp', '1.0', '25');
  expect(JSON.parse(ramped.stdout)).toMatchObject({ currentBuildId: '2.0', rampingBuildId: '1.0', rampPercentage: 25 });
  expect(JSON.parse((await deployment('ramp', '1.0', '0')).stdout)).toMatchObject({ rampingBuildId: null });
});

it('the workers of a version can be stopped once nothing that is pinned to it is open', async () => {
  const needed = await deployment('drain-status', '1.0');
  expect(needed).toMatchObject({ exitCode: 1, stderr: 'everhook: version 1.0 is draining: its workers are needed\n' });
  expect((await api.call('POST', `/api/v1/consents/${old.consentId}/revoke`)).status).toBe(200);
  const drained = await eventually(
    () => deployment('drain-status', '1.0'),
    ({ exitCode }) => exitCode === 0,
    90_000,
  );
  expect(JSON.parse(drained.stdout)).toMatchObject({ buildId: '1.0', state: 'drained', stoppable: true });
  const current = await deployment('drain-status', '2.0');
  expect(current).toMatchObject({ exitCode: 1, stderr: 'everhook: version 2.0 is current: its workers are needed\n' });
});

it('workers with versions count as workers for what asks whether any poll', async () => {
  const connection = await server.connection();
  expect(await doWorkersPoll(connection, { namespace: 'default', taskQueue })).toBe(true);
});

it('says what can not be done', async () => {
  const unknown = await deployment('set-current', '3.0');
  expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
  expect(unknown.stderr).toMatch(/^everhook: Temporal refuses: .*not found/);
  const none = await everhook(['deployment', 'show', '--deployment', 'none'], {
    env: { TEMPORAL_ADDRESS: server.address },
  });
  const stderr = 'everhook: no worker of a deployment none ever came to the namespace default\n';
  expect(none).toMatchObject({ exitCode: 1, stderr });
  const half = await everhook(['worker', '--deployment', 'everhook'], {
    env: {
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
      TOKEN_SIGNING_KEY: Buffer.alloc(32, 2).toString('base64'),
    },
  });
  expect(half).toMatchObject({
    exitCode: 2,
    stderr: 'everhook: TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID belong together\n',
  });
});

it('what waits for workers of a version is counted', async () => {
  const at = { namespace: 'default', taskQueue };
  await Promise.all(running.splice(1).map((process) => process.kill()));
  for (let one = 0; one < 3; one += 1) await createConsent();
  const connection = await server.connection();
  await eventually(
    () => workflowBacklog(connection, at),
    (waiting) => waiting >= 3,
  );
});
