import { startFaultProxy, type FaultKind } from '../support/aws/fault-proxy';
import { openCredentialEngine } from '../support/credential-engine';
import { quietTemporal } from '../support/temporal';
import { callsOf, inLanes, struck, type Bench } from './bench';
import { strictCloud, type Place } from './clouds';
import { documented, table, type Row } from './matrix-table';
import { sagas } from './sagas';
import { standInCredentials } from './stand-in-credentials';

quietTemporal();
standInCredentials();

const lanes = 10;
/** What may have happened, and what never will. */
const kinds: readonly FaultKind[] = ['answer lost', 'denied'];

describe('a fault that lasts', () => {
  let bench: Bench;
  let places: Place[];

  beforeAll(async () => {
    const cloud = await strictCloud();
    const proxy = await startFaultProxy(cloud.url);
    const engine = await openCredentialEngine({ endpoint: proxy.url, deadlineMs: 15_000, ratePerSecond: 1_000 });
    await engine.startWorkers();
    bench = { cloud, proxy, engine };
    places = [];
    for (let lane = 0; lane < lanes; lane += 1) places.push(await cloud.prepare(`eu-lane-${lane}`));
  }, 60_000);
  afterAll(async () => {
    await bench.engine.close();
    await bench.proxy.stop();
    await bench.cloud.stop();
  }, 60_000);

  it('leaves what was asked for or nothing, at every call of every saga', async () => {
    const struckSagas = sagas.filter(({ doomed }) => !doomed);
    const rows: Row[] = [];
    await inLanes(places, struckSagas, async (saga, place) => {
      for (const { operation, nth } of await callsOf(bench, place, saga)) {
        rows.push({ saga: saga.name, operation, nth, endings: {} });
      }
    });
    const order = (row: Row) => struckSagas.findIndex(({ name }) => name === row.saga);
    rows.sort((one, other) => order(one) - order(other));
    const problems: string[] = [];
    const cells = rows.flatMap((row) => kinds.map((kind) => ({ row, kind })));
    await inLanes(places, cells, async ({ row, kind }, place) => {
      const saga = struckSagas[order(row)];
      if (!saga) return;
      const { operation, nth } = row;
      try {
        const faults = [{ kind, operation, nth, lasting: 'operation' as const }];
        row.endings[kind] = (await struck(bench, { saga, place, faults })).ending;
      } catch (error) {
        problems.push(`${row.saga}, ${operation} ${nth}, ${kind}: ${String(error)}`);
        Object.assign(place, await bench.cloud.prepare(`eu-again-${problems.length}`));
      }
    });
    expect(problems).toEqual([]);
    expect(table(rows, kinds)).toBe(documented('lasting', rows, kinds));
  }, 300_000);
});
