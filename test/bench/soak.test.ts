import { trendOf } from '../../bench/soak/memory';
import { portalProblems } from '../../bench/soak/credentials';
import { seeded } from '../../bench/soak/random';

/** A sample every 10 s. */
const samples = (seconds: number, miB: (at: number) => number) =>
  Array.from({ length: seconds / 10 + 1 }, (_, index) => ({ at: index * 10, miB: miB(index * 10) }));

describe('the trend of memory', () => {
  it('is flat where it only swings, and where all growth was in the beginning', () => {
    expect(trendOf(samples(3_600, (at) => 200 + 20 * Math.sin(at))).flat).toBe(true);
    expect(trendOf(samples(3_600, (at) => Math.min(200, 100 + at))).flat).toBe(true);
  });

  it('is not flat where a leak hides in the swings', () => {
    const leaking = trendOf(samples(3_600, (at) => 200 + at / 60 + 20 * Math.sin(at)));
    expect(leaking).toMatchObject({ flat: false });
    expect(leaking.perHourMiB).toBeCloseTo(60, -1);
  });

  it('says nothing after a short time', () => {
    expect(trendOf(samples(120, (at) => 100 + at))).toMatchObject({ flat: null });
    expect(trendOf([])).toMatchObject({ flat: null, growthMiB: null });
  });
});

it('the same seed draws the same, whatever another series draws meanwhile', () => {
  const [one, other] = [seeded(7), seeded(7)];
  const [fork, sameFork] = [one.fork(), other.fork()];
  one.next();
  const draws = (random: typeof fork) => Array.from({ length: 20 }, () => random.pick(['a', 'b', 'c', 'd']));
  expect(draws(fork)).toEqual(draws(sameFork));
  expect(seeded(8).next()).not.toBe(seeded(7).next());
});

it('a key that is kept and not there is a problem, and so is one that was revoked and is; who is unsure is asked nothing', () => {
  const account = { made: ['kept', 'revoked', 'unsure'], revoked: ['revoked'], unsure: ['unsure'], refused: {} };
  expect(portalProblems(account, new Set(['kept']))).toEqual([]);
  expect(portalProblems(account, new Set(['kept', 'unsure']))).toEqual([]);
  expect(portalProblems(account, new Set(['revoked']))).toHaveLength(2);
});
