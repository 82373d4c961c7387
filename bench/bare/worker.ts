import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, request } from 'undici';
import type { BareActivities } from './deliver-once';
import { bareTaskQueue } from './task-queue';

/** The worker of bare Temporal, a process of its own, with the sizes of Everhook's. Argument: Temporal's address. */
const agent = new Agent({ connections: 100 });

const activities: BareActivities = {
  async post({ url, id, body }) {
    const { statusCode, body: answer } = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', 'webhook-id': id },
      body,
    });
    await answer.dump();
    if (statusCode !== 204) throw new Error(`the receiver answered ${statusCode}`);
  },
};

async function main(address: string | undefined): Promise<void> {
  Runtime.install({ telemetryOptions: { logging: { forward: {}, filter: 'WARN' } } });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue: bareTaskQueue,
    workflowsPath: require.resolve('./deliver-once'),
    activities,
    workflowThreadPoolSize: 1,
    maxConcurrentWorkflowTaskExecutions: 100,
    maxConcurrentLocalActivityExecutions: 100,
    maxConcurrentActivityTaskExecutions: 100,
    workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
    activityTaskPollerBehavior: { type: 'autoscaling', initial: 2, maximum: 20 },
    maxCachedWorkflows: 500,
  });
  await worker.run();
  await connection.close();
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
