import {
  consentActions,
  consentEvents,
  consentStatuses,
  consentTransitions,
  createdState,
  deadlineIn,
  judge,
  mayStillTake,
  stepsUntil,
  type AcceptedAction,
  type ConsentAction,
  type ConsentState,
  type ConsentStatus,
  type ConsentTrigger,
} from '../../../src/domain/consent/machine';

const minute = 60_000;
const durations = { decisionMs: 60 * minute, consumptionMs: 70 * minute };
const t0 = new Date('2026-03-01T12:00:00.000Z');
/** Milliseconds after T0. */
const at = (ms: number) => new Date(t0.getTime() + ms);
const created = createdState(t0, durations);
const accepted = (action: ConsentAction, ms: number): AcceptedAction => ({ action, acceptedAt: at(ms) });
const after = (now: number, ...actions: AcceptedAction[]) =>
  stepsUntil(at(now), created, durations, actions).map(({ to, emits }) => [to.status, to.since, to.expiresAt, emits]);

/** A state of each status, with nothing due at {@link t0}. */
const standing = (status: ConsentStatus): ConsentState => {
  const duration = deadlineIn[status];
  return { status, since: t0, expiresAt: duration ? at(durations[duration]) : null };
};

/** Contracts 2.4, S1-4 to S1-8: what each action and a passed deadline come to in each status. */
const contract: Record<ConsentStatus, Record<ConsentTrigger, ConsentStatus | 'repeated' | 'refused'>> = {
  AWAITING_AUTHORISATION: {
    approve: 'AUTHORISED',
    reject: 'REJECTED',
    consume: 'refused',
    revoke: 'REVOKED',
    deadline: 'EXPIRED',
  },
  AUTHORISED: {
    approve: 'repeated',
    reject: 'refused',
    consume: 'CONSUMED',
    revoke: 'REVOKED',
    deadline: 'EXPIRED',
  },
  REJECTED: { approve: 'refused', reject: 'repeated', consume: 'CONSUMED', revoke: 'refused', deadline: 'EXPIRED' },
  CONSUMED: { approve: 'refused', reject: 'refused', consume: 'repeated', revoke: 'REVOKED', deadline: 'refused' },
  EXPIRED: { approve: 'refused', reject: 'refused', consume: 'refused', revoke: 'refused', deadline: 'refused' },
  REVOKED: { approve: 'refused', reject: 'refused', consume: 'refused', revoke: 'refused', deadline: 'refused' },
};
const everyAction = consentStatuses.flatMap((status) => consentActions.map((action) => [status, action] as const));

describe('in every status', () => {
  it.each(everyAction)('%s: %s comes to what the contract says', (status, action) => {
    const state = standing(status);
    const verdict = judge(at(1), state, durations, [], action);
    const steps = stepsUntil(at(1), state, durations, [accepted(action, 1)]);
    const expected = contract[status][action];
    if (expected === 'refused') expect(verdict).toEqual({ kind: 'refused', status });
    else if (expected === 'repeated') expect(verdict).toEqual({ kind: 'repeated' });
    else expect(verdict).toEqual({ kind: 'accepted', acceptedAt: at(1) });
    expect(steps.map(({ on, to }) => [on, to.status])).toEqual(
      expected === 'refused' || expected === 'repeated' ? [] : [[action, expected]],
    );
  });

  it.each(consentStatuses)('%s: time alone does what the contract says', (status) => {
    const steps = stepsUntil(at(1_000 * minute), standing(status), durations, []);
    const expected = contract[status].deadline;
    expect(steps.map(({ on, to }) => [on, to.status])).toEqual(expected === 'refused' ? [] : [['deadline', expected]]);
  });

  it.each([
    ['approve', 'consent:approved'],
    ['reject', 'consent:rejected'],
    ['revoke', 'consent:revoke'],
    ['deadline', 'consent:expired'],
    ['consume', null],
  ] as const)('what %s leads to is told as %s', (on, event) => {
    const told = consentTransitions.filter((one) => one.on === on).map(({ emits }) => emits);
    expect(new Set(told)).toEqual(new Set([event]));
  });

  it('an update is refused by its run only when nothing could make it possible again', () => {
    const possible = consentStatuses.map((status) => [status, consentActions.filter((a) => mayStillTake(status, a))]);
    expect(Object.fromEntries(possible)).toEqual({
      AWAITING_AUTHORISATION: ['approve', 'reject', 'consume', 'revoke'],
      AUTHORISED: ['approve', 'consume', 'revoke'],
      REJECTED: ['reject', 'consume', 'revoke'],
      CONSUMED: ['consume', 'revoke'],
      EXPIRED: [],
      REVOKED: [],
    });
  });

  it('the same pair of status and trigger leads to one place', () => {
    const keys = consentTransitions.map(({ from, on }) => `${from} ${on}`);
    expect(new Set(keys).size).toBe(keys.length);
    const told = new Set(consentTransitions.map(({ emits }) => emits));
    expect(consentEvents.filter((event) => !told.has(event))).toEqual([
      'before:consent:create',
      'after:consent:create',
    ]);
  });
});

