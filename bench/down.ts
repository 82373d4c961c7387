import { setTimeout as sleep } from 'node:timers/promises';
import { reservePort } from '../scripts/local-stack/ports';
import { now } from './clock';
import { startEverhook } from './everhook';
import { startGenerator, type Generator } from './generator';
import type { ApplyLoad } from './load';
import type { Bench, PartResult } from './part';
import { Stalled } from './receiver';
import { eventsFor, warmUp } from './saturation';
import { median, percentile, rounded } from './statistics';

const lanes = 64;
/** Events to the other receiver come in batches of so many: what they cost the API is not what is looked at. */
const besideBatch = 50;
/** The other load runs before the first healthy event is sent, for so long. */
const leadMs = 1_000;
/** Longer than anything takes: it is stopped. */
const besideSeconds = 3_600;

interface Stage {
  /** The healthy receiver's deliveries a second, by round. */
  speeds: number[];
  /** What the other one was sent. */
  besidePerSecond: number | null;
}

/**
 * Throughput to a healthy receiver at saturation: beside nothing, beside a receiver that gets many events and takes
 * them, and beside one that gets as many and is down (nobody listens). All webhooks are of one tenant. Each has a
 * database of its own: what is left waiting is not the next one's.
 */
export async function measureDown(bench: Bench): Promise<PartResult> {
  const { receiver, log } = bench;
  const { perSecond } = bench.plan.down;
  const downOrigin = `http://127.0.0.1:${await reservePort()}`;
  const other = await startGenerator();
  try {
    const nothing = await measureStage(bench, other, 'nothing', null);
    const up = await measureStage(bench, other, 'up', receiver.origin);
    const down = await measureStage(bench, other, 'down', downOrigin);
    const [alone, besideUp, besideDown] = [median(nothing.speeds), median(up.speeds), median(down.speeds)];
    log(
      `  healthy ${alone.toFixed(0)}/s, beside one that takes as much ${besideUp.toFixed(0)}/s, beside one that is down ${besideDown.toFixed(0)}/s`,
    );
    return {
      summary: {
        downHealthyRatio: rounded(besideDown / alone, 2),
        downHealthyRatioToUp: besideUp === 0 ? null : rounded(besideDown / besideUp, 2),
        downEventsPerSecond: rounded(down.besidePerSecond ?? 0, 1),
        downHealthyBesideNothingPerSecond: rounded(alone, 1),
        downHealthyBesideUpPerSecond: rounded(besideUp, 1),
        downHealthyPerSecond: rounded(besideDown, 1),
      },
      charts: [
        {
          kind: 'bars',
          title: `A healthy receiver beside another that gets ${perSecond} events/s`,
          unit: '/s',
          series: ['delivered'],
          groups: [
            { label: 'beside nothing', values: [rounded(alone, 1)] },
            { label: 'the other takes them', values: [rounded(besideUp, 1)] },
            { label: 'the other is down', values: [rounded(besideDown, 1)] },
          ],
        },
      ],
    };
  } finally {
    await other.stop();
  }
}

async function measureStage(
  bench: Bench,
  other: Generator,
  name: 'nothing' | 'up' | 'down',
  otherOrigin: string | null,
): Promise<Stage> {
  const { receiver, generator, signal } = bench;
  const { perSecond, seconds, rounds } = bench.plan.down;
  const installation = await bench.install(
    `down_${name}`,
    [receiver.origin].concat(name === 'down' && otherOrigin !== null ? otherOrigin : []),
  );
  const everhook = await startEverhook(installation);
  try {
    const tenant = everhook.tenant(0);
    const healthy = generator.towards((await tenant.subscribe('bench.healthy', [`${receiver.origin}/accept`]))(1));
    const load = { apply: healthy, lanes, copies: 1 };
    const group = `down${name}`;
    const rate = await warmUp(bench, load, { group, firstEvents: 200, seconds: seconds / 2 });
    // The same number in each: the first stage's speed decides.
    const events = eventsFor(bench.saturation.get('down') ?? rate, 1, seconds);
    bench.saturation.set('down', bench.saturation.get('down') ?? rate);

    let beside: { apply: ApplyLoad; running: ReturnType<ApplyLoad> } | null = null;
    if (otherOrigin !== null) {
      const apply = other.towards((await tenant.subscribe('bench.other', [`${otherOrigin}/accept`]))(besideBatch));
      const question = { group: `${group}beside`, perSecond: perSecond / besideBatch, seconds: besideSeconds };
      const running = apply({ kind: 'steady', ...question });
      running.catch(() => {});
      beside = { apply, running };
      await sleep(leadMs, undefined, { signal });
    }
    const speeds: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      speeds.push(await speedOf(bench, healthy, { group: `${group}r${round}`, events }));
    }
    if (beside === null) return { speeds, besidePerSecond: null };
    await beside.apply({ kind: 'stop' });
    const { startedAt, acceptedAt, sentAt } = await beside.running;
    return { speeds, besidePerSecond: (sentAt.length * 1000) / (acceptedAt - startedAt) };
  } finally {
    await everhook.stop();
  }
}

async function speedOf(
  { receiver, signal }: Bench,
  healthy: ApplyLoad,
  { group, events }: { group: string; events: number },
): Promise<number> {
  const { startedAt } = await healthy({ kind: 'saturate', group, count: events, lanes });
  const reached = await receiver.reach(group, events, signal).catch((error: unknown) => {
    if (!(error instanceof Stalled)) throw error;
    return null;
  });
  const { times } = await receiver.arrivals(group);
  const came = Array.from(times).filter((time) => !Number.isNaN(time));
  // A receiver that gets nothing any more has got an answer to the question.
  return (came.length * 1000) / ((reached === null ? now() : percentile(came, 1)) - startedAt);
}
