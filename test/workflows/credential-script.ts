import { ApplicationFailure, type DataConverter } from '@temporalio/common';
import { WithStartWorkflowOperation, type Client, type WorkflowHandle } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import {
  awsTaskQueue,
  type CredentialAwsActivities,
  type CredentialRecordActivities,
  type CredentialRunInput,
  type FailureCode,
  type OpenedOperation,
  type OperationOutcome,
  type OperationRef,
  type OperationResult,
  type UsagePlanStages,
} from '../../src/domain/credential-run';
import { testTaskQueue, workflowBundlePath } from '../support/temporal';

/** What an activity does at a call: fails so, hangs until it is cancelled, or does what it is for. */
export type Fault = Error | 'hang' | 'ok';

export interface Script {
  /** What PostgreSQL says of each operation, one after the other; the last one stays. */
  opened: Record<string, OpenedOperation[]>;
  /** Per activity, or activity and plan, for its calls in order; then `ok`. */
  faults?: Record<string, Fault[]>;
  /** What AWS has attached to the key. */
  attached?: UsagePlanStages[];
  wanted?: UsagePlanStages[];
  /** Answers of `findApiKey` and `findAppClient`. */
  found?: string | null;
  /** What recording `changed` comes to. */
  recorded?: boolean;
}

export interface Told {
  /** Calls on AWS, such as `attachUsagePlan p1`, with `!` where they failed. */
  calls: string[];
  results: OperationResult[];
  outcomes: Record<string, OperationOutcome>;
}

export interface Run extends Told {
  perform(operationId: string): Promise<void>;
  handle(): WorkflowHandle;
}

export const refused = (code: FailureCode = 'aws_refused') => ApplicationFailure.nonRetryable('refused', code);
export const unavailable = () => ApplicationFailure.retryable('no answer', 'aws_unavailable');

export const createKey: Extract<OpenedOperation, { todo: 'create' }> = {
  todo: 'create',
  credentialType: 'API_KEY',
  usagePlans: ['p1', 'p2'],
  budgetMs: 22_500,
  lastStep: 0,
};
export const createClient: OpenedOperation = { ...createKey, credentialType: 'CLIENT_CREDENTIALS', usagePlans: [] };
export const done: OpenedOperation = { todo: 'nothing', outcome: { kind: 'succeeded' }, status: 'active' };

/** Where the workflow runs: a test's environment, or a server that histories are recorded on. */
export interface Server {
  nativeConnection: NativeConnection;
  client: Client;
}

/** Runs the workflow with scripted activities until nothing is left to do. */
export async function runCredential(
  { nativeConnection: connection, client }: Server,
  script: Script,
  during: (run: Run) => Promise<void> = (run) => run.perform('op-1'),
  code: {
    workflowId?: string;
    workflowsPath?: string;
    dataConverter?: DataConverter;
    /** Nobody is quick enough for a time-skipping server: what is asked comes before any time passes. */
    timeStandsStill?: boolean;
  } = {},
): Promise<Told & { /** From the run's start to its end. */ waitedMs: number }> {
  const told: Told = { calls: [], results: [], outcomes: {} };
  const taskQueue = testTaskQueue();
  const opened = structuredClone(script.opened);
  const { dataConverter } = code;
  const worker = await Worker.create({
    connection,
    taskQueue,
    ...(code.workflowsPath === undefined
      ? { workflowBundle: { codePath: workflowBundlePath() } }
      : { workflowsPath: code.workflowsPath }),
    activities: recordActivities(opened, script, told),
    dataConverter,
  });
  const awsWorker = await Worker.create({
    connection,
    taskQueue: awsTaskQueue(taskQueue),
    activities: awsActivities(script, told),
    dataConverter,
  });
  const { workflowId = `credential/tenant/${taskQueue}` } = code;
  const input: CredentialRunInput = {
    tenantId: 'tenant',
    awsTaskQueue: awsTaskQueue(taskQueue),
    searchAttributes: true,
  };
  let waitedMs = 0;
  await awsWorker.runUntil(
    worker.runUntil(async () => {
      const run: Run = {
        ...told,
        handle: () => client.workflow.getHandle(workflowId),
        async perform(operationId) {
          const operation = new WithStartWorkflowOperation<(input: CredentialRunInput) => Promise<void>>('credential', {
            taskQueue,
            workflowId,
            workflowIdConflictPolicy: 'USE_EXISTING',
            args: [input],
          });
          told.outcomes[operationId] = await client.workflow.executeUpdateWithStart('perform', {
            updateId: operationId,
            args: [{ credentialId: 'credential-1', operationId } satisfies OperationRef],
            startWorkflowOperation: operation,
          });
        },
      };
      const performing = during(run);
      await untilStarted(run.handle());
      if (code.timeStandsStill) await performing;
      // Time passes while a result is awaited.
      await Promise.all([performing, run.handle().result()]);
      const { startTime, closeTime } = await run.handle().describe();
      waitedMs = (closeTime?.getTime() ?? Number.NaN) - startTime.getTime();
    }),
  );
  return { ...told, waitedMs };
}

