import { startEverhook, type EverhookProcess } from '../support/everhook';
import { devServer, quietTemporal } from '../support/temporal';
import { callsOf, closeBench, openBench, struck, type Bench, type Call } from './bench';
import { strictCloud, type Place } from './clouds';
import { sagas } from './sagas';

quietTemporal();

/** As many as a worker does at once. */
const atOnce = 14;

let bench: Bench;
let worker: EverhookProcess;

const startWorker = () =>
  startEverhook('worker', {
    databaseUrl: bench.engine.databaseUrl,
    temporalAddress: devServer().address,
    taskQueue: bench.engine.taskQueue,
    allow: [],
    settings: {
      AWS_ENDPOINT_URL: bench.proxy.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'stand-in',
      AWS_SECRET_ACCESS_KEY: 'stand-in',
      RATE_LIMIT_AWS: '1000/s',
      CREDENTIALS_DEADLINE: '120s',
    },
  });

beforeAll(async () => {
  bench = await openBench(strictCloud, { workers: false });
  worker = await startWorker();
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await closeBench(bench);
}, 60_000);

describe('a worker that is killed', () => {
  it('after any call of AWS leaves what was asked for', async () => {
    const cells: Call[] = [];
    let regions = 0;
    const place = (): Promise<Place> => bench.cloud.prepare(`eu-kill-${(regions += 1)}`);
    const forward = sagas.filter(({ doomed }) => !doomed);
    const known = await Promise.all(
      forward.map(async (saga) => ({ saga, calls: await callsOf(bench, await place(), saga) })),
    );
    for (const { saga, calls } of known) {
      // The last call of a creation is the API's: it reads the secret.
      cells.push(...(saga.kind === 'create' ? calls.slice(0, -1) : calls));
    }
    while (cells.length > 0) {
      const batch = cells.splice(0, atOnce);
      const places = await Promise.all(batch.map(place));
      const met = new Set<Place>();
      let allMet = () => {};
      const everyoneMet = new Promise<void>((resolve) => (allMet = resolve));
      const endings = batch.map(async ({ saga, operation, nth }, index) => {
        const at = places[index] as Place;
        const onStrike = () => {
          met.add(at);
          if (met.size === batch.length) allMet();
        };
        // Nothing gets an answer from that call on: the worker is at exactly this point when it is killed.
        const fault = { kind: 'held', operation, nth, lasting: 'all' } as const;
        return (await struck(bench, { saga, place: at, fault, onStrike })).ending;
      });
      const all = Promise.all(endings);
      await Promise.race([everyoneMet, all]);
      await worker.kill();
      places.forEach(({ region }) => bench.proxy.lift(region));
      worker = await startWorker();
      expect(new Set(await all)).toEqual(new Set(['done']));
    }
  }, 600_000);
});
