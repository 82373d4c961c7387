import fc from 'fast-check';
import {
  consentActions,
  createdState,
  judge,
  stepsUntil,
  type AcceptedAction,
  type ConsentAction,
  type ConsentState,
  type ConsentStep,
} from '../../../src/domain/consent/machine';

const t0 = new Date('2026-03-01T12:00:00.000Z').getTime();
const durations = { decisionMs: 60, consumptionMs: 70 };

/** What happens to a consent: somebody asks for an action, or its run looks at it. Times are steps from the one before. */
type Happening = { afterMs: number } & ({ ask: ConsentAction } | { ask: null });

const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.record({
    // Often within the deadlines, now and then exactly on one of them or far behind.
    afterMs: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(59, 60, 69, 70, 130, 1_000)),
    ask: fc.constantFrom(...consentActions, null),
  }),
  { maxLength: 12 },
);

interface Lived {
  steps: ConsentStep[];
  state: ConsentState;
  accepted: AcceptedAction[];
  verdicts: string[];
}

/** A life as store and workflow run it. `prompt`: the run looks at every instant something happens; else only when said. */
function live(happened: Happening[], { prompt }: { prompt: boolean }): Lived {
  const steps: ConsentStep[] = [];
  let state = createdState(new Date(t0), durations);
  let outstanding: AcceptedAction[] = [];
  const accepted: AcceptedAction[] = [];
  const verdicts: string[] = [];
  let now = t0;
  const look = () => {
    const done = stepsUntil(new Date(now), state, durations, outstanding);
    steps.push(...done);
    state = done.at(-1)?.to ?? state;
    outstanding = [];
  };
  for (const { afterMs, ask } of happened) {
    now += afterMs;
    if (ask !== null) {
      const verdict = judge(new Date(now), state, durations, outstanding, ask);
      verdicts.push(verdict.kind === 'refused' ? verdict.status : verdict.kind);
      if (verdict.kind === 'accepted') {
        outstanding = [...outstanding, { action: ask, acceptedAt: verdict.acceptedAt }];
        accepted.push({ action: ask, acceptedAt: verdict.acceptedAt });
      }
    }
    if (prompt || ask === null) look();
  }
  now += 10_000;
  look();
  return { steps, state, accepted, verdicts };
}

/** Contracts 2.4, as the way of a consent from status to status. */
const legal = /^(AWAITING)( (AUTHORISED|REJECTED))?( CONSUMED)?( (EXPIRED|REVOKED))?$/;

const check = (property: (happened: Happening[]) => void) =>
  fc.assert(fc.property(happenings, property), { numRuns: 2_000 });

describe('whatever is asked of a consent, whenever', () => {
  it('its way is one that the contract knows', () => {
    check((happened) => {
      const { steps, state } = live(happened, { prompt: false });
      const way = ['AWAITING', ...steps.map(({ to }) => to.status)].join(' ');
      expect(way).toMatch(legal);
      expect(way).not.toMatch(/REJECTED REVOKED|AWAITING CONSUMED|CONSUMED EXPIRED/);
      // In the end it is consumed or over: nothing waits for ever.
      expect(['CONSUMED', 'EXPIRED', 'REVOKED']).toContain(state.status);
      expect(state.expiresAt).toBeNull();
    });
  });

  it('no event is told twice, and exactly one ends it unless it was consumed', () => {
    check((happened) => {
      const { steps, state } = live(happened, { prompt: false });
      const told = steps.flatMap(({ emits }) => emits ?? []);
      expect(new Set(told).size).toBe(told.length);
      const endings = told.filter((event) => event === 'consent:expired' || event === 'consent:revoke');
      expect(endings).toHaveLength(state.status === 'CONSUMED' ? 0 : 1);
    });
  });

  it('it makes no difference when its run finds the time to look', () => {
    check((happened) => {
      const late = live(happened, { prompt: false });
      const prompt = live(happened, { prompt: true });
      expect(late.steps.map(({ on, to }) => [on, to])).toEqual(prompt.steps.map(({ on, to }) => [on, to]));
      expect(late.verdicts).toEqual(prompt.verdicts);
    });
  });

  it('what was accepted is carried out as of then, once, and nothing else is', () => {
    check((happened) => {
      const { steps, accepted } = live(happened, { prompt: false });
      const done = steps
        .filter(({ on }) => on !== 'deadline')
        .map(({ on, to }) => ({ action: on, acceptedAt: to.since }));
      expect(done).toEqual(accepted);
      expect(new Set(accepted.map(({ action }) => action)).size).toBe(accepted.length);
    });
  });

  it('an action counts before its deadline and the expiry at it, to the millisecond', () => {
    check((happened) => {
      for (const { on, from, to } of live(happened, { prompt: false }).steps) {
        if (on === 'deadline') expect(to.since).toEqual(from.expiresAt);
        else if (from.expiresAt) expect(to.since.getTime()).toBeLessThan(from.expiresAt.getTime());
        expect(to.since.getTime()).toBeGreaterThanOrEqual(from.since.getTime());
      }
    });
  });
});
