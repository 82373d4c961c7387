import { goals, judge } from '../../bench/goals';
import { partNames } from '../../bench/parts';
import type { Summary } from '../../bench/part';

const met: Summary = {
  everhookDeliveriesPerSecond: 1_000,
  throughputRatio: 14,
  batchAcceptedPerSecond: 3_000,
  latencyP50RatioEager: 1,
  aloneP99ToP50: 3,
  latencyP50Ratio: 1.5,
  hangingHealthyP95Ms: 99.9,
  killRestartLost: 0,
  killRestartDuplicatesBeyondInFlight: 0,
  killRestartFlowsAgainSeconds: 10,
  killSecondLost: 0,
  killSecondDuplicatesBeyondInFlight: 0,
  killSecondFlowsAgainSeconds: 10,
  downHealthyRatio: 0.8,
  backoffWorkerMiBPeak: 299.9,
  consentShareInTime: 1,
  consentWorkerMiBPeak: 299.9,
};
/** Names of the goals that a summary misses. */
const missed = (summary: Summary) =>
  judge(summary, partNames).flatMap((judgement, index) => (judgement.met ? [] : (goals[index]?.figure ?? '')));

it('figures at their bounds meet goals of at least and at most, not one of under', () => {
  expect(missed(met)).toEqual([]);
  expect(missed({ ...met, backoffWorkerMiBPeak: 300, consentWorkerMiBPeak: 300, hangingHealthyP95Ms: 100 })).toEqual([
    'hangingHealthyP95Ms',
    'backoffWorkerMiBPeak',
    'consentWorkerMiBPeak',
  ]);
});

it.each([
  ['batchAcceptedPerSecond', 2_999.9],
  ['latencyP50RatioEager', 1.01],
  ['aloneP99ToP50', 3.01],
  ['latencyP50Ratio', 1.51],
  ['killRestartLost', 1],
  ['killSecondDuplicatesBeyondInFlight', 1],
  ['killRestartFlowsAgainSeconds', 10.01],
  ['downHealthyRatio', 0.79],
  ['consentShareInTime', 0.9999],
])('%s misses its goal at %d', (figure, value) => {
  expect(missed({ ...met, [figure]: value })).toEqual([figure]);
});

it('one of two ways to a goal is enough', () => {
  expect(missed({ ...met, everhookDeliveriesPerSecond: 750, throughputRatio: 15 })).toEqual([]);
  expect(missed({ ...met, everhookDeliveriesPerSecond: 750, throughputRatio: 14.9 })).toEqual([
    'everhookDeliveriesPerSecond',
  ]);
});

it('a figure that could not be measured misses its goal', () => {
  expect(missed({ ...met, killRestartFlowsAgainSeconds: null, consentShareInTime: NaN })).toEqual([
    'killRestartFlowsAgainSeconds',
    'consentShareInTime',
  ]);
});

it('only the goals of what was measured are judged', () => {
  expect(judge({ latencyP50Ratio: 9, aloneP99ToP50: 2 }, ['latency'])).toEqual([
    expect.objectContaining({ description: 'p99 at 20/s in one process, of its p50', met: true }),
  ]);
});

it('every part that a goal names is there', () => {
  expect(goals.flatMap(({ parts }) => parts).filter((part) => !partNames.includes(part))).toEqual([]);
});
