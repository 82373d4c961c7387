import { WorkflowUpdateFailedError, WorkflowUpdateStage } from '@temporalio/client';
import type { Consent } from '../../src/domain/consent/consent';
import { consentActions, type ConsentAction } from '../../src/domain/consent/machine';
import type { ActionRequest } from '../../src/domain/consent-run';
import { quietTemporal } from '../support/temporal';
import { openConsents, type Consents } from './consents';

const minute = 60_000;
const created = ['before:consent:create', 'after:consent:create'];

describe('a consent', () => {
  let world: Consents;

  beforeAll(async () => {
    quietTemporal();
    world = await openConsents();
  });

  afterAll(() => world.close());

  const after = (from: Date, ms: number) => new Date(from.getTime() + ms);
  /** Acts at an instant, to the millisecond, with the server's own time a little before it. */
  const actAt = async (consent: Consent, action: ConsentAction, instant: Date) => {
    await world.until(after(instant, -2_000));
    return world.at(instant, () => world.act(consent, action));
  };
  const expiredAt = async (consent: Consent) => (await world.told(consent)).at(-1)?.payload?.expiredAt;

  describe('that nobody decides', () => {
    it('expires 60 minutes after its creation, and not before', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.until(after(consent.createdAt, 59 * minute));
        expect((await world.read(consent)).status).toBe('AWAITING_AUTHORISATION');
        expect(await world.end(consent)).toEqual({ status: 'EXPIRED', expiresAt: null });
        const deadline = after(consent.createdAt, 60 * minute);
        expect(await world.read(consent)).toMatchObject({
          status: 'EXPIRED',
          statusUpdatedAt: deadline,
          expiresAt: null,
        });
        expect(await world.names(consent)).toEqual([...created, 'consent:expired']);
        expect(await expiredAt(consent)).toBe(deadline.toISOString());
      }));

    it('takes an approval at 59:59.999, and expires 70 minutes after that', () =>
      world.working(async () => {
        const consent = await world.create();
        const decided = after(consent.createdAt, 60 * minute - 1);
        expect(await actAt(consent, 'approve', decided)).toBe('AUTHORISED');
        await world.until(after(decided, 69 * minute));
        expect((await world.read(consent)).status).toBe('AUTHORISED');
        await world.end(consent);
        expect(await expiredAt(consent)).toBe(after(decided, 70 * minute).toISOString());
        expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:expired']);
      }));

    it('refuses an approval at 60:00.000', () =>
      world.working(async () => {
        const consent = await world.create();
        expect(await actAt(consent, 'approve', after(consent.createdAt, 60 * minute))).toBe('409 EXPIRED');
        await world.end(consent);
        expect(await world.names(consent)).toEqual([...created, 'consent:expired']);
      }));
  });

  describe('that was decided', () => {
    it.each(['approve', 'reject'] as const)('by %s at 59:59 expires at 129:59, not at 70:00', (action) =>
      world.working(async () => {
        const consent = await world.create();
        const decided = after(consent.createdAt, 60 * minute - 1_000);
        await actAt(consent, action, decided);
        await world.until(after(consent.createdAt, 129 * minute));
        expect((await world.read(consent)).expiresAt).toEqual(after(decided, 70 * minute));
        await world.end(consent);
        expect(await expiredAt(consent)).toBe(after(decided, 70 * minute).toISOString());
      }),
    );

    it.each(['approve', 'reject'] as const)('by %s can be consumed at +69:59.999, which nobody is told', (action) =>
      world.working(async () => {
        const consent = await world.create();
        const decided = after(consent.createdAt, 5 * minute);
        await actAt(consent, action, decided);
        expect(await actAt(consent, 'consume', after(decided, 70 * minute - 1))).toBe('CONSUMED');
        expect(await world.end(consent)).toEqual({ status: 'CONSUMED', expiresAt: null });
        expect(await world.names(consent)).toHaveLength(3);
      }),
    );

    it('can not be consumed at +70:00.000', () =>
      world.working(async () => {
        const consent = await world.create();
        const decided = after(consent.createdAt, 5 * minute);
        await actAt(consent, 'approve', decided);
        expect(await actAt(consent, 'consume', after(decided, 70 * minute))).toBe('409 EXPIRED');
        await world.end(consent);
        expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:expired']);
      }));

    it('stays as it was decided: the same again changes nothing, the other is refused', () =>
      world.working(async () => {
        const consent = await world.create();
        await actAt(consent, 'approve', after(consent.createdAt, 5 * minute));
        const before = await world.read(consent);
        await world.until(after(consent.createdAt, 20 * minute));
        expect(await world.act(consent, 'approve')).toBe('AUTHORISED');
        expect(await world.act(consent, 'reject')).toBe('409 AUTHORISED');
        expect(await world.read(consent)).toEqual(before);
        await world.end(consent);
        expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:expired']);
      }));
  });

  describe('that is revoked', () => {
    it.each<[string, ConsentAction[]]>([
      ['awaiting its decision', []],
      ['approved', ['approve']],
      ['consumed', ['approve', 'consume']],
    ])('while it is %s never expires', (_, actions) =>
      world.working(async () => {
        const consent = await world.create();
        for (const action of actions) await world.act(consent, action);
        // A consumed consent has no run any more: acting starts one.
        expect(await world.act(consent, 'revoke')).toBe('REVOKED');
        await world.end(consent);
        await world.environment.sleep(200 * minute);
        expect((await world.read(consent)).status).toBe('REVOKED');
        expect((await world.names(consent)).filter((name) => /expired|revoke/.test(name))).toEqual(['consent:revoke']);
        for (const action of consentActions) expect(await world.act(consent, action)).toBe('409 REVOKED');
      }),
    );

    it('when it was rejected or has expired is refused', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.act(consent, 'reject');
        expect(await world.act(consent, 'revoke')).toBe('409 REJECTED');
        await world.end(consent);
        expect(await world.act(consent, 'revoke')).toBe('409 EXPIRED');
      }));
  });

  it('comes to one legal history when approved, rejected and revoked ten times each at once', () =>
    world.working(async () => {
      const consent = await world.create();
      const actions = Array.from({ length: 30 }, (_, index) => (['approve', 'reject', 'revoke'] as const)[index % 3]);
      const answers = await Promise.all(actions.map((action) => world.act(consent, action ?? 'revoke')));
      await world.end(consent);
      const names = (await world.names(consent)).slice(2);
      expect([
        ['consent:revoke'],
        ['consent:approved', 'consent:revoke'],
        ['consent:rejected', 'consent:expired'],
      ]).toContainEqual(names);
      expect(answers.filter((answer) => answer.startsWith('409')).length).toBeGreaterThanOrEqual(9);
      const accepted = await world.stores.database('consent_actions').where({ consent_id: consent.id }).select('*');
      expect(accepted).toHaveLength(names.filter((name) => name !== 'consent:expired').length);
      const { events } = await world.handle(consent).fetchHistory();
      expect(events?.length).toBeLessThan(150);
    }));

  describe('that no worker sees before 66:00', () => {
    const expectAccepted = async (consent: Consent, action: ConsentAction, minutes: number) => {
      const instant = after(consent.createdAt, minutes * minute);
      expect(await world.at(instant, () => world.accept(consent, action))).toMatchObject({ kind: 'accepted' });
    };
    const endFrom66 = (consent: Consent) =>
      world.ahead(66 * minute, () => world.working(async () => void (await world.end(consent))));

    it('was approved by what was accepted at 58:00, and expires 70 minutes after that', async () => {
      const consent = await world.create();
      await expectAccepted(consent, 'approve', 58);
      expect((await world.read(consent)).status).toBe('AWAITING_AUTHORISATION');
      await endFrom66(consent);
      expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:expired']);
      expect(await expiredAt(consent)).toBe(after(consent.createdAt, (58 + 70) * minute).toISOString());
    });

    it('refuses at 62:00 although nobody has noticed the deadline, and expires once, as of the deadline', async () => {
      const consent = await world.create();
      const late = after(consent.createdAt, 62 * minute);
      expect(await world.at(late, () => world.act(consent, 'approve'))).toBe('409 EXPIRED');
      expect((await world.read(consent)).status).toBe('AWAITING_AUTHORISATION');
      await endFrom66(consent);
      expect(await world.names(consent)).toEqual([...created, 'consent:expired']);
      expect(await expiredAt(consent)).toBe(after(consent.createdAt, 60 * minute).toISOString());
    });

    it('has everything carried out that was accepted meanwhile, in that order', async () => {
      const consent = await world.create();
      await expectAccepted(consent, 'approve', 51);
      await expectAccepted(consent, 'consume', 58);
      await expectAccepted(consent, 'revoke', 65);
      await endFrom66(consent);
      expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:revoke']);
      expect((await world.read(consent)).statusUpdatedAt).toEqual(after(consent.createdAt, 65 * minute));
    });
  });

  describe('whose run is meddled with', () => {
    it('expires all the same when an operator has terminated it and the sweeper found it', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.terminate(consent);
        await world.ahead(63 * minute, async () => {
          const neglected = await world.consents.claimNeglected(1_000, minute);
          expect(neglected.map(({ id }) => id)).toContain(consent.id);
          await world.runs.nudge(consent);
          await world.end(consent);
        });
        expect(await expiredAt(consent)).toBe(after(consent.createdAt, 60 * minute).toISOString());
      }));

    it('takes an action although it was terminated', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.terminate(consent);
        expect(await world.act(consent, 'approve')).toBe('AUTHORISED');
        await world.end(consent);
      }));

    it('goes on when its cancellation is asked for: a consent is revoked, not cancelled', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.handle(consent).cancel();
        expect(await world.act(consent, 'approve')).toBe('AUTHORISED');
        expect(await world.end(consent)).toEqual({ status: 'EXPIRED', expiresAt: null });
      }));

    it('does nothing on an update that nobody accepted', () =>
      world.working(async () => {
        const consent = await world.create();
        const view = await world.handle(consent).executeUpdate('approve', { args: [{ acceptedAt: 'now' }] });
        expect(view).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
        await world.end(consent);
        expect(await world.names(consent)).toEqual([...created, 'consent:expired']);
      }));

    it('refuses an update that has become impossible, without a trace in its history', () =>
      world.working(async () => {
        const consent = await world.create();
        await world.act(consent, 'reject');
        const update = world.handle(consent).executeUpdate('approve', { args: [{ acceptedAt: 'now' }] });
        await expect(update).rejects.toThrow(WorkflowUpdateFailedError);
        const { events } = await world.handle(consent).fetchHistory();
        const taken = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
        expect(taken).toHaveLength(1);
        await world.end(consent);
      }));
  });

  it('waits again when its timer fires before the deadline by the clock that decides', async () => {
    const answers: (number | null)[] = [];
    const settleConsent: typeof world.activities.settleConsent = async (one) => {
      const settled = await world.activities.settleConsent(one);
      answers.push(settled.waitMs);
      return answers.length > 1 ? settled : { ...settled, waitMs: 10 * minute };
    };
    await world.working(
      async () => {
        const consent = await world.create();
        await world.end(consent);
        expect(await expiredAt(consent)).toBe(after(consent.createdAt, 60 * minute).toISOString());
      },
      { settleConsent },
    );
    expect(answers).toHaveLength(3);
    expect(Math.abs((answers[1] ?? 0) - 50 * minute)).toBeLessThan(minute);
  });

  it('answers who asks while its last settling is under way', async () => {
    const consent = await world.create();
    await world.accept(consent, 'approve');
    await world.accept(consent, 'consume');
    const answers: Promise<unknown>[] = [];
    let calls = 0;
    const settleConsent: typeof world.activities.settleConsent = async (one) => {
      calls += 1;
      // Inside a workflow task nobody could ask; the normal activity that follows a failure leaves room for it.
      if (calls === 1) throw new Error('the database is away');
      const settled = await world.activities.settleConsent(one);
      if (calls === 2) {
        const waitForStage = WorkflowUpdateStage.ACCEPTED;
        const args: [ActionRequest] = [{ acceptedAt: 'now' }];
        answers.push((await world.handle(consent).startUpdate('consume', { args, waitForStage })).result());
      }
      return settled;
    };
    await world.working(async () => void (await world.end(consent)), { settleConsent });
    expect(await Promise.all(answers)).toEqual([{ status: 'CONSUMED', expiresAt: null }]);
    expect(calls).toBe(3);
  });

  it('does not let its history grow with an outage of ours', async () => {
    let troubles = 30;
    const settleConsent: typeof world.activities.settleConsent = (one) => {
      troubles -= 1;
      return troubles < 0 ? world.activities.settleConsent(one) : Promise.reject(new Error('the database is away'));
    };
    await world.working(
      async () => {
        const consent = await world.create();
        await world.accept(consent, 'approve');
        await world.end(consent);
        expect(await world.names(consent)).toEqual([...created, 'consent:approved', 'consent:expired']);
        const { events } = await world.handle(consent).fetchHistory();
        expect(events?.length).toBeLessThan(40);
      },
      { settleConsent },
    );
  });
});
