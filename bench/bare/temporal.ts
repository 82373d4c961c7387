import { startChild, type Child } from '../child';
import { loadResult, type ApplyLoad } from '../load';
import type { Receiver } from '../receiver';

export interface BareTemporal {
  apply: ApplyLoad;
  workerPid: number;
  /** The same as the worker's where both are one process. */
  clientPid: number;
  stop(): Promise<void>;
}

/**
 * Bare Temporal, the smallest workflow that makes the same POST: client and worker in a process each, or in one, and then
 * with eager start. Resolves after a first delivery.
 */
export async function startBareTemporal(
  address: string,
  receiver: Receiver,
  { processes, signal }: { processes: 1 | 2; signal: AbortSignal },
): Promise<BareTemporal> {
  const name = processes === 1 ? 'bareeager' : 'bare';
  const started: Child[] = [];
  const stop = async () => void (await Promise.all(started.map((child) => child.stop())));
  const start = async (role: 'worker' | 'client' | 'both') => {
    const child = await startChild('bare/bare-process.js', [role, address, name, `${receiver.origin}/accept`]);
    started.push(child);
    return child;
  };
  try {
    const worker = await start(processes === 1 ? 'both' : 'worker');
    const client = processes === 1 ? worker : await start('client');
    const apply: ApplyLoad = (load) => client.ask(load, loadResult);
    await apply({ kind: 'saturate', group: `first${name}`, count: 1, lanes: 1 });
    await receiver.reach(`first${name}`, 1, signal);
    return { apply, workerPid: worker.pid, clientPid: client.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