async function untilStarted(handle: WorkflowHandle): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await handle.describe().then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function recordActivities(
  opened: Record<string, OpenedOperation[]>,
  script: Script,
  told: Told,
): CredentialRecordActivities {
  return {
    async openOperation({ operationId }) {
      const all = opened[operationId] ?? [];
      const next = all.length > 1 ? all.shift() : all[0];
      if (!next) throw new Error(`nothing is scripted for ${operationId}`);
      return next;
    },
    async recordResult(_operation, result) {
      told.results.push(result);
      const refusedChange = result.kind === 'changed' && script.recorded === false;
      return { recorded: !refusedChange, status: result.kind === 'stuck' ? 'compensation_failed' : 'active' };
    },
  };
}

function awsActivities(script: Script, told: Told): CredentialAwsActivities {
  const faults = structuredCloneOfFaults(script.faults ?? {});
  const { attached = [], wanted = [], found = 'found-1' } = script;

  function call<T>(name: string, answer: T): () => Promise<T> {
    return async () => {
      const fault = faults[name]?.shift() ?? faults[name.split(' ')[0] ?? '']?.shift() ?? 'ok';
      told.calls.push(fault === 'ok' ? name : `${name}!`);
      if (fault === 'hang') await new Promise(() => {});
      if (fault instanceof Error) throw fault;
      return answer;
    };
  }

  return {
    checkUsagePlans: (_step, of) => call(`checkUsagePlans ${of}`, wanted)(),
    createApiKey: call('createApiKey', { apiKeyId: 'key-1' }),
    findApiKey: call('findApiKey', found),
    attachUsagePlan: (_step, _key, plan) => call(`attachUsagePlan ${plan}`, undefined)(),
    enableApiKey: call('enableApiKey', undefined),
    disableApiKey: call('disableApiKey', undefined),
    readUsagePlans: call('readUsagePlans', attached),
    detachUsagePlan: (_step, _key, plan) => call(`detachUsagePlan ${plan}`, undefined)(),
    renameApiKey: (_step, _key, to) => call(`renameApiKey ${to}`, undefined)(),
    deleteApiKey: (_step, key) => call(`deleteApiKey ${key}`, undefined)(),
    checkScopes: call('checkScopes', undefined),
    createAppClient: call('createAppClient', { clientId: 'client-1' }),
    findAppClient: call('findAppClient', found),
    updateAppClient: (_step, _client, to) => call(`updateAppClient ${to}`, undefined)(),
    deleteAppClient: (_step, client) => call(`deleteAppClient ${client}`, undefined)(),
  };
}

const structuredCloneOfFaults = (faults: Record<string, Fault[]>): Record<string, Fault[]> =>
  Object.fromEntries(Object.entries(faults).map(([name, list]) => [name, [...list]]));
