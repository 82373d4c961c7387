import { reservePort } from '../scripts/local-stack/ports';
import { startChild } from './child';
import { z } from 'zod';
import { arrivalsAnswer, reachAnswer, type ReceiverQuestion } from './receiver-questions';

/** What came of a group. */
export interface Arrivals {
  /** When each number came first, in milliseconds of the monotonic clock; NaN: it did not come. */
  times: Float64Array;
  /** Those that came again, each time. */
  again: { index: number; at: number }[];
}

export interface Receiver {
  pid: number;
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** How many different ones of a group have come by now. */
  count(group: string): Promise<number>;
  /**
   * Resolves once so many different ones of a group have come, with how many have.
   * @throws Error when the group doesn't grow any more for `stalledMs`, or the signal aborts
   */
  reach(group: string, expected: number, signal: AbortSignal, stalledMs?: number): Promise<number>;
  arrivals(group: string): Promise<Arrivals>;
  /** Whether `/switch` accepts. */
  open(open: boolean): Promise<void>;
  stop(): Promise<void>;
}

const lookEveryMs = 1_000;
const usuallyStalledMs = 30_000;

/** Nothing came any more. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
}

export async function startReceiver(): Promise<Receiver> {
  const port = await reservePort();
  const child = await startChild('receiver-process.js', [String(port)]);
  const ask = <Answer>(question: ReceiverQuestion, shape: z.ZodType<Answer>) => child.ask(question, shape);

  async function reached(group: string, count: number, withinMs: number): Promise<number> {
    return (await ask({ kind: 'reach', group, count, withinMs }, reachAnswer)).count;
  }

  return {
    pid: child.pid,
    origin: `http://127.0.0.1:${port}`,
    count: (group) => reached(group, 0, 0),
    async reach(group, expected, signal, stalledMs = usuallyStalledMs) {
      let count = 0;
      for (let grewAt = Date.now(); count < expected;) {
        signal.throwIfAborted();
        const known = count;
        count = await reached(group, expected, lookEveryMs);
        if (count > known) grewAt = Date.now();
        else if (Date.now() - grewAt > stalledMs) {
          throw new Stalled(`only ${count} of ${expected} deliveries came, and none for ${stalledMs / 1000} s`);
        }
      }
      return count;
    },
    arrivals: (group) => ask({ kind: 'arrivals', group }, arrivalsAnswer),
    open: async (open) => void (await ask({ kind: 'open', open }, z.null())),
    stop: () => child.stop(),
  };
}
