import type { ConsentAction, ConsentEvent, ConsentStatus } from '../../domain/consent/machine';
import type { ApiClient } from '../api-client';
import { consentDocument, idDocument, pageOf, read, secretDocument, type ConsentDocument } from '../api-documents';
import { printable, table } from '../output';
import { plain } from '../paint';
import type { DemoReceiver } from './receivers';
import { byStandardWebhooks } from './verifications';

/** One consent of each fate: what is done to it, and what must have become of it at the end. */
export const fates = {
  consumed: { actions: ['approve', 'consume'], status: 'CONSUMED', events: ['consent:approved'] },
  rejected: { actions: ['reject', 'consume'], status: 'CONSUMED', events: ['consent:rejected'] },
  undecided: { actions: [], status: 'EXPIRED', events: ['consent:expired'] },
  unconsumed: { actions: ['approve'], status: 'EXPIRED', events: ['consent:approved', 'consent:expired'] },
  revoked: { actions: ['approve', 'revoke'], status: 'REVOKED', events: ['consent:approved', 'consent:revoke'] },
} as const satisfies Record<
  string,
  { actions: readonly ConsentAction[]; status: ConsentStatus; events: readonly ConsentEvent[] }
>;
export type Fate = keyof typeof fates;
export type ConsentIds = Record<Fate, string>;

/** Registers the receiver of consent events by Celcoin's contract; the webhook's id. */
export async function registerInterceptor(api: ApiClient, receiver: DemoReceiver): Promise<string> {
  const noAuth = { isAuthenticated: false, authenticationType: '', user: '', password: '' };
  const body = { endpoint: receiver.url, ...noAuth, type: 'DATA' };
  const { id } = read(idDocument, await api.request('POST', '/api/smart-keys/interceptors', { body }));
  // Celcoin's contract shows no secret; the first rotation does.
  const rotated = await api.webhooks.rotateSecret(id, { graceSeconds: 0 });
  receiver.expect(byStandardWebhooks(read(secretDocument, rotated).secret));
  return id;
}

/** Creates the consents and does at once what is to be done to them; what expires does so by itself. */
export async function makeConsents(api: ApiClient): Promise<ConsentIds> {
  const make = async (fate: Fate): Promise<string> => {
    const { consentId } = await api.consents.create({
      type: 'DATA',
      loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
      permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
    });
    for (const action of fates[fate].actions) await api.consents[action](consentId);
    return consentId;
  };
  return {
    consumed: await make('consumed'),
    rejected: await make('rejected'),
    undecided: await make('undecided'),
    unconsumed: await make('unconsumed'),
    revoked: await make('revoked'),
  };
}

/** All consents of the tenant, oldest first. */
export async function listConsents(api: ApiClient): Promise<ConsentDocument[]> {
  const answer = await api.consents.list({ limit: 250 }).page();
  return read(pageOf(consentDocument), answer).data.reverse();
}

/** Which of the demo's consents it is; its id when it is somebody else's. */
export function fateNames(ids: ConsentIds): (consentId: string) => string {
  const names = new Map(Object.entries(ids).map(([fate, id]) => [id, fate]));
  return (consentId) => names.get(consentId) ?? consentId;
}

/** The live table of consents. */
export function renderConsents(
  consents: readonly ConsentDocument[],
  nameOf: (consentId: string) => string,
  now: Date,
): string {
  const rows = consents.map((one) => [nameOf(one.consentId), one.type, one.status, expiryOf(one, now)]);
  return table(['CONSENT', 'TYPE', 'STATUS', 'EXPIRES'], rows, plain);
}

/** One line a change, where a table can't be drawn again. */
export function renderConsentChange(
  consent: ConsentDocument,
  nameOf: (consentId: string) => string,
  now: Date,
): string {
  const expiry = expiryOf(consent, now);
  return [
    now.toISOString().slice(11, 19),
    'consent ',
    printable(nameOf(consent.consentId)).padEnd(26),
    consent.status,
    ...(expiry ? [`expires ${expiry}`] : []),
  ].join('  ');
}

/** The ones that are not as `seen` has them; brings it up to date. */
export function changedConsents(consents: readonly ConsentDocument[], seen: Map<string, string>): ConsentDocument[] {
  return consents.filter(({ consentId, status }) => {
    if (seen.get(consentId) === status) return false;
    seen.set(consentId, status);
    return true;
  });
}

function expiryOf({ expiresAt }: ConsentDocument, now: Date): string {
  if (!expiresAt) return '';
  const ms = Date.parse(expiresAt) - now.getTime();
  return ms > 100 ? `in ${(ms / 1000).toFixed(1)} s` : 'now';
}
