import type { ConsentDocument, DeliveryDocument } from '../api-documents';
import { check, wrongCount, type Check } from './checks';
import { fates, type ConsentIds, type Fate } from './consents';
import type { ReceivedRequest } from './receivers';

/** Everything that `demo --once` has seen of its consents once none can expire any more. */
export interface ObservedConsents {
  ids: ConsentIds;
  /** All of the tenant. */
  consents: ConsentDocument[];
  /** Those to the webhook of Celcoin's contract. */
  deliveries: DeliveryDocument[];
  /** What its receiver got. */
  received: readonly ReceivedRequest[];
  /** How Temporal says that a consent's run ended, by consent id. */
  runs: ReadonlyMap<string, string>;
}

const namesOfFates: Record<Fate, string> = {
  consumed: 'approved and consumed',
  rejected: 'rejected, and its outcome collected',
  undecided: 'expired for want of a decision',
  unconsumed: 'approved, and expired unconsumed',
  revoked: 'approved and revoked',
};

/** What must hold of the consents at the end of `demo --once`. */
export function checkConsents({ ids, consents, deliveries, received, runs }: ObservedConsents): Check[] {
  const everyFate = Object.keys(fates) as Fate[];
  const eventIds = (fate: Fate) =>
    ['before:consent:create', 'after:consent:create', ...fates[fate].events].map((event) => `${ids[fate]}:${event}`);

  const problemsOf = (fate: Fate): string[] => {
    const consent = consents.find(({ consentId }) => consentId === ids[fate]);
    const got = received.map(({ eventId }) => eventId).filter((id) => id.startsWith(`${ids[fate]}:`));
    const wanted = eventIds(fate);
    return [
      ...(consent?.status === fates[fate].status ? [] : [`it is ${consent?.status ?? 'not there'}`]),
      ...wanted.filter((id) => !got.includes(id)).map((id) => `the Celcoin webhook never got ${id}`),
      ...got.filter((id) => !wanted.includes(id)).map((id) => `the Celcoin webhook got ${id}`),
    ];
  };

  return [
    ...everyFate.map((fate) => check(`consent ${namesOfFates[fate]}: the Celcoin webhook was told`, problemsOf(fate))),
    check('every event of a consent came once, with a valid signature', [
      ...wrongCount('requests', received.length, everyFate.flatMap(eventIds).length),
      ...wrongCount('requests without', received.filter(({ signatureValid }) => !signatureValid).length, 0),
      ...deliveries
        .filter(({ status }) => status !== 'delivered')
        .map(({ eventId, status }) => `${eventId} is ${status}`),
    ]),
    check(
      "Temporal shows the consents' runs as Completed",
      everyFate
        .filter((fate) => runs.get(ids[fate]) !== 'COMPLETED')
        .map((fate) => `the run of the ${fate} one is ${runs.get(ids[fate]) ?? 'not known'}`),
    ),
  ];
}
