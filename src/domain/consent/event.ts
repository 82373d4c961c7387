import type { ConsentType } from './consent';
import { consentIdOf } from './id';
import type { ConsentEvent, ConsentState, ConsentStatus } from './machine';

/**
 * What an event says of a consent: the payload of the event, and `data` of the Celcoin body. Timestamps are RFC 3339
 * UTC with milliseconds. Nothing of the person, no permission, no reason of an action is ever in it.
 */
export type ConsentEventPayload = {
  /** `urn:everhook:<uuid>`. */
  consentId: string;
  /** The status after the event; `REQUESTED` in `before:consent:create`, when there is no consent yet. */
  status: ConsentStatus | 'REQUESTED';
  type: ConsentType;
  createdAt: string;
  statusUpdateDateTime: string;
  /** The deadline in force after the event; absent when there is none. */
  expiresAt?: string;
  /** In `consent:expired`: the deadline that passed. */
  expiredAt?: string;
};

/** What of a consent its events tell. */
export interface EventSubject {
  id: string;
  type: ConsentType;
  createdAt: Date;
}

/** Each event comes once in a consent's life, so its id follows from the two: telling it twice is telling it once. */
export function consentEventId(id: string, event: ConsentEvent): string {
  return `${consentIdOf(id)}:${event}`;
}

/** Payload of `before:consent:create`: a request came in, whether or not it will become a consent. */
export function requestedPayload(subject: EventSubject): ConsentEventPayload {
  return {
    consentId: consentIdOf(subject.id),
    status: 'REQUESTED',
    type: subject.type,
    createdAt: subject.createdAt.toISOString(),
    statusUpdateDateTime: subject.createdAt.toISOString(),
  };
}

/** Payload of every other event: where the consent stands after it. */
export function consentPayload(subject: EventSubject, { status, since, expiresAt }: ConsentState): ConsentEventPayload {
  return {
    consentId: consentIdOf(subject.id),
    status,
    type: subject.type,
    createdAt: subject.createdAt.toISOString(),
    statusUpdateDateTime: since.toISOString(),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(status === 'EXPIRED' && { expiredAt: since.toISOString() }),
  };
}
