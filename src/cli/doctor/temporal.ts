import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, ScheduleNotFoundError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import { awsTaskQueue } from '../../domain/credential-run';
import { searchAttributeNames } from '../../domain/search-attributes';
import { workerVersion, type Config } from '../../platform/config';
import { createDeployments } from '../../platform/deployments';
import { createKeyring } from '../../platform/keyring';
import { createKms } from '../../platform/aws/kms';
import { createPayloadCodec, type TemporalPayloadCodec } from '../../platform/payload-codec';
import { awsSweepScheduleId, retentionScheduleId, sweepScheduleId } from '../../platform/schedule';
import { answerWithin, createTemporalClient } from '../../platform/temporal';
import { isFresh } from '../../platform/worker-polls';
import { describeFailure } from '../failure';
import type { ClockReading } from './clocks';
import { findingsOf, type Finding } from './finding';

const { ok, warning, failed, skipped } = findingsOf('temporal');

const deadlineMs = 5_000;
const leastRetentionMs = 24 * 3_600_000;
const keyword = 2;

/** Server, namespace, and all that Everhook has there. @throws what a server that is away throws */
export async function lookAtTemporal(connection: NativeConnection, config: Config): Promise<Finding[]> {
  const { serverVersion } = await ask(connection, () => connection.workflowService.getSystemInfo({}));
  const findings = [ok('server', `${serverVersion}, at ${config.TEMPORAL_ADDRESS}`)];
  const namespace = await lookAtNamespace(connection, config);
  if (namespace.state === 'failed') return [...findings, namespace];
  findings.push(namespace, ...(await lookAtSearchAttributes(connection, config)));
  findings.push(...(await lookAtSchedules(connection, config)));
  findings.push(...(await lookAtWorkers(connection, config)));
  findings.push(await lookAtPayloads(connection, config));
  return findings;
}

function ask<Answer>(connection: NativeConnection, call: () => Promise<Answer>): Promise<Answer> {
  return answerWithin(deadlineMs, connection, call);
}

const inNamespace = ({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }: Config) =>
  `--address ${address} --namespace ${namespace}`;

async function lookAtNamespace(connection: NativeConnection, config: Config): Promise<Finding> {
  const { TEMPORAL_NAMESPACE: namespace } = config;
  try {
    const { config: described } = await ask(connection, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    const ms = Number(String(described?.workflowExecutionRetentionTtl?.seconds ?? 0)) * 1000;
    const detail = `${namespace} keeps ended runs for ${Math.round(ms / 3_600_000)} h`;
    if (ms >= leastRetentionMs) return ok('namespace', detail);
    return warning(
      'namespace',
      `${detail}: too short to look into what failed yesterday`,
      `temporal operator namespace update ${inNamespace(config)} --retention 72h`,
    );
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== status.NOT_FOUND) throw error;
    const mend = `temporal operator namespace create ${inNamespace(config)} --retention 72h, or TEMPORAL_NAMESPACE=…`;
    return failed('namespace', `there is no namespace ${namespace}`, mend);
  }
}

async function lookAtSearchAttributes(connection: NativeConnection, config: Config): Promise<Finding[]> {
  const { TEMPORAL_NAMESPACE: namespace } = config;
  let types: Record<string, number | null | undefined>;
  try {
    const known = await ask(connection, () => connection.operatorService.listSearchAttributes({ namespace }));
    types = known.customAttributes ?? {};
  } catch (error) {
    const { message } = describeFailure(error);
    return [
      warning('search attributes', `the server does not tell: ${message}`, 'add them as docs/operations.md says'),
    ];
  }
  const missing = searchAttributeNames.filter((name) => types[name] === undefined);
  const taken = searchAttributeNames.filter((name) => types[name] !== undefined && types[name] !== keyword);
  const findings: Finding[] = [];
  if (taken.length > 0) {
    const detail = `are of another type than Keyword: ${taken.join(', ')}; runs go without any`;
    findings.push(warning('search attributes', detail, 'use a namespace of its own for Everhook'));
  }
  if (missing.length > 0) {
    const names = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
    const detail = `are missing: ${missing.join(', ')}; runs go without any`;
    findings.push(
      warning('search attributes', detail, `temporal operator search-attribute create ${inNamespace(config)} ${names}`),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('search attributes', `all ${searchAttributeNames.length} are registered`)];
}

async function lookAtSchedules(connection: NativeConnection, config: Config): Promise<Finding[]> {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
  const client = createTemporalClient(connection, namespace);
  const schedules = [
    { id: sweepScheduleId(taskQueue), everyMs: config.SWEEP_INTERVAL },
    { id: awsSweepScheduleId(taskQueue), everyMs: config.CREDENTIALS_SWEEP_INTERVAL },
    { id: retentionScheduleId(taskQueue), everyMs: config.RETENTION_INTERVAL },
  ];
  const findings: Finding[] = [];
  for (const { id, everyMs } of schedules) {
    const name = `schedule ${id}`;
    try {
      const { state, spec } = await ask(connection, () => client.schedule.getHandle(id).describe());
      const every = spec.intervals?.[0]?.every ?? 0;
      if (state.paused) {
        const mend = `temporal schedule toggle ${inNamespace(config)} --schedule-id ${id} --unpause`;
        findings.push(failed(name, 'is paused: what it does stays undone', mend));
      } else if (every !== everyMs) {
        const detail = `runs every ${every / 1000} s, and the setting says ${everyMs / 1000} s`;
        findings.push(
          warning(name, detail, 'give all processes the same settings; the next start brings it up to date'),
        );
      } else findings.push(ok(name, `runs every ${everyMs / 1000} s`));
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      findings.push(failed(name, 'is not there', 'everhook worker (or start, or api): each makes it when it connects'));
    }
  }
  return findings;
}

async function lookAtWorkers(connection: NativeConnection, config: Config): Promise<Finding[]> {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
  const pollersOf = async (name: string, taskQueueType: number) => {
    const { pollers } = await ask(connection, () =>
      connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType }),
    );
    return pollers.filter((poller) => isFresh(poller, Date.now()));
  };
  const [workflows, activities, aws] = await Promise.all([
    pollersOf(taskQueue, 1),
    pollersOf(taskQueue, 2),
    pollersOf(awsTaskQueue(taskQueue), 2),
  ]);
  const idle = [
    workflows.length === 0 && 'workflows',
    activities.length === 0 && 'activities',
    aws.length === 0 && 'activities on AWS',
  ].filter((what) => what !== false);
  if (idle.length > 0) {
    const detail = `nobody has polled the task queue ${taskQueue} for ${idle.join(', ')} for 75 s`;
    return [failed('workers', detail, 'everhook worker, with the TEMPORAL_… settings of the API')];
  }
  const names = new Set(workflows.map(({ identity }) => identity));
  const findings = [ok('workers', `${names.size} poll the task queue ${taskQueue}`)];
  const deployments = new Set(
    workflows.flatMap(({ deploymentOptions: at }) => (at?.workerVersioningMode === 2 ? (at.deploymentName ?? []) : [])),
  );
  const versioned = workflows.every(({ deploymentOptions: at }) => at?.workerVersioningMode === 2);
  for (const name of deployments) findings.push(await lookAtDeployment(connection, config, name, versioned));
  return findings;
}

