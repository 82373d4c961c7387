import { compare, directionOf } from '../../bench/comparison';

it.each([
  ['everhookDeliveriesPerSecond', 1],
  ['throughputRatio', 1],
  ['downHealthyRatio', 1],
  ['consentShareInTime', 1],
  ['latencyP50RatioEager', -1],
  ['everhookP99Ms', -1],
  ['aloneP99ToP50', -1],
  ['everhookCpuMsWorker', -1],
  ['backoffWorkerMiBPeak', -1],
  ['killRestartFlowsAgainSeconds', -1],
  ['killRestartLost', -1],
  ['everhookHalfPerSecond', 0],
  ['cores', 0],
  ['backoffDeliveries', 0],
])('of %s, %d is the better direction', (name, direction) => {
  expect(directionOf(name)).toBe(direction);
});

it('says what got better and worse, and not what is noise', () => {
  const before = { everhookP50Ms: 20, everhookDeliveriesPerSecond: 100, batchAcceptedPerSecond: 1_000, cores: 2 };
  const after = { everhookP50Ms: 30, everhookDeliveriesPerSecond: 150, batchAcceptedPerSecond: 1_040, cores: 4 };
  expect(compare(before, after).map(({ name, ratio, verdict }) => [name, ratio, verdict])).toEqual([
    ['everhookP50Ms', 1.5, 'worse'],
    ['everhookDeliveriesPerSecond', 1.5, 'better'],
    ['batchAcceptedPerSecond', 1.04, ''],
    ['cores', 2, ''],
  ]);
});

it('shows figures that only one has, and one that was 0', () => {
  expect(compare({ killRestartLost: 0 }, { killRestartLost: 1, downHealthyRatio: null })).toEqual([
    { name: 'killRestartLost', before: 0, after: 1, ratio: null, verdict: 'worse' },
    { name: 'downHealthyRatio', before: null, after: null, ratio: null, verdict: '' },
  ]);
});
