import { z } from 'zod';
import { float64Array } from './child';

/** What the receiver's process is asked, and what it answers. Times are milliseconds of the monotonic clock. */
export const receiverQuestion = z.discriminatedUnion('kind', [
  /** Whether `/switch` accepts. */
  z.object({ kind: z.literal('open'), open: z.boolean() }),
  /** Answered when so many of a group have come, or after some time. */
  z.object({ kind: z.literal('reach'), group: z.string(), count: z.number(), withinMs: z.number() }),
  z.object({ kind: z.literal('arrivals'), group: z.string() }),
]);
export type ReceiverQuestion = z.infer<typeof receiverQuestion>;

export const reachAnswer = z.object({ count: z.number() });
export const arrivalsAnswer = z.object({
  times: float64Array,
  again: z.array(z.object({ index: z.number(), at: z.number() })),
});
