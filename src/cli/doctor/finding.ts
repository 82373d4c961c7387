import { describeFailure } from '../failure';

/** In the order in which they are told. */
export const areas = ['configuration', 'postgresql', 'keys', 'temporal', 'clocks', 'aws', 'egress', 'machine'] as const;
export type Area = (typeof areas)[number];

/** `skipped`: it could not be looked at, for what another finding says. */
export type FindingState = 'ok' | 'warning' | 'failed' | 'skipped';

/** One thing that was looked at. Nothing in it is a secret. */
export interface Finding {
  area: Area;
  /** What was looked at, in a word or two; the same for good and for bad. */
  name: string;
  state: FindingState;
  /** What was found. */
  detail: string;
  /** What to do about it, a command where there is one; null: nothing. */
  mend: string | null;
}

/** Makes the findings of an area. */
export function findingsOf(area: Area) {
  const finding = (state: FindingState) => (name: string, detail: string, mend: string | null) => ({
    ...{ area, name, state, detail, mend },
  });
  return {
    ok: (name: string, detail: string): Finding => finding('ok')(name, detail, null),
    warning: finding('warning'),
    failed: finding('failed'),
    skipped: (name: string, detail: string): Finding => finding('skipped')(name, detail, null),
  };
}

/** What a look came to that broke off, instead of what it would have found. */
export async function orFailed(
  area: Area,
  name: string,
  mend: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [findingsOf(area).failed(name, describeFailure(error).message, mend)];
  }
}
