import { Client } from 'pg';
import { startEverhook } from './everhook';
import { measureLatency } from './latency';
import type { Bench, PartResult } from './part';
import { percentileChart, percentileFigures } from './percentile-figures';

const batchSize = 100;
/** By then the first of them hang. */
const hangsAfter = 50;
/** A tenant that gets nothing for so long has got an answer to the question. */
const stalledMs = 20_000;

/** A tenant at a steady rate, beside one whose receiver takes requests and never answers. */
export async function measureHanging(bench: Bench): Promise<PartResult> {
  const { receiver, generator, signal, log } = bench;
  const { queued, perSecond, seconds, besideNothingSeconds } = bench.plan.hanging;
  const installation = await bench.install('hanging');
  const everhook = await startEverhook(installation);
  const database = new Client({ connectionString: installation.databaseUrl });
  // A connection cut off is an event as well as a failed query, and one is enough.
  database.on('error', () => {});
  try {
    await database.connect();
    const healthy = generator.towards(
      (await everhook.tenant(1).subscribe('bench.healthy', [`${receiver.origin}/accept`]))(1),
    );
    const hanging = generator.towards(
      (await everhook.tenant(0).subscribe('bench.hanging', [`${receiver.origin}/hang`]))(batchSize),
    );
    await measureLatency(bench, healthy, { group: 'hangingwarm', perSecond: 50, seconds: 2 });
    const beside = { group: 'hangingnothing', perSecond, seconds: besideNothingSeconds };
    const alone = await measureLatency(bench, healthy, beside);

    await hanging({ kind: 'saturate', group: 'hanging', count: queued, lanes: 4 });
    await receiver.reach('hanging', Math.min(hangsAfter, queued), signal);
    const times = await measureLatency(bench, healthy, { group: 'hanginghealthy', perSecond, seconds, stalledMs });
    const came = await receiver.count('hanginghealthy');
    const tried = await receiver.count('hanging');
    const { rows } = await database.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM deliveries WHERE event_type = 'bench.hanging' AND status = 'pending'`,
    );
    log(`  ${came} of ${times.length} came, beside ${queued}, of which ${tried} were tried meanwhile`);
    return {
      summary: {
        hangingQueued: queued,
        hangingTried: tried,
        hangingHealthyMissing: times.length - came,
        hangingPending: rows[0]?.count ?? null,
        ...percentileFigures('hangingHealthy', times),
        ...percentileFigures('hangingBesideNothing', alone),
      },
      charts: [
        percentileChart(`A tenant at ${perSecond}/s beside ${queued} deliveries to a receiver that hangs`, {
          'beside nothing': alone,
          'beside them': times,
        }),
        {
          kind: 'lines',
          title: 'The same tenant over time',
          x: 'seconds',
          y: 'ms',
          series: [
            {
              label: 'from request to receiver',
              points: times.map((ms, index): [number, number] => [index / perSecond, Math.round(ms * 10) / 10]),
            },
          ],
        },
      ],
    };
  } finally {
    await database.end();
    await everhook.stop();
  }
}
