import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { accepts, reservePort } from '../scripts/local-stack/ports';
import { startProgram, untilReady } from '../scripts/local-stack/process';

const groupShape = z.object({
  count: z.number(),
  repeats: z.number(),
  arrivals: z.array(z.tuple([z.string(), z.number()])).default([]),
});

export interface Receiver {
  pid: number;
  /** `http://127.0.0.1:<port>` */
  origin: string;
  count(group: string): Promise<number>;
  /**
   * When each of the `expected` ids of a group came first, in milliseconds of the monotonic clock, once all have come.
   * @throws Error when the group doesn't grow any more for 30 s, or the signal aborts
   */
  arrivals(group: string, expected: number, signal: AbortSignal): Promise<{ at: Map<string, number>; repeats: number }>;
  stop(): Promise<void>;
}

const pollMs = 100;
const stalledMs = 30_000;

export async function startReceiver(): Promise<Receiver> {
  const port = await reservePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = [path.join(__dirname, 'receiver-process.js'), String(port)];
  const running = startProgram({ name: 'receiver', command: process.execPath, args });
  await untilReady(running, 'the receiver', () => accepts(port));

  async function group(name: string, query = '') {
    const response = await fetch(`${origin}/groups/${name}${query}`);
    return groupShape.parse(await response.json());
  }

  return {
    pid: running.pid,
    origin,
    count: async (name) => (await group(name)).count,
    async arrivals(name, expected, signal) {
      let count = 0;
      for (let grewAt = Date.now(); count < expected; await sleep(pollMs, undefined, { signal })) {
        const known = count;
        count = (await group(name)).count;
        if (count > known) grewAt = Date.now();
        else if (Date.now() - grewAt > stalledMs) {
          throw new Error(`only ${count} of ${expected} deliveries came, and none for ${stalledMs / 1000} s`);
        }
      }
      const { arrivals, repeats } = await group(name, '?arrivals');
      return { at: new Map(arrivals), repeats };
    },
    stop: () => running.stop(),
  };
}
