import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { startProgram } from '../../scripts/local-stack/process';
import { message, type Contender } from '../contender';
import type { Receiver } from '../receiver';
import type { deliverOnce } from './deliver-once';
import { bareTaskQueue } from './task-queue';

export interface BareTemporal extends Contender {
  workerPid: number;
  stop(): Promise<void>;
}

const readyWithinMs = 60_000;

/** Bare Temporal as a contender: a client here, its worker in a process of its own. Resolves after a first delivery. */
export async function startBareTemporal(address: string, receiver: Receiver): Promise<BareTemporal> {
  const args = [path.join(__dirname, 'worker.js'), address];
  const worker = startProgram({ name: "bare Temporal's worker", command: process.execPath, args });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  const url = `${receiver.origin}/accept`;
  const stop = async () => {
    await worker.stop();
    await connection.close();
  };

  async function send(id: string): Promise<void> {
    // As long as what Everhook sends of the same event.
    const body = JSON.stringify({ type: 'everhook.test', timestamp: new Date().toISOString(), data: { message } });
    await client.workflow.start<typeof deliverOnce>('deliverOnce', {
      workflowId: `bare/${id}`,
      taskQueue: bareTaskQueue,
      args: [{ url, id, body }],
    });
  }

  try {
    await send('first-bare');
    const deadline = Date.now() + readyWithinMs;
    while ((await receiver.count('first')) === 0) {
      if (worker.hasExited() || Date.now() > deadline) throw new Error(`no bare delivery came: ${worker.output()}`);
      await sleep(100);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { name: 'bare Temporal', workerPid: worker.pid, send, stop };
}
