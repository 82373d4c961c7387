import { fateOf, flowsAgainAfter } from '../../bench/kill-analysis';

describe('deliveries flow again', () => {
  const every = (ms: number, from: number, count: number) =>
    Array.from({ length: count }, (_, index) => from + index * ms);

  it('when the first second begins that has half the rate of before', () => {
    // 100/s before; a straggler, then 60/s.
    const times = [...every(10, 0, 100), 1_500, ...every(1000 / 60, 4_000, 100)];
    expect(flowsAgainAfter(times, 1_000, 100)).toBe(3_000);
  });

  it('at once, when they never stopped', () => {
    expect(flowsAgainAfter(every(10, 0, 300), 1_000, 100)).toBe(10);
  });

  it('never, when too few come', () => {
    expect(flowsAgainAfter([...every(10, 0, 100), ...every(100, 2_000, 50)], 1_000, 100)).toBeNull();
    expect(flowsAgainAfter([], 1_000, 100)).toBeNull();
  });
});

describe('the fate of deliveries', () => {
  const fate = (times: number[], again: number[], recorded: number[]) =>
    fateOf(
      { times: Float64Array.from(times), again: again.map((index) => ({ index, at: 200 })) },
      { expected: 4, killedAt: 100, recorded: (index) => recorded.includes(index) },
    );

  it('in flight is what had come and was not recorded; it may come again', () => {
    expect(fate([10, 90, 150, 160], [1], [0])).toEqual({ lost: 0, duplicates: 1, inFlight: 1, duplicatesBeyond: 0 });
  });

  it('what comes again though it was recorded, or twice again, is beyond', () => {
    expect(fate([10, 90, 150, 160], [0], [0])).toMatchObject({ duplicates: 1, duplicatesBeyond: 1 });
    expect(fate([10, 90, 150, 160], [1, 1], [0])).toMatchObject({ duplicates: 2, duplicatesBeyond: 1 });
    expect(fate([10, 90, 150, 160], [2], [0, 1])).toMatchObject({ duplicates: 1, duplicatesBeyond: 1 });
  });

  it('lost is what never came, in between or at the end', () => {
    expect(fate([10, NaN, 150], [], [0])).toMatchObject({ lost: 2 });
  });
});
