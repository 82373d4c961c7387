import { now } from './clock';
import type { ApplyLoad } from './load';
import type { Bench } from './part';
import { Stalled } from './receiver';

/**
 * Sends at a steady rate, whether or not earlier ones were taken yet, and gives each delivery's milliseconds from the
 * request's sending to the receiver's seeing it.
 */
export async function measureLatency(
  { receiver, signal }: Pick<Bench, 'receiver' | 'signal'>,
  apply: ApplyLoad,
  { group, perSecond, seconds, stalledMs }: { group: string; perSecond: number; seconds: number; stalledMs?: number },
): Promise<number[]> {
  const { sentAt } = await apply({ kind: 'steady', group, perSecond, seconds });
  await receiver.reach(group, sentAt.length, signal, stalledMs).catch((error: unknown) => {
    if (!(error instanceof Stalled) || stalledMs === undefined) throw error;
  });
  const { times } = await receiver.arrivals(group);
  const last = now();
  return Array.from(sentAt, (sent, index) => (times[index] || last) - sent);
}
