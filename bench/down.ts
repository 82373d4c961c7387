import { reservePort } from '../scripts/local-stack/ports';
import { now } from './clock';
import { startEverhook } from './everhook';
import type { ApplyLoad } from './load';
import type { Bench, PartResult } from './part';
import { eventsFor, warmUp } from './saturation';
import { startGenerator } from './generator';
import { Stalled } from './receiver';
import { median, percentile, rounded } from './statistics';

const lanes = 64;
/** Events to the other receiver come in batches of so many: what they cost the API is not what is looked at. */
const besideBatch = 50;
/** The other load runs before the first healthy event is sent, for so long. */
const leadMs = 1_000;

/**
 * Throughput to a healthy receiver at saturation: beside nothing, beside a receiver that gets as many events and takes
 * them, and beside one that is down (nobody listens). All webhooks are of one tenant.
 */
export async function measureDown(bench: Bench): Promise<PartResult> {
  const { receiver, generator, signal, log } = bench;
  const { perSecond, seconds, rounds } = bench.plan.down;
  const downOrigin = `http://127.0.0.1:${await reservePort()}`;
  const installation = await bench.install('down', { receivers: [receiver.origin, downOrigin] });
  const everhook = await startEverhook(installation);
  const other = await startGenerator();
  try {
    const tenant = everhook.tenant(0);
    const healthy = generator.towards((await tenant.subscribe('bench.healthy', [`${receiver.origin}/accept`]))(1));
    const down = other.towards((await tenant.subscribe('bench.down', [`${downOrigin}/`]))(besideBatch));
    const up = other.towards((await tenant.subscribe('bench.up', [`${receiver.origin}/accept`]))(besideBatch));
    const load = { apply: healthy, lanes, copies: 1 };
    const rate = await warmUp(bench, load, { group: 'downwarm', firstEvents: 200, seconds });
    const events = eventsFor(rate, 1, seconds);

    async function healthySpeed(group: string): Promise<number> {
      const { startedAt } = await healthy({ kind: 'saturate', group, count: events, lanes });
      const stopped = await receiver.reach(group, events, signal).catch((error: unknown) => {
        if (!(error instanceof Stalled)) throw error;
        return null;
      });
      const { times } = await receiver.arrivals(group);
      const came = Array.from(times).filter((time) => !Number.isNaN(time));
      // A receiver that gets nothing any more has got an answer to the question.
      return (came.length * 1000) / ((stopped === null ? now() : percentile(came, 1)) - startedAt);
    }

    /** Resolves with the healthy speed, and how many events came beside it a second. */
    async function beside(load: ApplyLoad, group: string): Promise<{ speed: number; besidePerSecond: number }> {
      // Until it is stopped.
      const asked = { group: `${group}beside`, perSecond: perSecond / besideBatch, seconds: 3_600 };
      const running = load({ kind: 'steady', ...asked });
      running.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, leadMs));
      const speed = await healthySpeed(group);
      await load({ kind: 'stop' });
      const { startedAt, acceptedAt, sentAt } = await running;
      return { speed, besidePerSecond: (sentAt.length * 1000) / (acceptedAt - startedAt) };
    }

    const speeds: Record<'nothing' | 'up' | 'down', number[]> = { nothing: [], up: [], down: [] };
    const downRates: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      speeds.nothing.push(await healthySpeed(`healthy${round}`));
      speeds.up.push((await beside(up, `healthyup${round}`)).speed);
      const { speed, besidePerSecond } = await beside(down, `healthydown${round}`);
      speeds.down.push(speed);
      downRates.push(besidePerSecond);
    }
    const [nothing, besideUp, besideDown] = [median(speeds.nothing), median(speeds.up), median(speeds.down)];
    log(
      `  healthy ${nothing.toFixed(0)}/s, beside one that takes as much ${besideUp.toFixed(0)}/s, beside one that is down ${besideDown.toFixed(0)}/s`,
    );
    return {
      summary: {
        downHealthyRatio: rounded(besideDown / nothing, 2),
        downHealthyRatioToUp: rounded(besideDown / besideUp, 2),
        downEventsPerSecond: rounded(median(downRates), 1),
        downHealthyBesideNothingPerSecond: rounded(nothing, 1),
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
            { label: 'beside nothing', values: [rounded(nothing, 1)] },
            { label: 'the other takes them', values: [rounded(besideUp, 1)] },
            { label: 'the other is down', values: [rounded(besideDown, 1)] },
          ],
        },
      ],
    };
  } finally {
    await other.stop();
    await everhook.stop();
  }
}
