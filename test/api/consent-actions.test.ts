import { TemporalUnavailable } from '../../src/platform/temporal';
import { StoreUnavailable } from '../../src/store/database';
import { startTestApi, type TestApi, type TestClient } from '../support/api';
import { consentsOf, type ConsentJson } from './consents';

let api: TestApi;
let client: TestClient;
let consents: ReturnType<typeof consentsOf>;
let carryOut: TestApi['consentRuns']['act'];

beforeAll(async () => {
  api = await startTestApi();
  carryOut = api.consentRuns.act;
});
beforeEach(async () => {
  client = await api.newClient();
  consents = consentsOf(api, client);
  api.consentRuns.acted.splice(0);
});
afterEach(() => {
  api.consentRuns.act = carryOut;
});
afterAll(() => api.close());

const minutes = (count: number) => count * 60_000;
const away = () => Promise.reject(new TemporalUnavailable(new Error('away')));
/** What came after creation. */
const eventsSince = async () => (await consents.events()).slice(2);

/** A consent brought to a status by these actions. */
async function after(...actions: string[]): Promise<ConsentJson> {
  const { consentId } = await consents.create();
  for (const action of actions) expect((await consents.act(consentId, action)).status).toBe(200);
  return consents.read(consentId);
}

describe('an action that is allowed', () => {
  it.each<[string, string[], string, string | null]>([
    ['approve', [], 'AUTHORISED', 'consent:approved'],
    ['reject', [], 'REJECTED', 'consent:rejected'],
    ['revoke', [], 'REVOKED', 'consent:revoke'],
    ['consume', ['approve'], 'CONSUMED', null],
    ['revoke', ['approve'], 'REVOKED', 'consent:revoke'],
    ['consume', ['reject'], 'CONSUMED', null],
    ['revoke', ['approve', 'consume'], 'REVOKED', 'consent:revoke'],
  ])('%s after %j: 200 with the consent, %s', async (action, before, status, event) => {
    const { consentId, createdAt } = await after(...before);
    const earlier = await consents.events();
    const answer = await consents.act(consentId, action);
    expect(answer.status).toBe(200);
    const consent = answer.json as ConsentJson;
    expect(consent).toMatchObject({ consentId, status, createdAt });
    expect(await consents.read(consentId)).toEqual(consent);
    expect((await consents.events()).slice(earlier.length)).toEqual(event ? [event] : []);
  });

  it('gives 70 minutes for consuming from a decision on, and ends with nothing that could expire', async () => {
    const { consentId } = await after();
    await consents.age(consentId, minutes(59));
    const decided = (await consents.act(consentId, 'approve')).json as ConsentJson;
    expect(Date.parse(decided.expiresAt ?? '')).toBe(Date.parse(decided.statusUpdatedAt) + minutes(70));
    expect(await consents.act(consentId, 'consume')).toMatchObject({ json: { expiresAt: null } });
  });

  it('takes a reason, keeps it with the action, and shows it nowhere', async () => {
    const reason = 'she asked for it by telephone ☎';
    const { consentId } = await after();
    const answer = await consents.act(consentId, 'revoke', { reason });
    expect([answer.status, answer.text.includes('telephone')]).toEqual([200, false]);
    const rows = await api.database('consent_actions').where({ tenant_id: client.tenantId }).select('reason');
    expect(rows).toEqual([{ reason: expect.not.stringContaining('telephone') as string }]);
    const audit = await api.call('GET', '/api/v1/audit?action=consent.revoke', { token: client.token });
    expect(audit.json).toMatchObject({ data: [{ objectType: 'consent', fields: ['reason'] }] });
    const events = await api.database('events').where({ tenant_id: client.tenantId });
    expect(JSON.stringify([events, audit.json, api.logged])).not.toContain('telephone');
  });
});

describe('an action that is not allowed', () => {
  it.each<[string, string[], string]>([
    ['consume', [], 'AWAITING_AUTHORISATION'],
    ['reject', ['approve'], 'AUTHORISED'],
    ['approve', ['reject'], 'REJECTED'],
    ['revoke', ['reject'], 'REJECTED'],
    ['approve', ['approve', 'consume'], 'CONSUMED'],
    ['reject', ['reject', 'consume'], 'CONSUMED'],
    ['approve', ['revoke'], 'REVOKED'],
    ['revoke', ['revoke'], 'REVOKED'],
  ])('%s after %j: 409 that names %s, and nothing changes', async (action, before, status) => {
    const consent = await after(...before);
    const earlier = await consents.events();
    const answer = await consents.act(consent.consentId, action);
    expect(answer).toMatchObject({
      status: 409,
      json: { type: '/problems/conflict', detail: `The consent is ${status}: ${action} is not possible.` },
    });
    expect(await consents.read(consent.consentId)).toEqual(consent);
    expect(await consents.events()).toEqual(earlier);
  });

  it.each<[string[], number, string[]]>([
    [[], 60, ['approve', 'reject', 'revoke', 'consume']],
    [['approve'], 70, ['consume', 'revoke', 'approve']],
    [['reject'], 70, ['consume', 'reject']],
  ])(
    'after %j and %i minutes is refused at once, although no worker has noticed the deadline',
    async (before, past, tried) => {
      const { consentId } = await after(...before);
      await consents.age(consentId, minutes(past));
      api.consentRuns.acted.splice(0);
      for (const action of tried) {
        const answer = await consents.act(consentId, action);
        expect([action, answer.status, answer.json]).toMatchObject([
          action,
          409,
          { detail: `The consent is EXPIRED: ${action} is not possible.` },
        ]);
      }
      expect(api.consentRuns.acted).toEqual([]);
    },
  );

  it('is none a second before the deadline', async () => {
    const { consentId } = await after();
    await consents.age(consentId, minutes(60) - 1_000);
    expect((await consents.act(consentId, 'reject')).status).toBe(200);
  });
});

