import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { answerParent } from '../child';
import { deliveryId, message } from '../delivery-id';
import { createLoads, loadQuestion } from '../load';
import type { BareActivities, deliverOnce } from './deliver-once';

/**
 * A process of bare Temporal: its worker with the sizes of Everhook's, its client that starts a workflow for each
 * delivery, or both, and then with eager start. Arguments: role, Temporal's address, task queue, the URL of the receiver.
 */
const [role, address, taskQueue, url] = z
  .tuple([z.enum(['worker', 'client', 'both']), z.string(), z.string(), z.string()])
  .parse(process.argv.slice(2));

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

function createWorker(connection: NativeConnection): Promise<Worker> {
  return Worker.create({
    connection,
    taskQueue,
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
}

async function main(): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('WARN'),
    telemetryOptions: { logging: { forward: {}, filter: 'WARN' } },
  });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection });

  const loads = createLoads(async (group, first) => {
    const id = deliveryId(group, first);
    // As long as what Everhook sends of the same event.
    const body = JSON.stringify({ type: 'everhook.test', timestamp: new Date().toISOString(), data: { message } });
    await client.workflow.start<typeof deliverOnce>('deliverOnce', {
      workflowId: `${taskQueue}/${id}`,
      taskQueue,
      args: [{ url, id, body }],
      requestEagerStart: role === 'both',
    });
  }, 1);

  const worker = role === 'client' ? null : await createWorker(connection);
  answerParent((question) => loads(loadQuestion.parse(question)));
  await worker?.run();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
