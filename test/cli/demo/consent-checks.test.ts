import type { DeliveryDocument } from '../../../src/cli/api-documents';
import { checkConsents, type ObservedConsents } from '../../../src/cli/demo/consent-checks';
import { fates, type ConsentIds, type Fate } from '../../../src/cli/demo/consents';

const ids: ConsentIds = {
  consumed: 'urn:consumed',
  rejected: 'urn:rejected',
  undecided: 'urn:undecided',
  unconsumed: 'urn:unconsumed',
  revoked: 'urn:revoked',
};
const everyFate = Object.keys(fates) as Fate[];
const at = '2026-01-01T00:00:00.000Z';

const delivery = (eventId: string, status = 'delivered'): DeliveryDocument => ({
  id: eventId,
  eventId,
  eventType: 'consent',
  webhookId: 'w-celcoin',
  status,
  attempts: [],
  createdAt: at,
});

/** Everything as it must be. */
function asItMustBe(): ObservedConsents {
  const eventIds = everyFate.flatMap((fate) =>
    ['before:consent:create', 'after:consent:create', ...fates[fate].events].map((event) => `${ids[fate]}:${event}`),
  );
  return {
    ids,
    consents: everyFate.map((fate) => ({
      consentId: ids[fate],
      type: 'DATA',
      status: fates[fate].status,
      permissions: [],
      createdAt: at,
      statusUpdatedAt: at,
    })),
    deliveries: eventIds.map((id) => delivery(id)),
    received: eventIds.map((eventId) => ({ eventId, signatureValid: true, status: 200 })),
    runs: new Map(everyFate.map((fate) => [ids[fate], 'COMPLETED'])),
  };
}

const problemsOf = (observed: ObservedConsents) =>
  checkConsents(observed)
    .filter(({ ok }) => !ok)
    .map(({ name, problem }) => `${name} -> ${problem}`)
    .join('\n');

test('all hold when everything is as it must be', () => {
  expect(problemsOf(asItMustBe())).toBe('');
});

test.each<[string, (observed: ObservedConsents) => unknown, RegExp]>([
  [
    'a consent that did not expire',
    (seen) => (seen.consents = seen.consents.map((one) => ({ ...one, status: 'AUTHORISED' }))),
    /expired for want of a decision: .* it is AUTHORISED/,
  ],
  ['a consent that is not there', (seen) => (seen.consents = []), /revoked: .* it is not there/],
  [
    'an event that never came',
    (seen) => (seen.received = seen.received.filter(({ eventId }) => eventId !== 'urn:unconsumed:consent:expired')),
    /expired unconsumed: .* never got urn:unconsumed:consent:expired/,
  ],
  [
    'an event too many',
    (seen) =>
      (seen.received = [
        ...seen.received,
        { eventId: 'urn:revoked:consent:expired', signatureValid: true, status: 200 },
      ]),
    /approved and revoked: .* the Celcoin webhook got urn:revoked:consent:expired/,
  ],
  [
    'an event that came twice',
    (seen) => (seen.received = [...seen.received, ...seen.received.slice(0, 1)]),
    /came once.* -> requests: 18 instead of 17/,
  ],
  [
    'a request without a valid signature',
    (seen) => (seen.received = seen.received.map((one) => ({ ...one, signatureValid: false }))),
    /valid signature -> requests without: 17 instead of 0/,
  ],
  [
    'a delivery that failed',
    (seen) => seen.deliveries.push(delivery('urn:consumed:consent:approved', 'failed')),
    /urn:consumed:consent:approved is failed/,
  ],
  ['a run that is open', (seen) => (seen.runs = new Map()), /the run of the consumed one is not known/],
])('%s is found', (_what, spoil, problem) => {
  const observed = asItMustBe();
  spoil(observed);
  expect(problemsOf(observed)).toMatch(problem);
});
