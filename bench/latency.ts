import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock';
import { deliveryId, type Contender } from './contender';
import type { Plan } from './plan';
import type { Receiver } from './receiver';

/**
 * Sends at a steady rate, whether or not earlier ones were taken yet, and gives each delivery's milliseconds from the
 * request's sending to the receiver's seeing it.
 */
export async function measureLatency(options: {
  contender: Contender;
  receiver: Receiver;
  group: string;
  plan: Plan['latency'];
  signal: AbortSignal;
}): Promise<number[]> {
  const { contender, receiver, group, plan, signal } = options;
  const count = plan.perSecond * plan.seconds;
  const sentAt = new Map<string, number>();
  const sends: Promise<void>[] = [];
  const startedAt = now();
  for (let index = 0; index < count; index += 1) {
    const dueAt = startedAt + (index * 1000) / plan.perSecond;
    await sleep(Math.max(0, dueAt - now()), undefined, { signal });
    const id = deliveryId(group, index);
    sentAt.set(id, now());
    const send = contender.send(id);
    // Awaited below, unless the signal ends the loop before.
    send.catch(() => {});
    sends.push(send);
  }
  await Promise.all(sends);
  const { at } = await receiver.arrivals(group, count, signal);
  return [...sentAt].map(([id, sent]) => (at.get(id) ?? NaN) - sent);
}
