import type { DeliveryDocument, PublishedDocument } from '../api-documents';
import { outcomeOf } from '../outcome';
import type { ReceivedRequest } from './receivers';
import { actorNames, type ActorName, type WebhookIds } from './scenario';

/** Everything that `demo --once` has seen once nothing is pending any more. */
export interface Observed {
  webhookIds: WebhookIds;
  published: PublishedDocument[];
  /** The first of `published`, published once more. */
  repeated: PublishedDocument;
  /** All to the four webhooks, with attempts. */
  deliveries: DeliveryDocument[];
  received: Record<ActorName, readonly ReceivedRequest[]>;
  /** How Temporal says that a delivery's run ended, by delivery id: `COMPLETED`, `FAILED`, … */
  runs: ReadonlyMap<string, string>;
}

export interface Check {
  name: string;
  ok: boolean;
  /** What was seen instead. */
  problem?: string;
}

/** What must hold at the end of `demo --once`, each as one line of its list. */
export function checkObserved(observed: Observed): Check[] {
  const { webhookIds, published, repeated, deliveries, received, runs } = observed;
  const of = (actor: ActorName) => deliveries.filter(({ webhookId }) => webhookId === webhookIds[actor]);
  const enabled = actorNames.filter((actor) => actor !== 'disabled');

  /** One delivery an event, each with these outcomes. */
  const outcomes = (actor: ActorName, status: string, attempts: string[]): string[] => [
    ...wrongCount(`${actor} deliveries`, of(actor).length, published.length),
    ...of(actor)
      .filter((delivery) => describe(delivery) !== [status, ...attempts].join(', '))
      .map((delivery) => `${delivery.id} is ${describe(delivery)}`),
  ];
  const runsEnded = (actors: ActorName[], state: string): string[] =>
    actors
      .flatMap(of)
      .filter(({ id }) => runs.get(id) !== state)
      .map(({ id }) => `the run of ${id} is ${runs.get(id) ?? 'not known'}`);
  const requests = actorNames.flatMap((actor) => received[actor]);
  const unsigned = requests.filter(({ signatureValid }) => !signatureValid);

  return [
    check(
      'every event was accepted, with one delivery for each enabled webhook',
      published.flatMap((event) => wrongCount(`deliveries of ${event.id}`, event.deliveries.length, enabled.length)),
    ),
    check('healthy: delivered at the first attempt', outcomes('healthy', 'delivered', ['200'])),
    check(
      'flaky: delivered at the third attempt, after 503 twice',
      outcomes('flaky', 'delivered', ['503 http_status', '503 http_status', '200']),
    ),
    check(
      'dead: failed with connect_error after four attempts',
      outcomes('dead', 'failed', Array<string>(4).fill('connect_error')),
    ),
    check('Temporal shows delivered ones as Completed', runsEnded(['healthy', 'flaky'], 'COMPLETED')),
    check('Temporal shows failed ones as Failed', runsEnded(['dead'], 'FAILED')),
    check('disabled: no delivery and no request', [
      ...wrongCount('deliveries', of('disabled').length, 0),
      ...wrongCount('requests', received.disabled.length, 0),
    ]),
    check('receivers got exactly these attempts and no more', [
      ...wrongCount('requests to healthy', received.healthy.length, published.length),
      ...wrongCount('requests to flaky', received.flaky.length, 3 * published.length),
      ...published
        .filter(({ id }) => !received.healthy.some(({ eventId }) => eventId === id))
        .map(({ id }) => `healthy never got ${id}`),
    ]),
    check('every request had a valid Standard Webhooks signature', [
      ...(requests.length === 0 ? ['there was no request'] : []),
      ...wrongCount('requests without', unsigned.length, 0),
    ]),
    check('publishing the same id again changed nothing', [
      ...(repeated.duplicate ? [] : ['it was not called a duplicate']),
      ...(ids(repeated) === (published[0] && ids(published[0])) ? [] : ['it has other deliveries']),
      ...wrongCount('deliveries in all', deliveries.length, enabled.length * published.length),
    ]),
  ];
}

export function check(name: string, problems: string[]): Check {
  return problems.length === 0 ? { name, ok: true } : { name, ok: false, problem: problems.join('; ') };
}

export function wrongCount(what: string, found: number, wanted: number): string[] {
  return found === wanted ? [] : [`${what}: ${found} instead of ${wanted}`];
}

/** `delivered, 503 http_status, 200` */
function describe(delivery: DeliveryDocument): string {
  return [delivery.status, ...delivery.attempts.map(outcomeOf)].join(', ');
}

function ids(event: PublishedDocument): string {
  return event.deliveries
    .map(({ id }) => id)
    .sort()
    .join();
}
