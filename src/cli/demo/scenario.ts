import { randomUUID } from 'node:crypto';
import { eventCatalogue, type EventType } from '../../domain/event-catalogue';
import type { NewEvent } from '../../client';
import type { ApiClient } from '../api-client';
import { idDocument, publishedDocument, read, secretDocument, type PublishedDocument } from '../api-documents';
import { deadReceiver, flaky, healthy, startReceiver, type DemoReceiver } from './receivers';
import { byStandardWebhooks } from './verifications';

/** The four receivers, each with what must become of its deliveries. */
export const actorNames = ['healthy', 'flaky', 'dead', 'disabled'] as const;
export type ActorName = (typeof actorNames)[number];
export type Actors = Record<ActorName, DemoReceiver>;
export type WebhookIds = Record<ActorName, string>;

export async function startActors(onStarted: (receiver: DemoReceiver) => void): Promise<Actors> {
  const started = async (receiver: Promise<DemoReceiver>) => {
    onStarted(await receiver);
    return receiver;
  };
  return {
    healthy: await started(startReceiver(healthy)),
    flaky: await started(startReceiver(flaky)),
    dead: await started(deadReceiver()),
    disabled: await started(startReceiver(healthy)),
  };
}

/** What issuers of credentials publish. */
export const demoEventTypes: readonly EventType[] = eventCatalogue.filter(({ contract }) => contract === 'sovrin');

/** Registers the four: two through the sovrin contract, two through Everhook's own. */
export async function registerWebhooks(api: ApiClient, actors: Actors): Promise<WebhookIds> {
  const events = demoEventTypes.map(({ name }) => name);

  async function bySovrin(actor: DemoReceiver): Promise<string> {
    const answer = await api.request('POST', '/v1/webhooks', { body: { events, url: actor.url } });
    const { id } = read(idDocument, answer);
    // Sovrin's contract shows no secret; the first rotation does.
    const rotated = await api.webhooks.rotateSecret(id, { graceSeconds: 0 });
    actor.expect(byStandardWebhooks(read(secretDocument, rotated).secret));
    return id;
  }

  async function byEverhook(actor: DemoReceiver, disabled: boolean): Promise<string> {
    const { id, secret } = await api.webhooks.create({ targetUrl: actor.url, events, disabled });
    actor.expect(byStandardWebhooks(secret));
    return id;
  }

  return {
    healthy: await bySovrin(actors.healthy),
    flaky: await byEverhook(actors.flaky, false),
    dead: await bySovrin(actors.dead),
    disabled: await byEverhook(actors.disabled, true),
  };
}

/** The body of one publishing. */
export function newEvent(type: EventType): NewEvent & { id: string } {
  const credentialId = randomUUID();
  return {
    id: `demo-${credentialId}`,
    type: type.name,
    payload: { ...type.example, credentialId, issuedAt: new Date().toISOString() },
  };
}

/** Publishes one event of each type, then the first of them once more: that must change nothing. */
export async function publishEvents(
  api: ApiClient,
): Promise<{ published: PublishedDocument[]; repeated: PublishedDocument }> {
  const publish = async (event: NewEvent) => read(publishedDocument, await api.events.publish(event));
  const [first, ...others] = demoEventTypes.map(newEvent);
  if (!first) throw new Error('the catalogue has no event type for the demo');
  const published = [await publish(first)];
  for (const body of others) published.push(await publish(body));
  return { published, repeated: await publish(first) };
}
