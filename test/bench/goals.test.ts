import { judge } from '../../bench/goals';

const met = { throughputRatio: 0.7, latencyP50Ratio: 1.5, backoffWorkerMiBPeak: 299.9 };

it('a figure at its bound meets a goal of at least or at most, not one of under', () => {
  expect(judge(met).map((judgement) => judgement.met)).toEqual([true, true, true]);
  expect(judge({ ...met, backoffWorkerMiBPeak: 300 }).map((judgement) => judgement.met)).toEqual([true, true, false]);
});

it('a figure beyond its bound misses its goal', () => {
  const missed = { throughputRatio: 0.69, latencyP50Ratio: 1.51, backoffWorkerMiBPeak: 301 };
  expect(judge(missed).map((judgement) => judgement.met)).toEqual([false, false, false]);
});

it('a figure that could not be measured misses its goal', () => {
  expect(judge({ ...met, throughputRatio: null, latencyP50Ratio: NaN }).map((judgement) => judgement.met)).toEqual([
    false,
    false,
    true,
  ]);
});
