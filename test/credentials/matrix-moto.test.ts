import type { FaultKind } from '../support/aws/fault-proxy';
import { tableRows } from '../docs/documents';
import { quietTemporal } from '../support/temporal';
import { closeBench, openBench, placesOf, type Bench } from './bench';
import { motoCloud } from './clouds';
import { matrixOf } from './matrix';
import { documented, table } from './matrix-table';
import { sagas } from './sagas';

quietTemporal();

/** moto is slow: it gets the faults that its own answers decide the outcome of. */
const kinds: readonly FaultKind[] = ['request lost', 'answer lost'];
const forwardSagas = sagas.filter(({ doomed }) => !doomed);

describe('a fault that passes, on moto', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(motoCloud);
  }, 300_000);
  afterAll(() => bench && closeBench(bench), 60_000);

  it('comes to the same as on the strict stand-in', async () => {
    const places = await placesOf(bench, 10);
    const { rows, problems } = await matrixOf(bench, { places, atWork: 6, sagas: forwardSagas, kinds });
    expect(problems).toEqual([]);
    const inDocs = tableRows(documented('once'), 'To').map((cells) => cells.slice(0, 2 + kinds.length));
    for (const row of tableRows(table(rows, kinds), 'To')) expect(inDocs).toContainEqual(row);
  }, 900_000);
});
