/**
 * The life of a consent, as data (contracts 2.4). Everything else about it is made from these tables: what the API
 * accepts, what the workflow waits for, the diagram in docs/consents.md. Imported by workflow code: no Node modules.
 */

export const consentStatuses = [
  'AWAITING_AUTHORISATION',
  'AUTHORISED',
  'REJECTED',
  'CONSUMED',
  'EXPIRED',
  'REVOKED',
] as const;
export type ConsentStatus = (typeof consentStatuses)[number];

export const consentActions = ['approve', 'reject', 'consume', 'revoke'] as const;
export type ConsentAction = (typeof consentActions)[number];

/** Events of a consent by their names on the wire; `consent:revoke` is the contract's spelling. */
export const consentEvents = [
  'before:consent:create',
  'after:consent:create',
  'consent:approved',
  'consent:rejected',
  'consent:expired',
  'consent:revoke',
] as const;
export type ConsentEvent = (typeof consentEvents)[number];

/** What moves a consent: somebody's action, or the deadline in force that passed. */
export type ConsentTrigger = ConsentAction | 'deadline';

export interface ConsentTransition {
  from: ConsentStatus;
  on: ConsentTrigger;
  to: ConsentStatus;
  /** Null: nobody is told. */
  emits: ConsentEvent | null;
}

export const initialStatus = 'AWAITING_AUTHORISATION' satisfies ConsentStatus;

/** Every way from one status to another. What is not here is refused, but for a repeated action. */
export const consentTransitions: readonly ConsentTransition[] = [
  { from: 'AWAITING_AUTHORISATION', on: 'approve', to: 'AUTHORISED', emits: 'consent:approved' },
  { from: 'AWAITING_AUTHORISATION', on: 'reject', to: 'REJECTED', emits: 'consent:rejected' },
  { from: 'AWAITING_AUTHORISATION', on: 'revoke', to: 'REVOKED', emits: 'consent:revoke' },
  { from: 'AWAITING_AUTHORISATION', on: 'deadline', to: 'EXPIRED', emits: 'consent:expired' },
  { from: 'AUTHORISED', on: 'consume', to: 'CONSUMED', emits: null },
  { from: 'AUTHORISED', on: 'revoke', to: 'REVOKED', emits: 'consent:revoke' },
  { from: 'AUTHORISED', on: 'deadline', to: 'EXPIRED', emits: 'consent:expired' },
  // Consuming a rejected consent is collecting its outcome (S1-4).
  { from: 'REJECTED', on: 'consume', to: 'CONSUMED', emits: null },
  { from: 'REJECTED', on: 'deadline', to: 'EXPIRED', emits: 'consent:expired' },
  { from: 'CONSUMED', on: 'revoke', to: 'REVOKED', emits: 'consent:revoke' },
];

/** The same action again where it has led already: the same answer, and nothing happens. A second revoke is refused. */
export const repeatable: Partial<Record<ConsentStatus, ConsentAction>> = {
  AUTHORISED: 'approve',
  REJECTED: 'reject',
  CONSUMED: 'consume',
};

/** The two durations, in milliseconds; each consent keeps those it was created with. */
export interface ConsentDurations {
  /** From creation to approval or rejection. */
  decisionMs: number;
  /** From approval or rejection to consumption. */
  consumptionMs: number;
}

/** What runs out in a status. */
export const deadlineIn: Partial<Record<ConsentStatus, keyof ConsentDurations>> = {
  AWAITING_AUTHORISATION: 'decisionMs',
  AUTHORISED: 'consumptionMs',
  REJECTED: 'consumptionMs',
};

/** Where a consent stands. */
export interface ConsentState {
  status: ConsentStatus;
  /** When it came to this status; the deadline counts from here. */
  since: Date;
  /** Still in time: an instant before it. At it, and after: expired. Null: nothing runs out. */
  expiresAt: Date | null;
}

/** An action and the server's time of accepting it: the time that counts, whenever it is carried out. */
export interface AcceptedAction {
  action: ConsentAction;
  acceptedAt: Date;
}

/** One transition that took place. */
export interface ConsentStep {
  on: ConsentTrigger;
  from: ConsentState;
  to: ConsentState;
  emits: ConsentEvent | null;
}

/** What asking for an action comes to. */
export type ConsentVerdict =
  /** It will be carried out, as of `acceptedAt`. */
  | { kind: 'accepted'; acceptedAt: Date }
  /** It was accepted before: nothing more happens. */
  | { kind: 'repeated' }
  /** Not allowed in this status. */
  | { kind: 'refused'; status: ConsentStatus };

export function createdState(createdAt: Date, durations: ConsentDurations): ConsentState {
  return entered(initialStatus, createdAt, durations);
}

/** The expiry that is due by `at`; null: none is. It happened at the deadline, however late anybody noticed. */
function expiryDue(state: ConsentState, durations: ConsentDurations, at: Date): ConsentStep | null {
  if (state.expiresAt === null || at < state.expiresAt) return null;
  return stepOn(state, 'deadline', state.expiresAt, durations);
}

/**
 * What asking for `action` at `now` comes to, when `outstanding` was accepted and not carried out yet. Since all that is
 * known then decides, whatever is accepted is possible when it is carried out.
 */
export function judge(
  now: Date,
  state: ConsentState,
  durations: ConsentDurations,
  outstanding: readonly AcceptedAction[],
  action: ConsentAction,
): ConsentVerdict {
  const { status, since } = stepsUntil(now, state, durations, outstanding).at(-1)?.to ?? state;
  if (repeatable[status] === action) return { kind: 'repeated' };
  if (!transitionOn(status, action)) return { kind: 'refused', status };
  // A clock that was set back must not make a later action the earlier one.
  return { kind: 'accepted', acceptedAt: now < since ? since : now };
}

/**
 * Every step from `state` until `now`: the actions in the order of their acceptance, and before each of them, and at
 * the end, the expiry that was due by then.
 */
export function stepsUntil(
  now: Date,
  state: ConsentState,
  durations: ConsentDurations,
  accepted: readonly AcceptedAction[],
): ConsentStep[] {
  const steps: ConsentStep[] = [];
  const current = () => steps.at(-1)?.to ?? state;
  const expireBy = (at: Date) => {
    const expiry = expiryDue(current(), durations, at);
    if (expiry) steps.push(expiry);
  };
  for (const one of accepted) {
    expireBy(one.acceptedAt);
    const step = stepOn(current(), one.action, one.acceptedAt, durations);
    if (step) steps.push(step);
  }
  expireBy(now);
  return steps;
}

/** Whether `action` may still have an effect, or be a repetition, now or after other actions. */
export function mayStillTake(status: ConsentStatus, action: ConsentAction): boolean {
  if (repeatable[status] === action) return true;
  return consentTransitions.some(
    ({ from, on, to }) => from === status && on !== 'deadline' && (on === action || mayStillTake(to, action)),
  );
}

const transitionOn = (status: ConsentStatus, on: ConsentTrigger) =>
  consentTransitions.find((one) => one.from === status && one.on === on);

function stepOn(state: ConsentState, on: ConsentTrigger, at: Date, durations: ConsentDurations): ConsentStep | null {
  const transition = transitionOn(state.status, on);
  if (!transition) return null;
  return { on, from: state, to: entered(transition.to, at, durations), emits: transition.emits };
}

function entered(status: ConsentStatus, since: Date, durations: ConsentDurations): ConsentState {
  const duration = deadlineIn[status];
  return { status, since, expiresAt: duration ? new Date(since.getTime() + durations[duration]) : null };
}
