import { faultKinds } from '../support/aws/fault-proxy';
import { quietTemporal } from '../support/temporal';
import { closeBench, openBench, placesOf, type Bench } from './bench';
import { strictCloud } from './clouds';
import { matrixOf } from './matrix';
import { documented, table } from './matrix-table';
import { sagas } from './sagas';

quietTemporal();

/** As in production: sagas wait here, they don't work. */
const deadlineMs = 25_000;
const lanes = 90;

describe('a fault that lasts', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(strictCloud, { awsWorkers: Math.ceil(lanes / 20) });
    bench.caller = bench.engine.callerWithin(deadlineMs);
  }, 60_000);
  afterAll(() => bench && closeBench(bench), 60_000);

  it('leaves what was asked for or nothing, at every call of every saga', async () => {
    const places = await placesOf(bench, lanes);
    const options = { places, atWork: 6, sagas, kinds: faultKinds, lasting: 'operation' as const };
    const { rows, problems } = await matrixOf(bench, options);
    expect(problems).toEqual([]);
    expect(table(rows)).toBe(documented('lasting', rows));
  }, 900_000);
});
