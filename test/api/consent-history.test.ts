import { startTestApi, type TestApi, type TestClient } from '../support/api';
import { consentsOf } from './consents';

interface History {
  createdAt: string;
  decisionDeadline: string;
  consumptionDeadline: string | null;
  steps: { on: string; status: string; at: string; event: string | null }[];
  outstanding: { action: string; acceptedAt: string }[];
}

let api: TestApi;
let client: TestClient;
let consents: ReturnType<typeof consentsOf>;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
  consents = consentsOf(api, client);
});
afterAll(() => api.close());

const minutes = (count: number) => count * 60_000;
const after = (time: string, ms: number) => new Date(Date.parse(time) + ms).toISOString();
const history = async (consentId: string) => (await consents.call('GET', `/${consentId}/history`)).json as History;

it('a new consent has no steps and the deadline for a decision', async () => {
  const { consentId, createdAt, expiresAt } = await consents.create();
  expect(await history(consentId)).toMatchObject({
    createdAt,
    decisionDeadline: expiresAt,
    consumptionDeadline: null,
    steps: [],
    outstanding: [],
  });
});

it('keeps both deadlines and the time of every step when all is over', async () => {
  const { consentId } = await consents.create();
  await consents.act(consentId, 'approve');
  const decided = await consents.read(consentId);
  for (const action of ['consume', 'revoke']) await consents.act(consentId, action);
  const { steps, ...told } = await history(consentId);
  expect(told.consumptionDeadline).toBe(decided.expiresAt);
  expect(steps.map(({ on, status, event }) => [on, status, event])).toEqual([
    ['approve', 'AUTHORISED', 'consent:approved'],
    ['consume', 'CONSUMED', null],
    ['revoke', 'REVOKED', 'consent:revoke'],
  ]);
  expect(steps[0]?.at).toBe(decided.statusUpdatedAt);
});

it('an expiry is at the deadline, however late anybody noticed', async () => {
  const { consentId } = await consents.create();
  await consents.age(consentId, minutes(65));
  await api.dependencies.consents.settle(client.tenantId, consentId.replace('urn:everhook:', ''));
  const { createdAt, steps } = await history(consentId);
  const at = after(createdAt, minutes(60));
  expect(steps).toEqual([{ on: 'deadline', status: 'EXPIRED', at, event: 'consent:expired' }]);
});

it('shows what was accepted and is still to be carried out', async () => {
  const { consentId } = await consents.create();
  const act = api.consentRuns.act;
  api.consentRuns.act = () => Promise.resolve();
  await consents.act(consentId, 'reject');
  api.consentRuns.act = act;
  expect(await history(consentId)).toMatchObject({ steps: [], outstanding: [{ action: 'reject' }] });
});

it('is nothing to another tenant', async () => {
  const { consentId } = await consents.create();
  const stranger = consentsOf(api, await api.newClient());
  expect((await stranger.call('GET', `/${consentId}/history`)).status).toBe(404);
});