describe('the 60 minutes', () => {
  it('count from the creation', () => {
    expect(created).toEqual({ status: 'AWAITING_AUTHORISATION', since: t0, expiresAt: at(60 * minute) });
  });

  it('take an approval at 59:59.999', () => {
    const last = 60 * minute - 1;
    expect(judge(at(last), created, durations, [], 'approve')).toEqual({ kind: 'accepted', acceptedAt: at(last) });
    expect(after(last, accepted('approve', last))).toEqual([
      ['AUTHORISED', at(last), at(last + 70 * minute), 'consent:approved'],
    ]);
  });

  it.each([60 * minute, 60 * minute + 1, 62 * minute])('refuse it at %i ms', (ms) => {
    expect(judge(at(ms), created, durations, [], 'approve')).toEqual({ kind: 'refused', status: 'EXPIRED' });
  });

  it('end as expired at the deadline itself, however late anybody looks', () => {
    expect(after(60 * minute - 1)).toEqual([]);
    for (const ms of [60 * minute, 66 * minute, 600 * minute]) {
      expect(after(ms)).toEqual([['EXPIRED', at(60 * minute), null, 'consent:expired']]);
    }
  });

  it('were met by an approval of 58:00 that is carried out at 66:00', () => {
    expect(after(66 * minute, accepted('approve', 58 * minute))).toEqual([
      ['AUTHORISED', at(58 * minute), at(128 * minute), 'consent:approved'],
    ]);
  });
});

describe('the 70 minutes', () => {
  const decided = 60 * minute - 1_000;

  it.each(['approve', 'reject'] as const)('count from the decision: %s at 59:59 is good until 129:59', (action) => {
    expect(after(70 * minute, accepted(action, decided))).toHaveLength(1);
    expect(after(decided + 70 * minute - 1, accepted(action, decided))).toHaveLength(1);
    expect(after(decided + 70 * minute, accepted(action, decided))[1]).toEqual([
      'EXPIRED',
      at(decided + 70 * minute),
      null,
      'consent:expired',
    ]);
  });

  it('take a consumption at +69:59.999 and refuse it at +70:00.000', () => {
    const approved = [accepted('approve', 0)];
    const last = 70 * minute - 1;
    expect(judge(at(last), created, durations, approved, 'consume')).toMatchObject({ kind: 'accepted' });
    expect(judge(at(last + 1), created, durations, approved, 'consume')).toEqual({
      kind: 'refused',
      status: 'EXPIRED',
    });
  });

  it('are not begun again by a second approval', () => {
    expect(judge(at(10), created, durations, [accepted('approve', 5)], 'approve')).toEqual({ kind: 'repeated' });
    expect(after(10, accepted('approve', 5), accepted('approve', 10))).toEqual([
      ['AUTHORISED', at(5), at(5 + 70 * minute), 'consent:approved'],
    ]);
  });

  it.each(['approve', 'reject'] as const)('stop when what came of %s is consumed, and nobody is told', (action) => {
    expect(after(1_000 * minute, accepted(action, 1), accepted('consume', 2))[1]).toEqual([
      'CONSUMED',
      at(2),
      null,
      null,
    ]);
  });
});

it('an action counts as of the latest time known, should the clock have been set back', () => {
  const pending = [accepted('approve', 10_000)];
  expect(judge(at(4_000), created, durations, pending, 'consume')).toEqual({
    kind: 'accepted',
    acceptedAt: at(10_000),
  });
});