/** With workers of versions only, nothing runs until one of them is the current one. */
async function lookAtDeployment(
  connection: NativeConnection,
  config: Config,
  name: string,
  alone: boolean,
): Promise<Finding> {
  const found = await createDeployments(connection, config.TEMPORAL_NAMESPACE).describe(name);
  const current = found?.currentBuildId ?? null;
  if (current !== null) return ok(`deployment ${name}`, `${current} is the current version`);
  const build = workerVersion(config)?.buildId ?? found?.versions[0]?.buildId ?? '…';
  const mend = `everhook deployment set-current ${build} --deployment ${name}`;
  const detail = 'no version is the current one';
  if (alone) return failed(`deployment ${name}`, `${detail}, and there are no other workers: nothing runs`, mend);
  return warning(`deployment ${name}`, `${detail}: its workers wait`, mend);
}

/** Whether we read what Temporal has: the input of the run that was started last. */
async function lookAtPayloads(connection: NativeConnection, config: Config): Promise<Finding> {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
  const kms = createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null });
  try {
    const keyring = createKeyring(config.ENCRYPTION_KEYS, kms);
    const codec = createPayloadCodec({ keyring, namespace, encrypt: false, log: pino({ level: 'silent' }) });
    return await readNewest(connection, { namespace, taskQueue }, codec);
  } catch (error) {
    const mend = 'give this process the ENCRYPTION_KEYS and the TEMPORAL_NAMESPACE of those that started it';
    return failed('payloads', describeFailure(error).message, mend);
  } finally {
    kms.close();
  }
}

async function readNewest(
  connection: NativeConnection,
  { namespace, taskQueue }: { namespace: string; taskQueue: string },
  codec: TemporalPayloadCodec,
): Promise<Finding> {
  // Of what Schedules start, the input is in the clear.
  const query = `TaskQueue = "${taskQueue}" AND WorkflowType IN ("delivery", "consent", "credential", "burst")`;
  const { executions } = await ask(connection, () =>
    connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 }),
  );
  const execution = executions[0]?.execution;
  if (!execution) return skipped('payloads', `no run was started on the task queue ${taskQueue} yet`);
  const { history } = await ask(connection, () =>
    connection.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
  );
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  await codec.decode(payloads);
  const encrypted = payloads.some(
    ({ metadata }) => Buffer.from(metadata?.encoding ?? []).toString() === 'binary/encrypted',
  );
  return ok('payloads', `the newest run's input is ${encrypted ? 'encrypted, and our keys open it' : 'in the clear'}`);
}

/**
 * What time it is at the server: it notes when somebody polls. Ours is a queue that nothing is ever put into, which is gone
 * as soon as nobody polls it. Null where the server does not tell.
 */
export async function readTemporalClock(connection: NativeConnection, namespace: string): Promise<ClockReading | null> {
  const taskQueue = { name: `everhook-doctor-${randomUUID()}` };
  // Who has no name is not noted.
  const identity = 'everhook doctor';
  const asked = Date.now();
  const polling = connection
    .withDeadline(asked + 2_500, () =>
      connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue, identity }),
    )
    .catch(() => undefined);
  try {
    for (let tries = 0; tries < 10; tries += 1) {
      const { pollers } = await ask(connection, () =>
        connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: 2 }),
      );
      const seen = pollers[0]?.lastAccessTime;
      if (seen) {
        const theirs = Number(String(seen.seconds ?? 0)) * 1000 + (seen.nanos ?? 0) / 1e6;
        return { asked, answered: Date.now(), theirs };
      }
      await sleep(100);
    }
    return null;
  } finally {
    await polling;
  }
}
