/** How long a call may take, and how often its request may be sent. */
export interface Limits {
  /** For one try, from the connection to the end of the answer. */
  timeoutMs: number;
  /** For the call with all its tries and the waits between them. */
  deadlineMs: number;
  /** How often the request is sent at most; 1: never again. */
  maxAttempts: number;
}

export const defaultLimits: Limits = { timeoutMs: 10_000, deadlineMs: 60_000, maxAttempts: 5 };

/** setTimeout makes 1 ms of what is longer. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * The limits that are given, with the others for what they leave out. Infinity is a limit, too.
 * @throws TypeError for one that can not be meant
 */
export function limitsOf(given: { [Name in keyof Limits]?: number | undefined }, others: Limits): Limits {
  const limits = {
    timeoutMs: given.timeoutMs ?? others.timeoutMs,
    deadlineMs: given.deadlineMs ?? others.deadlineMs,
    maxAttempts: given.maxAttempts ?? others.maxAttempts,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value !== 'number' || !(value > 0)) throw new TypeError(`${name}: a number above 0`);
  }
  return limits;
}
