import { faultKinds } from '../support/aws/fault-proxy';
import { quietTemporal } from '../support/temporal';
import { closeBench, openBench, placesOf, type Bench } from './bench';
import { strictCloud } from './clouds';
import { matrixOf } from './matrix';
import { documented, table } from './matrix-table';
import { sagas } from './sagas';

quietTemporal();

describe('a fault that passes', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(strictCloud);
  }, 60_000);
  afterAll(() => bench && closeBench(bench), 60_000);

  it('leaves what was asked for or nothing, at every call of every saga', async () => {
    const places = await placesOf(bench, 32);
    const { rows, problems } = await matrixOf(bench, { places, atWork: 8, sagas, kinds: faultKinds });
    expect(problems).toEqual([]);
    expect(table(rows)).toBe(documented('once', rows));
  }, 900_000);
});