describe('the same action again', () => {
  it.each([['approve'], ['reject'], ['consume']])('%s: the same answer, and one event at most', async (action) => {
    const { consentId } = await after(...(action === 'consume' ? ['approve'] : []));
    const first = await consents.act(consentId, action);
    const events = await consents.events();
    const second = await consents.act(consentId, action, { reason: 'again' });
    expect([second.status, second.json]).toEqual([200, first.json]);
    expect(await consents.events()).toEqual(events);
  });

  it('20 at once, some approving and some rejecting: one decision, one event', async () => {
    const { consentId } = await after();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => consents.act(consentId, n % 2 === 0 ? 'approve' : 'reject')),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(10).fill(409)]);
    const { status } = await consents.read(consentId);
    expect(await eventsSince()).toEqual([status === 'AUTHORISED' ? 'consent:approved' : 'consent:rejected']);
  });
});

describe('while no worker carries it out', () => {
  it('an action is accepted: 202 with the consent as it was, and when it was accepted', async () => {
    api.consentRuns.act = away;
    const consent = await after();
    const before = Date.now();
    const answer = await consents.act(consent.consentId, 'approve');
    expect(answer.status).toBe(202);
    const { acceptedAt, ...shown } = answer.json as ConsentJson & { acceptedAt: string };
    expect(shown).toEqual(consent);
    expect(Date.parse(acceptedAt)).toBeGreaterThanOrEqual(before - 1_000);

    const again = await consents.act(consent.consentId, 'approve');
    expect([again.status, again.json]).toEqual([202, answer.json]);
    expect(await consents.act(consent.consentId, 'reject')).toMatchObject({
      status: 409,
      json: { detail: 'The consent is AUTHORISED: reject is not possible.' },
    });
    expect(await consents.act(consent.consentId, 'consume')).toMatchObject({ status: 202 });
    expect(await eventsSince()).toEqual([]);

    api.consentRuns.act = carryOut;
    const done = await consents.act(consent.consentId, 'consume');
    expect(done).toMatchObject({ status: 200, json: { status: 'CONSUMED' } });
    expect(await eventsSince()).toEqual(['consent:approved']);
  });

  it('what was accepted before the deadline wins over it, however late it is carried out', async () => {
    api.consentRuns.act = away;
    const { consentId } = await after();
    await consents.age(consentId, minutes(58));
    expect((await consents.act(consentId, 'approve')).status).toBe(202);
    // Eight minutes pass for all that is known of the consent.
    await consents.age(consentId, minutes(8));
    await api.database.raw(
      `UPDATE consent_actions SET accepted_at = accepted_at - interval '8 min' WHERE tenant_id = ?`,
      [client.tenantId],
    );
    expect((await consents.act(consentId, 'reject')).status).toBe(409);
    api.consentRuns.act = carryOut;
    const answer = await consents.act(consentId, 'approve');
    expect(answer).toMatchObject({ status: 200, json: { status: 'AUTHORISED' } });
    expect(await eventsSince()).toEqual(['consent:approved']);
  });

  it('nor PostgreSQL tells of it afterwards: what was stored is acknowledged all the same', async () => {
    const { consentId } = await after();
    api.consentRuns.act = () => Promise.reject(new StoreUnavailable(new Error('gone')));
    expect((await consents.act(consentId, 'approve')).status).toBe(202);
  });
});

describe('a body', () => {
  it.each<[string, unknown, number]>([
    ['empty', undefined, 200],
    ['an empty object', {}, 200],
    ['a reason of 500 characters', { reason: 'x'.repeat(500) }, 200],
    ['an empty reason', { reason: '' }, 200],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }, 422],
    ['a reason that is no text', { reason: 5 }, 422],
    ['null for a reason', { reason: null }, 422],
    ['an unknown key', { because: 'x' }, 400],
    ['an unknown key beside an invalid reason', { reason: 5, because: 'x' }, 400],
    ['a list', [], 400],
    ['half an object', '{"reason":', 400],
    ['an unacceptable character', '{"reason":"\\u0000"}', 400],
  ])('%s: %s', async (_what, body, status) => {
    const { consentId } = await after();
    const answer = await consents.act(consentId, 'approve', body);
    expect(answer.status).toBe(status);
    expect(await eventsSince()).toEqual(status === 200 ? ['consent:approved'] : []);
  });
});
