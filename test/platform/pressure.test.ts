import { createPressure } from '../../src/platform/pressure';

/** Pressure with a clock of the test's. */
function underTest() {
  let at = 1_000_000;
  const pressure = createPressure({ now: () => at });
  return {
    pressure,
    pass: (ms: number) => void (at += ms),
    /** So many deliveries a second, one by one, for so long: how many of them travel together. */
    arrive(perSecond: number, ms: number): number {
      let together = 0;
      for (let passed = 0; passed < ms; passed += 1_000 / perSecond) {
        if (pressure.isHigh(1)) together += 1;
        at += 1_000 / perSecond;
      }
      return together;
    },
  };
}

describe('pressure', () => {
  it('is low while no more comes than a small machine starts', () => {
    const { arrive } = underTest();
    expect(arrive(35, 60_000)).toBe(0);
  });

  it('rises when many come at once, for all of them', () => {
    const { pressure } = underTest();
    expect(pressure.isHigh(49)).toBe(true);
  });

  it('does not rise for a crowd that is none', () => {
    const { pressure } = underTest();
    expect(pressure.isHigh(48)).toBe(false);
  });

  it('rises within moments when more comes than can be started, and leaves few to workflows of their own', () => {
    const { arrive } = underTest();
    const together = arrive(1_000, 10_000);
    expect(together).toBeGreaterThan(9_900);
  });

  it('rises when more wait to be started than can be', () => {
    const { pressure } = underTest();
    pressure.waiting(48);
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('rises when workers fall behind', () => {
    const { pressure } = underTest();
    pressure.behind(20);
    expect(pressure.isHigh(1)).toBe(false);
    pressure.behind(21);
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('rises while Temporal is away', () => {
    const { pressure } = underTest();
    pressure.away();
    expect(pressure.isHigh(1)).toBe(true);
  });

  it('lasts while much arrives, but for a crowd each half minute that tries whether more can be started', () => {
    const { pressure, arrive } = underTest();
    pressure.isHigh(100);
    const alone = 200 * 60 - arrive(200, 60_000);
    expect(alone).toBeGreaterThan(0);
    expect(alone).toBeLessThan(200);
  });

  it('is over two seconds after a crowd', () => {
    const { pressure, arrive, pass } = underTest();
    expect(pressure.isHigh(100)).toBe(true);
    pass(1_900);
    expect(pressure.isHigh(1)).toBe(true);
    pass(200);
    expect(arrive(10, 10_000)).toBe(0);
  });

  it('finds out by and by that more can be started', () => {
    const { arrive } = underTest();
    expect(arrive(70, 60_000)).toBeGreaterThan(1_000);
    arrive(70, 240_000);
    expect(arrive(70, 60_000)).toBe(0);
  });

  it('comes earlier where workers have fallen behind', () => {
    const { pressure, arrive, pass } = underTest();
    pressure.behind(100);
    pass(60_000);
    // 28 a second now, not 40.
    expect(arrive(35, 30_000)).toBeGreaterThan(500);
  });

  it('is not kept up by a clock that was set back', () => {
    const { pressure, arrive, pass } = underTest();
    pressure.isHigh(100);
    pass(-3_600_000);
    arrive(5, 3_000);
    expect(arrive(5, 5_000)).toBe(0);
  });
});
