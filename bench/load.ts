import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { float64Array } from './child';
import { now } from './clock';

/** A load that a generator is asked for: deliveries `<group>-<number>`, numbered from 0. */
export const loadQuestion = z.discriminatedUnion('kind', [
  /** As fast as so many requests at once can. */
  z.object({ kind: z.literal('saturate'), group: z.string(), count: z.number(), lanes: z.number() }),
  /** So many requests a second, whether or not earlier ones were answered, until they are over or it is stopped. */
  z.object({ kind: z.literal('steady'), group: z.string(), perSecond: z.number(), seconds: z.number() }),
  /** Ends a steady load that runs. */
  z.object({ kind: z.literal('stop') }),
]);
export type LoadQuestion = z.infer<typeof loadQuestion>;

/** Times are milliseconds of the monotonic clock. */
export const loadResult = z.object({
  startedAt: z.number(),
  /** When the last request was answered. */
  acceptedAt: z.number(),
  /** When each number was sent. */
  sentAt: float64Array,
  requests: z.number(),
});
export type LoadResult = z.infer<typeof loadResult>;

/** Applies a load to one target; the deliveries that it makes reach the receiver under their group. */
export type ApplyLoad = (question: LoadQuestion) => Promise<LoadResult>;

/** Sends the numbers from `first` on, `perRequest` at most, up to `end`, in one request; resolves when they were taken. */
type Send = (group: string, first: number, end: number) => Promise<void>;

const idle: LoadResult = { startedAt: 0, acceptedAt: 0, sentAt: new Float64Array(0), requests: 0 };

/** Makes loads of single requests. */
export function createLoads(send: Send, perRequest: number): ApplyLoad {
  let stopped = false;

  async function saturate(group: string, count: number, lanes: number): Promise<LoadResult> {
    const sentAt = new Float64Array(count);
    const startedAt = now();
    let next = 0;
    let requests = 0;
    const lane = async () => {
      while (next < count) {
        const first = next;
        const end = Math.min(count, first + perRequest);
        next = end;
        requests += 1;
        sentAt.fill(now(), first, end);
        await send(group, first, end);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return { startedAt, acceptedAt: now(), sentAt, requests };
  }

  async function steady(group: string, perSecond: number, seconds: number): Promise<LoadResult> {
    stopped = false;
    const count = Math.round(perSecond * seconds);
    const sentAt = new Float64Array(count * perRequest);
    const underWay: Promise<void>[] = [];
    let failure: unknown;
    const startedAt = now();
    let requests = 0;
    while (requests < count && !stopped && failure === undefined) {
      const dueAt = startedAt + (requests * 1000) / perSecond;
      const early = dueAt - now();
      if (early > 0) {
        await sleep(early);
        continue;
      }
      const first = requests * perRequest;
      sentAt.fill(now(), first, first + perRequest);
      underWay.push(
        send(group, first, first + perRequest).catch((error: unknown) => {
          failure = error;
        }),
      );
      requests += 1;
    }
    await Promise.all(underWay);
    if (failure !== undefined) throw failure;
    return { startedAt, acceptedAt: now(), sentAt: sentAt.slice(0, requests * perRequest), requests };
  }

  return async (question) => {
    if (question.kind === 'saturate') return saturate(question.group, question.count, question.lanes);
    if (question.kind === 'steady') return steady(question.group, question.perSecond, question.seconds);
    stopped = true;
    return idle;
  };
}
