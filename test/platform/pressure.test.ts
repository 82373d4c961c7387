import { createPressure } from '../../src/platform/pressure';

/** Pressure with a clock of the test's. */
function underTest() {
  let at = 1_000_000;
  const pressure = createPressure({ now: () => at });
  return {
    pressure,
    pass: (ms: number) => void (at += ms),
    /** So many deliveries a second, one by one, for so long; whether the last one travels together. */
    arrive(perSecond: number, ms: number): boolean {
      let high = false;
      for (let passed = 0; passed < ms; passed += 1_000 / perSecond) {
        high = pressure.isHigh(1);
        at += 1_000 / perSecond;
      }
      return high;
    },
  };
}

describe('pressure', () => {
  it('is low while workflows are started as deliveries come', () => {
    const { arrive } = underTest();
    expect(arrive(30, 10_000)).toBe(false);
  });

  it('rises when many come at once, for all of them', () => {
    const { pressure } = underTest();
    expect(pressure.isHigh(48)).toBe(false);
    expect(pressure.isHigh(49)).toBe(true);
  });

  it('rises when more wait to be started than can be', () => {
    const { pressure } = underTest();
    pressure.waiting(48);
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('rises when workers fall behind', () => {
    const { pressure } = underTest();
    pressure.backlog(30);
    expect(pressure.isHigh(1)).toBe(false);
    pressure.backlog(31);
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('rises while Temporal is away', () => {
    const { pressure } = underTest();
    pressure.away();
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('lasts as long as much arrives, also when nothing waits any more', () => {
    const { pressure, arrive } = underTest();
    pressure.isHigh(100);
    pressure.waiting(0);
    expect(arrive(200, 60_000)).toBe(true);
  });

  it('is over two seconds after a crowd', () => {
    const { pressure, arrive, pass } = underTest();
    expect(pressure.isHigh(100)).toBe(true);
    pass(1_900);
    expect(pressure.isHigh(1)).toBe(true);
    expect(arrive(10, 3_000)).toBe(false);
  });

  it('comes again at a rate that workers have fallen behind with, and stays', () => {
    const { pressure, arrive, pass } = underTest();
    arrive(20, 3_000);
    pressure.backlog(100);
    expect(arrive(12, 10_000)).toBe(true);
    pass(10_000);
    expect(arrive(5, 3_000)).toBe(false);
  });

  it('is over earlier where more can be started', () => {
    const { pressure, arrive, pass } = underTest();
    for (let second = 0; second < 5; second += 1) {
      pressure.started(200);
      pass(1_000);
    }
    pressure.isHigh(100);
    pressure.waiting(0);
    expect(arrive(80, 5_000)).toBe(false);
  });

  it('is not kept up by a clock that was set back', () => {
    const { pressure, arrive, pass } = underTest();
    pressure.isHigh(100);
    pass(-3_600_000);
    expect(arrive(5, 5_000)).toBe(false);
  });
});
