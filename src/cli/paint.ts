/** What a text means, which says how it looks. */
export type Tone = 'good' | 'bad' | 'waiting' | 'muted' | 'heading';

/** The text as it looks with that meaning. */
export type Paint = (text: string, tone: Tone) => string;

/** Where a look begins and ends: green, red, yellow, dim, bold. `util.styleText` would ask standard output on its own. */
const looks: Record<Tone, readonly [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  waiting: [33, 39],
  muted: [2, 22],
  heading: [1, 22],
};

export const plain: Paint = (text) => text;
export const coloured: Paint = (text, tone) => `\u001b[${looks[tone][0]}m${text}\u001b[${looks[tone][1]}m`;

/**
 * Whether to use colours: `--no-color` says no, FORCE_COLOR yes or no, NO_COLOR no (no-color.org); else a terminal has
 * them.
 */
export function usesColour(
  { noColour, isTerminal }: { noColour: boolean; isTerminal: boolean },
  { FORCE_COLOR, NO_COLOR, TERM }: NodeJS.ProcessEnv,
): boolean {
  if (noColour) return false;
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  if (NO_COLOR) return false;
  return isTerminal && TERM !== 'dumb';
}

/** A cell of a table or a fact that has a meaning. */
export interface Toned {
  text: string;
  tone: Tone;
}

const tones: Record<string, Tone> = {
  delivered: 'good',
  failed: 'bad',
  pending: 'waiting',
  cancelled: 'muted',
  enabled: 'good',
  disabled: 'bad',
  AWAITING_AUTHORISATION: 'waiting',
  AUTHORISED: 'good',
  CONSUMED: 'good',
  REJECTED: 'bad',
  EXPIRED: 'bad',
  REVOKED: 'muted',
  provisioning: 'waiting',
  active: 'good',
  revoking: 'waiting',
  revoked: 'muted',
  compensation_failed: 'bad',
  running: 'waiting',
  done: 'good',
  current: 'good',
  draining: 'waiting',
  drained: 'muted',
  inactive: 'muted',
  replays: 'good',
  differs: 'bad',
};

/** The status of a delivery, webhook, consent, credential, step, client, key or version, or a result, as it looks. */
export function statusOf(status: string): string | Toned {
  const tone = tones[status];
  return tone ? { text: status, tone } : status;
}
