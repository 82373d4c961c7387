import { judge } from '../../bench/goals';

const met = {
  throughputRatio: 0.7,
  latencyP50Ratio: 1.5,
  latencyP50RatioAlone: 1.5,
  backoffWorkerMiBPeak: 299.9,
  consentShareInTime: 1,
  consentWorkerMiBPeak: 299.9,
};
/** The figures that miss their goals, of all that have one. */
const missed = (summary: Parameters<typeof judge>[0]) => {
  const judgements = judge(summary);
  return Object.keys(met).filter((_, index) => !judgements[index]?.met);
};

it('a figure at its bound meets a goal of at least or at most, not one of under', () => {
  expect(judge(met)).toHaveLength(Object.keys(met).length);
  expect(missed(met)).toEqual([]);
  expect(missed({ ...met, backoffWorkerMiBPeak: 300 })).toEqual(['backoffWorkerMiBPeak']);
  expect(missed({ ...met, consentWorkerMiBPeak: 300 })).toEqual(['consentWorkerMiBPeak']);
});

it('a figure beyond its bound misses its goal', () => {
  const beyond = {
    throughputRatio: 0.69,
    latencyP50Ratio: 1.51,
    latencyP50RatioAlone: 1.51,
    backoffWorkerMiBPeak: 301,
    consentShareInTime: 0.9999,
    consentWorkerMiBPeak: 301,
  };
  expect(missed(beyond)).toEqual(Object.keys(met));
});

it('a figure that could not be measured misses its goal', () => {
  expect(missed({ ...met, throughputRatio: null, consentShareInTime: NaN })).toEqual([
    'throughputRatio',
    'consentShareInTime',
  ]);
});
