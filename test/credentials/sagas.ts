import { usagePlansOf, type CredentialStatus, type CredentialType } from '../../src/domain/credential/credential';
import type { Fault } from '../support/aws/fault-proxy';
import type { CreationRequest, CredentialCaller, Heard } from '../support/credential-caller';
import type { CredentialEngine } from '../support/credential-engine';
import type { Made } from '../support/credential-without-run';
import type { Holdings, Place } from './clouds';

/** What an app has in AWS: its plans are numbers of `Place.plans`. */
interface Wanted {
  name: string;
  plans: number[];
  scopes: string[];
}

/** One of the six sagas; or one that AWS makes fail at its last step, so that what undoes it is struck as well. */
export interface Saga {
  name: string;
  kind: 'create' | 'update' | 'revoke';
  credentialType: CredentialType;
  /** What makes it fail. */
  doomed?: Fault;
}

const refused = (operation: string): Fault => ({ kind: 'refused', operation, nth: 1 });
const key = { credentialType: 'API_KEY' } as const;
const client = { credentialType: 'CLIENT_CREDENTIALS' } as const;

export const sagas: Saga[] = [
  { name: 'create an API key', kind: 'create', ...key },
  { name: 'update an API key', kind: 'update', ...key },
  { name: 'revoke an API key', kind: 'revoke', ...key },
  { name: 'undo the creation of an API key', kind: 'create', ...key, doomed: refused('UpdateApiKey') },
  { name: 'undo the update of an API key', kind: 'update', ...key, doomed: refused('UpdateApiKey') },
  { name: 'create an app client', kind: 'create', ...client },
  { name: 'update an app client', kind: 'update', ...client },
  { name: 'revoke an app client', kind: 'revoke', ...client },
  { name: 'undo the creation of an app client', kind: 'create', ...client, doomed: refused('DescribeUserPoolClient') },
  { name: 'undo the update of an app client', kind: 'update', ...client, doomed: refused('UpdateUserPoolClient') },
];

const before: Wanted = { name: 'before', plans: [0, 1], scopes: ['rs/read'] };
/** Plan 3 shares its stage with plan 0, so that one must go before it. */
const after: Wanted = { name: 'after', plans: [1, 2, 3], scopes: ['rs/read', 'rs/write'] };

export function requestOf(engine: CredentialEngine, { credentialType }: Saga, place: Place): CreationRequest {
  const { userPoolId, region } = place;
  const request = engine.request({ credentialType, userPoolId, appName: before.name, scopes: before.scopes });
  return Object.assign(request, { region, apis: apisOf(place, before.plans) });
}

const apisOf = ({ plans }: Place, numbers: number[]) =>
  numbers.flatMap((number) => {
    const found = plans[number];
    return found ? [{ id: found.api, usagePlans: [found.plan] }] : [];
  });

/** Asks for it, of what was `made` unless it is a creation. */
export function ask(
  caller: CredentialCaller,
  saga: Saga,
  options: { place: Place; request: CreationRequest; made: Made | null; hangUp?: Promise<void> },
): Promise<Heard> {
  const { place, request, made, hangUp } = options;
  if (saga.kind === 'create' || made === null) return caller.create(request, { hangUp });
  const reference = saga.credentialType === 'API_KEY' ? { apiKeyId: made.awsId } : { clientId: made.awsId };
  if (saga.kind === 'revoke') return caller.revoke(reference);
  const change = { appName: after.name, apis: apisOf(place, after.plans) };
  return caller.update(reference, change, saga.credentialType === 'API_KEY' ? undefined : after.scopes);
}

/** What AWS must hold once all has come to rest. A revocation goes through whatever its caller heard. */
export function wantedAfter(saga: Saga, succeeded: boolean): Wanted | null {
  if (saga.kind === 'revoke') return null;
  if (saga.kind === 'create') return succeeded ? before : null;
  return succeeded ? after : before;
}

/** Exactly that, and nothing else. */
export function expectHoldings(
  holdings: Holdings,
  wanted: Wanted | null,
  { credentialType }: Saga,
  secret?: Made,
): void {
  if (wanted === null) {
    expect(holdings).toEqual({ keys: [], attached: [[], [], [], []], clients: [] });
    return;
  }
  if (credentialType === 'CLIENT_CREDENTIALS') {
    const name = expect.stringMatching(new RegExp(`^${wanted.name}\\.eh-`)) as string;
    const flows = ['client_credentials'];
    expect(holdings).toEqual({
      keys: [],
      attached: [[], [], [], []],
      clients: [{ id: secret?.awsId, name, scopes: wanted.scopes, flows, minutes: 15 }],
    });
    return;
  }
  const id = secret?.awsId ?? '';
  expect(holdings).toEqual({
    keys: [{ id, name: `${wanted.name} dev@example.com`, value: secret?.secret, enabled: true }],
    attached: [0, 1, 2, 3].map((plan) => (wanted.plans.includes(plan) ? [id] : [])),
    clients: [],
  });
}

/** What PostgreSQL says of it is what AWS holds. */
export async function expectRecord(
  engine: CredentialEngine,
  expected: { saga: Saga; place: Place; request: CreationRequest; wanted: Wanted | null; held: Made | undefined },
): Promise<void> {
  const { saga, place, request, wanted, held } = expected;
  const recorded = await engine.stores.credentials.findBy(engine.tenantId, { appSlug: request.appSlug ?? '' });
  const gone: CredentialStatus = saga.kind === 'create' ? 'failed' : 'revoked';
  expect(recorded?.status).toBe(wanted ? 'active' : gone);
  if (!recorded || !wanted) return;
  expect(recorded).toMatchObject({ appName: wanted.name, awsId: held?.awsId });
  expect(usagePlansOf(recorded.apis)).toEqual(usagePlansOf(apisOf(place, wanted.plans)));
  if (saga.credentialType === 'CLIENT_CREDENTIALS') expect(recorded.scopes).toEqual(wanted.scopes);
}
