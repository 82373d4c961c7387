import { startFaultProxy } from '../support/aws/fault-proxy';
import { openCredentialEngine } from '../support/credential-engine';
import { startEverhook, type EverhookProcess } from '../support/everhook';
import { devServer, quietTemporal } from '../support/temporal';
import { callsOf, struck, type Bench } from './bench';
import { strictCloud, type Place } from './clouds';
import { sagas } from './sagas';
import { standInCredentials } from './stand-in-credentials';

quietTemporal();
standInCredentials();

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
      CREDENTIALS_DEADLINE: '60s',
    },
  });

beforeAll(async () => {
  const cloud = await strictCloud();
  const proxy = await startFaultProxy(cloud.url);
  const engine = await openCredentialEngine({ endpoint: proxy.url, deadlineMs: 60_000 });
  bench = { cloud, proxy, engine };
  worker = await startWorker();
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await bench.engine.close();
  await bench.proxy.stop();
  await bench.cloud.stop();
}, 60_000);

describe('a worker that is killed', () => {
  it('after any call of AWS leaves what was asked for', async () => {
    const cells: Awaited<ReturnType<typeof callsOf>> = [];
    let regions = 0;
    const place = (): Promise<Place> => bench.cloud.prepare(`eu-kill-${(regions += 1)}`);
    for (const saga of sagas.filter(({ doomed }) => !doomed)) {
      const calls = await callsOf(bench, await place(), saga);
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
        const faults = [{ kind: 'held' as const, operation, nth, lasting: 'all' as const }];
        return (await struck(bench, { saga, place: at, faults, onStrike })).ending;
      });
      const all = Promise.all(endings);
      await Promise.race([everyoneMet, all]);
      await worker.kill();
      places.forEach(({ region }) => bench.proxy.lift(region));
      worker = await startWorker();
      expect(new Set(await all)).toEqual(new Set(['done']));
    }
  }, 150_000);
});
