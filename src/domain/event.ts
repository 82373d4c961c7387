import { hash } from 'node:crypto';
import stringify from 'safe-stable-stringify';

/** A JSON object as publishers send it. */
export type JsonObject = { [key: string]: unknown };

/** What a publisher says happened. */
export interface NewEvent {
  /** The receiver's dedupe key; generated when the publisher gives none. */
  eventId: string;
  type: string;
  payload: JsonObject;
  /** When it happened, as the publisher says; null: when it was published. */
  occurredAt: Date | null;
  /** Narrows the fan-out to one webhook. */
  webhookId: string | null;
  /** Narrows the fan-out to webhooks of this channel and those without any. */
  channel: string | null;
}

/** An event as stored. */
export interface StoredEvent extends Omit<NewEvent, 'payload'> {
  tenantId: string;
  /** Null: it is no longer kept. */
  payload: JsonObject | null;
  /** Our own key (UUIDv7); publishers' ids are unique only within their tenant. */
  uid: string;
  createdAt: Date;
}

/** Publishers' event ids: no full stop, because ids are part of the signed text (contracts section 8, row 8). */
export const eventIdPattern = /^[A-Za-z0-9_:-]{1,128}$/;

/** SHA-256 of what a publisher said, independent of key order: equal content means equal digest. */
export function contentDigest(event: Omit<NewEvent, 'eventId'>): Buffer {
  const content = {
    type: event.type,
    payload: event.payload,
    occurredAt: event.occurredAt?.toISOString() ?? null,
    webhookId: event.webhookId,
    // Absent when null: events published before there were channels keep their digest.
    ...(event.channel !== null && { channel: event.channel }),
  };
  return hash('sha256', stringify(content), 'buffer');
}
