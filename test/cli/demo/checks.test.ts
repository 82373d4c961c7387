import type { DeliveryDocument, PublishedDocument } from '../../../src/cli/api-documents';
import { checkObserved, type Observed } from '../../../src/cli/demo/checks';

const webhookIds = { healthy: 'w-healthy', flaky: 'w-flaky', dead: 'w-dead', disabled: 'w-disabled' };
const success = { statusCode: 200, errorClass: null };
const refused = { statusCode: 503, errorClass: 'http_status' };
const unreachable = { statusCode: null, errorClass: 'connect_error' };

type Outcome = { statusCode: number | null; errorClass: string | null };

function delivery(
  event: string,
  webhook: keyof typeof webhookIds,
  status: string,
  outcomes: Outcome[],
): DeliveryDocument {
  return {
    id: `${event}-${webhook}`,
    eventId: event,
    eventType: 'OpenIdCredentialIssued',
    webhookId: webhookIds[webhook],
    status,
    createdAt: '2026-01-01T00:00:00.000Z',
    attempts: outcomes.map((outcome, index) => ({
      number: index + 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      durationMs: 1,
      ...outcome,
    })),
  };
}

/** Everything as it must be for two events. */
function asItMustBe(): Observed {
  const events = ['e1', 'e2'];
  const received = (status: number) => events.map((eventId) => ({ eventId, signatureValid: true, status }));
  const published = events.map((id): PublishedDocument => ({
    id,
    type: 'OpenIdCredentialIssued',
    duplicate: false,
    deliveries: (['healthy', 'flaky', 'dead'] as const).map((name) => ({
      id: `${id}-${name}`,
      webhookId: webhookIds[name],
    })),
  }));
  const [first] = published;
  if (!first) throw new Error('no event');
  return {
    webhookIds,
    published,
    repeated: { ...first, duplicate: true, deliveries: [...first.deliveries].reverse() },
    deliveries: events.flatMap((event) => [
      delivery(event, 'healthy', 'delivered', [success]),
      delivery(event, 'flaky', 'delivered', [refused, refused, success]),
      delivery(event, 'dead', 'failed', [unreachable, unreachable, unreachable, unreachable]),
    ]),
    received: {
      healthy: received(200),
      flaky: [...received(503), ...received(503), ...received(200)],
      dead: [],
      disabled: [],
    },
    runs: new Map(
      events.flatMap((event): [string, string][] => [
        [`${event}-healthy`, 'COMPLETED'],
        [`${event}-flaky`, 'COMPLETED'],
        [`${event}-dead`, 'FAILED'],
      ]),
    ),
  };
}

const problemsOf = (observed: Observed) =>
  checkObserved(observed)
    .filter(({ ok }) => !ok)
    .map(({ name, problem }) => `${name} -> ${problem}`)
    .join('\n');

test('all hold when everything is as it must be', () => {
  expect(problemsOf(asItMustBe())).toBe('');
});

test.each<[string, (observed: Observed) => void, RegExp]>([
  ['a delivery that is missing', ({ deliveries }) => deliveries.shift(), /healthy deliveries: 1 instead of 2/],
  [
    'a second delivery of one event',
    ({ deliveries }) => deliveries.push(delivery('e1', 'healthy', 'delivered', [success])),
    /deliveries in all: 7 instead of 6/,
  ],
  [
    'a healthy one that took two attempts',
    ({ deliveries }) => deliveries.splice(0, 1, delivery('e1', 'healthy', 'delivered', [refused, success])),
    /e1-healthy is delivered, 503 http_status, 200/,
  ],
  [
    'a dead one that is still pending',
    ({ deliveries }) => deliveries.splice(2, 1, delivery('e1', 'dead', 'pending', [unreachable])),
    /e1-dead is pending, connect_error/,
  ],
  [
    'a dead one that failed otherwise',
    ({ deliveries }) =>
      deliveries.splice(2, 1, delivery('e1', 'dead', 'failed', [unreachable, refused, unreachable, unreachable])),
    /dead: failed with connect_error/,
  ],
  [
    'a run that ended well',
    (seen) => (seen.runs = new Map([...seen.runs, ['e1-dead', 'COMPLETED']])),
    /e1-dead is COMPLETED/,
  ],
  ['a run that failed', (seen) => (seen.runs = new Map([...seen.runs, ['e1-flaky', 'FAILED']])), /e1-flaky is FAILED/],
  [
    'a request to the disabled one',
    ({ received }) => (received.disabled = [{ eventId: 'e1', signatureValid: true, status: 200 }]),
    /disabled: .*requests: 1 instead of 0/,
  ],
  [
    'a delivery to the disabled one',
    ({ deliveries }) => deliveries.push(delivery('e1', 'disabled', 'cancelled', [])),
    /disabled: .*deliveries: 1 instead of 0/,
  ],
  [
    'a request without a valid signature',
    ({ received }) => (received.healthy = received.healthy.map((one) => ({ ...one, signatureValid: false }))),
    /signature -> requests without: 2 instead of 0/,
  ],
  [
    'an event that came twice to the healthy one while another did not come',
    ({ received }) => (received.healthy = received.healthy.map((one) => ({ ...one, eventId: 'e1' }))),
    /healthy never got e2/,
  ],
  [
    'a repetition that is new',
    (seen) => (seen.repeated = { ...seen.repeated, duplicate: false }),
    /not called a duplicate/,
  ],
  [
    'a repetition with other deliveries',
    (seen) => (seen.repeated = { ...seen.repeated, deliveries: [] }),
    /it has other deliveries/,
  ],
  [
    'an event with a delivery for the disabled one',
    ({ published }) => published[1]?.deliveries.push({ id: 'x', webhookId: 'w-disabled' }),
    /deliveries of e2: 4 instead of 3/,
  ],
])('%s is found', (_what, spoil, problem) => {
  const observed = asItMustBe();
  spoil(observed);
  expect(problemsOf(observed)).toMatch(problem);
});
