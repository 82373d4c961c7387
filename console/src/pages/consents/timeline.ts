import {
  consentTransitions,
  type ConsentAction,
  type ConsentStatus,
  type ConsentTrigger,
} from '../../../../src/domain/consent/machine';

/** The two windows of a consent and where things are within them, as numbers to draw and words to read. */

export type { ConsentAction, ConsentStatus };

export interface History {
  consentId: string;
  createdAt: string;
  decisionDeadline: string;
  consumptionDeadline: string | null;
  steps: { on: ConsentTrigger; status: ConsentStatus; at: string; event: string | null }[];
  outstanding: { action: ConsentAction; acceptedAt: string }[];
  serverTime: string;
}

/** One of the two times that run out. Times in milliseconds of the epoch. */
export interface Span {
  kind: 'decision' | 'consumption';
  from: number;
  deadline: number;
  /** When it stopped to run, by an action or at its deadline; null: it runs. */
  endedAt: number | null;
  /** `met`: what it waited for came in time. */
  state: 'running' | 'met' | 'expired' | 'stopped';
}

/** The spans that there are: the second begins with the decision. */
export function spansOf(history: History): Span[] {
  const [first, ...later] = history.steps;
  const from = Date.parse(history.createdAt);
  const spans = [spanOf('decision', from, Date.parse(history.decisionDeadline), first)];
  if (history.consumptionDeadline !== null && first) {
    spans.push(spanOf('consumption', Date.parse(first.at), Date.parse(history.consumptionDeadline), later[0]));
  }
  return spans;
}

function spanOf(kind: Span['kind'], from: number, deadline: number, step: History['steps'][number] | undefined): Span {
  if (!step) return { kind, from, deadline, endedAt: null, state: 'running' };
  const endedAt = Date.parse(step.at);
  const met = kind === 'decision' ? ['approve', 'reject'] : ['consume'];
  const state = step.on === 'deadline' ? 'expired' : met.includes(step.on) ? 'met' : 'stopped';
  return { kind, from, deadline, endedAt, state };
}

/** What is still possible in a status. */
export const actionsIn = (status: ConsentStatus): ConsentAction[] =>
  consentTransitions.flatMap(({ from, on }) => (from === status && on !== 'deadline' ? [on] : []));

/** `1:02:03` or `59:07`; never below zero. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, ...rest] = parts;
  const text = rest.map((part) => String(part).padStart(2, '0')).join(':');
  return hours > 0 ? `${hours}:${text}` : text;
}

/** Share of the span that has passed, 0 to 1. */
export function passed({ from, deadline, endedAt }: Span, now: number): number {
  return Math.min(1, Math.max(0, ((endedAt ?? now) - from) / (deadline - from)));
}
