import { summarise, type Measurements } from '../../bench/summary';

const cpu = { msEach: { Worker: 12.345 }, othersShare: 0.456 };
const machine = { cores: 2, processor: '', memoryGiB: 4, system: '', node: '', commit: null, diskSyncMs: 1 };
const measured = (
  consents: number,
  lagMs: number[],
  latency: Measurements['latency'] = { everhook: [], alone: [], bare: [] },
): Measurements => ({
  throughput: { everhook: [], bare: [] },
  latency,
  backoff: { deliveries: 1, seconds: 1, before: 1, peak: 1, waiting: 1, rested: 1, apiWaiting: 1 },
  consents: {
    consents,
    startsPerSecond: 49.96,
    expiriesPerSecond: 49.94,
    lagMs,
    before: 150,
    open: 200,
    peak: 210,
    startCpu: cpu,
    expiryCpu: cpu,
  },
});

it('compares the latency of both ways to run it with that of bare Temporal', () => {
  const latency = { everhook: [[10], [30, 20]], alone: [[15, 15]], bare: [[9, 10, 11]] };
  expect(summarise(measured(1, [], latency), machine)).toMatchObject({
    everhookP50Ms: 20,
    aloneP50Ms: 15,
    bareP50Ms: 10,
    latencyP50Ratio: 2,
    latencyP50RatioAlone: 1.5,
  });
});

describe('the summary of consents', () => {
  it('has lags, rates, memory and processor time by name', () => {
    expect(summarise(measured(4, [10, 20, 30, 5_000]), machine)).toMatchObject({
      consents: 4,
      consentStartsPerSecond: 50,
      consentExpiriesPerSecond: 49.9,
      consentLagP50Ms: 20,
      consentLagMaxMs: 5_000,
      consentShareInTime: 1,
      consentWorkerMiBPeak: 210,
      consentStartCpuMsWorker: 12.35,
      consentExpiryCpuMsWorker: 12.35,
      consentOthersShareOfMachine: 0.46,
    });
  });

  it('does not round one of very many that is late, or missing, away', () => {
    const lags = Array.from({ length: 49_999 }, () => 10);
    expect(summarise(measured(50_000, [...lags, 5_001]), machine).consentShareInTime).toBeLessThan(1);
    expect(summarise(measured(50_000, lags), machine).consentShareInTime).toBeLessThan(1);
  });
});
