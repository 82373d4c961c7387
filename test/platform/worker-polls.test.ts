import { isFresh } from '../../src/platform/worker-polls';

const now = Date.UTC(2026, 0, 15, 9, 30);
const polled = (secondsAgo: number) => ({ lastAccessTime: { seconds: now / 1000 - secondsAgo } });

it('a worker polls as long as it asked within the time of a poll', () => {
  expect([0, 60, 75, 76, 299].map((seconds) => isFresh(polled(seconds), now))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

it('one of whom nothing is known does not', () => {
  expect([{}, { lastAccessTime: null }, { lastAccessTime: {} }].map((one) => isFresh(one, now))).toEqual([
    false,
    false,
    false,
  ]);
});
