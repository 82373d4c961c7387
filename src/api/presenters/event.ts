import type { StoredEvent } from '../../domain/event';

/** An event as lists show it. `occurredAt` is when it was published, where the publisher said nothing. */
export function presentListedEvent(event: Omit<StoredEvent, 'payload'>) {
  return {
    id: event.eventId,
    type: event.type,
    occurredAt: (event.occurredAt ?? event.createdAt).toISOString(),
    webhookId: event.webhookId,
    channel: event.channel,
    createdAt: event.createdAt.toISOString(),
  };
}

export function presentEvent(event: StoredEvent) {
  return { ...presentListedEvent(event), payload: event.payload };
}
