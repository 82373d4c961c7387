import { faultKinds, startFaultProxy, type FaultKind } from '../support/aws/fault-proxy';
import { openCredentialEngine } from '../support/credential-engine';
import { tableRows } from '../docs/documents';
import { quietTemporal } from '../support/temporal';
import { callsOf, inLanes, struck, type Bench } from './bench';
import { motoCloud, strictCloud, type Cloud, type Place } from './clouds';
import { documented, table, type Row } from './matrix-table';
import { sagas, type Saga } from './sagas';
import { standInCredentials } from './stand-in-credentials';

quietTemporal();
standInCredentials();

const lanes = 16;

/** moto is slow: it gets the faults that its own answers decide the outcome of. */
const connectionFaults: readonly FaultKind[] = ['request lost', 'answer lost'];
const forwardSagas = sagas.filter(({ doomed }) => !doomed);

describe.each<[string, () => Promise<Cloud>, Saga[], readonly FaultKind[]]>([
  ['the strict stand-in', strictCloud, sagas, faultKinds],
  ['moto', motoCloud, forwardSagas, connectionFaults],
])('a fault that passes, on %s', (name, open, sagas, kinds) => {
  let bench: Bench;
  let places: Place[];

  beforeAll(async () => {
    const cloud = await open();
    const proxy = await startFaultProxy(cloud.url);
    const engine = await openCredentialEngine({ endpoint: proxy.url, deadlineMs: 25_000, ratePerSecond: 1_000 });
    await engine.startWorkers();
    bench = { cloud, proxy, engine };
    places = [];
    for (let lane = 0; lane < lanes; lane += 1) places.push(await cloud.prepare(`eu-lane-${lane}`));
  }, 300_000);
  afterAll(async () => {
    await bench.engine.close();
    await bench.proxy.stop();
    await bench.cloud.stop();
  }, 60_000);

  it('leaves what was asked for or nothing, at every call of every saga', async () => {
    const rows: Row[] = [];
    await inLanes(places, sagas, async (saga, place) => {
      for (const { operation, nth } of await callsOf(bench, place, saga)) {
        rows.push({ saga: saga.name, operation, nth, endings: {} });
      }
    });
    const order = (row: Row) => sagas.findIndex(({ name }) => name === row.saga);
    rows.sort((one, other) => order(one) - order(other));
    const problems: string[] = [];
    const cells = rows.flatMap((row) => kinds.map((kind) => ({ row, kind })));
    // Those that take their time first, so that they don't come one after the other at the end.
    cells.sort((one, other) => slowness(other.kind) - slowness(one.kind));
    await inLanes(places, cells, async ({ row, kind }, place) => {
      const saga = sagas[order(row)];
      if (!saga) return;
      const faults = [{ kind, operation: row.operation, nth: row.nth }];
      try {
        const { ending } = await struck(bench, { saga, place, faults });
        row.endings[kind] = ending;
      } catch (error) {
        problems.push(`${row.saga}, ${row.operation} ${row.nth}, ${kind}: ${String(error)}`);
        // The next one is not to suffer from what this one left.
        Object.assign(place, await bench.cloud.prepare(`eu-again-${problems.length}`));
      }
    });
    expect(problems).toEqual([]);
    if (name !== 'moto') {
      expect(table(rows)).toBe(documented('once', rows));
      return;
    }
    const inDocs = tableRows(documented('once'), 'To').map((cells) => cells.slice(0, 2 + kinds.length));
    for (const row of tableRows(table(rows), 'To')) expect(inDocs).toContainEqual(row.slice(0, 2 + kinds.length));
  }, 300_000);
});

const slowness = (kind: FaultKind) => (kind === 'hangs' ? 1 : 0);
