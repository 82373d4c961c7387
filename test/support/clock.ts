/** Does something while the clock of this process shows another time. Timers run as ever. */
export async function at<Result>(now: Date, work: () => Promise<Result>): Promise<Result> {
  jest.useFakeTimers({
    now,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  try {
    return await work();
  } finally {
    jest.useRealTimers();
  }
}

export const dayMs = 24 * 60 * 60_000;

export const daysFromNow = (days: number): Date => new Date(Date.now() + days * dayMs);
