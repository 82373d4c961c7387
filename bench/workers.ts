import { startEverhook } from './everhook';
import type { Bench, PartResult, Summary } from './part';
import { eventsFor, measureSaturation, warmUp } from './saturation';
import { median, rounded } from './statistics';

const batchSize = 100;
const lanes = 8;

/** How throughput grows with one, two and three workers on this machine; events come in batches, so that they decide. */
export async function measureWorkers(bench: Bench): Promise<PartResult> {
  const { receiver, generator, log } = bench;
  const { most, rounds, seconds } = bench.plan.workers;
  const installation = await bench.install('workers');
  const speeds: number[] = [];
  const summary: Summary = {};
  for (let workers = 1; workers <= most; workers += 1) {
    const everhook = await startEverhook(installation, { workers });
    try {
      const group = `workers${workers}`;
      const targetOf = await everhook.tenant(0).subscribe(`bench.${group}`, [`${receiver.origin}/accept`]);
      const load = { apply: generator.towards(targetOf(batchSize)), lanes, copies: 1 };
      const rate = await warmUp(bench, load, { group, firstEvents: 300, seconds });
      const saturation = { ...load, meters: bench.metersOf(everhook) };
      const measured = [];
      for (let round = 1; round <= rounds; round += 1) {
        const events = eventsFor(rate, 1, seconds);
        measured.push(await measureSaturation(bench, saturation, { group: `${group}r${round}`, events }));
      }
      const speed = median(measured.map(({ deliveriesPerSecond }) => deliveriesPerSecond));
      speeds.push(speed);
      summary[`workers${workers}PerSecond`] = rounded(speed, 1);
      summary[`workers${workers}Repeats`] = measured.reduce((sum, { repeats }) => sum + repeats, 0);
      summary[`workers${workers}CpuMsWorker`] = rounded(
        median(measured.map(({ cpuMsPerDelivery }) => cpuMsPerDelivery.Worker ?? NaN)),
        3,
      );
      log(`  ${workers} worker${workers === 1 ? '' : 's'}: ${speed.toFixed(0)} deliveries/s`);
    } finally {
      await everhook.stop();
    }
  }
  for (let workers = 2; workers <= most; workers += 1) {
    summary[`workers${workers}Ratio`] = rounded((speeds[workers - 1] ?? NaN) / (speeds[0] ?? NaN), 2);
  }
  return {
    summary,
    charts: [
      {
        kind: 'bars',
        title: 'Throughput by the number of workers',
        unit: '/s',
        series: ['delivered'],
        groups: speeds.map((speed, index) => ({ label: String(index + 1), values: [rounded(speed, 1)] })),
      },
    ],
  };
}
