import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type {
  ConnectionTestActivities,
  ConnectionTestInput,
  ConnectionTestResult,
} from '../../src/domain/connection-test-run';

/** The activity's answers one after the other, the last one for ever. An error is our own trouble. */
interface ConnectionTestCase {
  answers: (ConnectionTestResult | null | Error)[];
  /** What ends the run while the activity is at work: an operator, or the time that somebody waits. */
  ends?: 'cancelled' | 'timed-out';
}

const answered: ConnectionTestResult = { statusCode: 204, errorClass: null, durationMs: 12 };

export const connectionTestCases: Record<string, ConnectionTestCase> = {
  answered: { answers: [answered] },
  'no-answer': { answers: [{ statusCode: null, errorClass: 'connect_error', durationMs: 3 }] },
  'webhook-gone': { answers: [null] },
  'troubled-once': { answers: [new Error('the database is unavailable'), answered] },
  'cancelled-by-operator': { answers: [answered], ends: 'cancelled' },
  'timed-out': { answers: [answered], ends: 'timed-out' },
};

/** Runs one case to its end and gives its history. */
export async function runConnectionTestCase(
  connection: NativeConnection,
  name: string,
  { answers, ends }: ConnectionTestCase,
  dataConverter?: DataConverter,
) {
  const taskQueue = `record-connection-test-${name}-${Date.now()}`;
  const { workflow } = new Client({ connection, dataConverter });
  const workflowId = `recorded/${name}`;
  const activities: ConnectionTestActivities = {
    async testConnection() {
      const { info, cancelled } = Context.current();
      if (ends === 'cancelled') await workflow.getHandle(workflowId).cancel();
      if (ends) await cancelled;
      const answer = answers[Math.min(info.attempt, answers.length) - 1] ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const workflowsPath = require.resolve('../../src/workflows');
  const worker = await Worker.create({ connection, taskQueue, workflowsPath, activities, dataConverter });
  return worker.runUntil(async () => {
    const input: ConnectionTestInput = {
      tenantId: '019a0000-0000-7000-8000-000000000001',
      webhookId: '019a0000-0000-7000-8000-000000000004',
    };
    const handle = await workflow.start('connectionTest', {
      ...{ taskQueue, workflowId, args: [input] },
      workflowExecutionTimeout: ends === 'timed-out' ? 1_000 : 10_000,
    });
    await handle.result().catch(() => {});
    return handle.fetchHistory();
  });
}
