import { defaultMaxRetries, maxRetryAfterMs, parseRetryAfter, retrySchedule } from '../../src/domain/retry-schedule';

describe('the retry schedule', () => {
  it('is 2, 4 and 8 seconds by default: four requests at most', () => {
    expect(retrySchedule(2_000, defaultMaxRetries)).toEqual([2_000, 4_000, 8_000]);
  });

  it('has no wait where there is no retry, and doubles up to the tenth', () => {
    expect(retrySchedule(2_000, 0)).toEqual([]);
    const longest = retrySchedule(1, 10);
    expect(longest).toHaveLength(10);
    longest.slice(1).forEach((wait, index) => expect(wait).toBe((longest[index] ?? 0) * 2));
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-01-15T09:30:00.000Z');

  it.each([
    ['1', 1_000],
    ['30', 30_000],
    ['  5  ', 5_000],
    ['60', maxRetryAfterMs],
    ['61', maxRetryAfterMs],
    ['86400', maxRetryAfterMs],
    ['99999999999999999999', maxRetryAfterMs],
    ['Thu, 15 Jan 2026 09:30:10 GMT', 10_000],
    ['Thursday, 15-Jan-26 09:30:10 GMT', 10_000],
    ['Fri, 16 Jan 2026 09:30:00 GMT', maxRetryAfterMs],
  ])('%j asks for %d ms', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });

  it.each([
    undefined,
    '',
    '0',
    '-5',
    '1.5',
    '1e9',
    '0x10',
    'soon',
    '5 s',
    'Thu, 15 Jan 2026 09:29:59 GMT',
    'Thu, 15 Jan 2026 09:30:00 GMT',
  ])('%j says nothing usable', (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined();
  });
});
