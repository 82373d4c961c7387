import { styleText } from 'node:util';

/** What a text means, which says how it looks. */
export type Tone = 'good' | 'bad' | 'waiting' | 'muted' | 'heading';

/** The text as it looks with that meaning. */
export type Paint = (text: string, tone: Tone) => string;

const styles = { good: 'green', bad: 'red', waiting: 'yellow', muted: 'dim', heading: 'bold' } as const;

export const plain: Paint = (text) => text;
export const coloured: Paint = (text, tone) => styleText(styles[tone], text);

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
};

/** The status of a delivery, webhook, consent, credential or step, as it looks. */
export function statusOf(status: string): string | Toned {
  const tone = tones[status];
  return tone ? { text: status, tone } : status;
}
