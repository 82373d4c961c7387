import { Context } from '@temporalio/activity';
import { ApplicationFailure, Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type {
  AwsSweepActivities,
  AwsSweepInput,
  AwsSweepResult,
  SweepActivities,
  SweepResult,
} from '../../src/domain/sweep-run';

type Activity = keyof SweepActivities | keyof AwsSweepActivities;

/** What the activities of a sweep find, and what goes wrong. Both kinds of sweeps are one activity after another. */
interface SweepCase {
  finds?: Partial<SweepResult & { aws: AwsSweepResult }>;
  /** Fails at its first try only, or at every one. */
  troubled?: { activity: Activity; for: 'once' | 'good' };
  /** An operator cancels the run while this one is at work. */
  cancelledDuring?: Activity;
}

const found: SweepCase['finds'] = {
  deliveries: { started: 120, restarted: 1, cancelled: 1, told: 3 },
  consents: { nudged: 2 },
  credentials: { nudged: 1 },
  aws: { removed: 1, repairing: 2 },
};

export const sweepCases: Record<string, SweepCase> = {
  'found-work': { finds: found },
  'found-nothing': {},
  'troubled-once': { finds: found, troubled: { activity: 'sweepDeliveries', for: 'once' } },
  'deliveries-failed': { finds: found, troubled: { activity: 'sweepDeliveries', for: 'good' } },
  'consents-failed': { finds: found, troubled: { activity: 'sweepConsents', for: 'good' } },
  'credentials-failed': { finds: found, troubled: { activity: 'sweepCredentials', for: 'good' } },
  'cancelled-by-operator': { cancelledDuring: 'sweepDeliveries' },
};

export const awsSweepCases: Record<string, SweepCase> = {
  'found-work': { finds: found },
  'found-nothing': {},
  'troubled-once': { finds: found, troubled: { activity: 'sweepAws', for: 'once' } },
  failed: { troubled: { activity: 'sweepAws', for: 'good' } },
  'cancelled-by-operator': { cancelledDuring: 'sweepAws' },
};

/** Runs one case of either to its end and gives its history. */
export async function runSweepCase(
  connection: NativeConnection,
  { type, name }: { type: 'sweep' | 'awsSweep'; name: string },
  { finds, troubled, cancelledDuring }: SweepCase,
  dataConverter?: DataConverter,
) {
  const taskQueue = `record-${type}-${name}-${Date.now()}`;
  const { workflow } = new Client({ connection, dataConverter });
  const workflowId = `recorded/${name}`;
  const does =
    <Result>(activity: Activity, result: Result) =>
    async (): Promise<Result> => {
      const { info, cancelled } = Context.current();
      if (activity === troubled?.activity && (troubled.for === 'good' || info.attempt === 1))
        throw ApplicationFailure.create({ message: 'the database is unavailable' });
      if (activity === cancelledDuring) {
        await workflow.getHandle(workflowId).cancel();
        await cancelled;
      }
      return result;
    };
  const activities: SweepActivities & AwsSweepActivities = {
    sweepDeliveries: does('sweepDeliveries', finds?.deliveries ?? { started: 0, restarted: 0, cancelled: 0, told: 0 }),
    sweepConsents: does('sweepConsents', finds?.consents ?? { nudged: 0 }),
    sweepCredentials: does('sweepCredentials', finds?.credentials ?? { nudged: 0 }),
    sweepAws: does('sweepAws', finds?.aws ?? { removed: 0, repairing: 0 }),
  };
  const workflowsPath = require.resolve('../../src/workflows');
  const worker = await Worker.create({ connection, taskQueue, workflowsPath, activities, dataConverter });
  return worker.runUntil(async () => {
    const args = type === 'awsSweep' ? [{ awsTaskQueue: taskQueue } satisfies AwsSweepInput] : [];
    const handle = await workflow.start(type, { taskQueue, workflowId, args });
    await handle.result().catch(() => {});
    return handle.fetchHistory();
  });
}
