import type { JsonObject } from '../domain/event';
import { VerificationError } from './verification-error';

/** What a verified request says happened. */
export interface VerifiedEvent {
  /** The same for every attempt: what has this id was handled before and is to be ignored. */
  id: string;
  type: string;
  /** When it happened; when it was sent, where the body does not say (Celcoin's). */
  timestamp: Date;
  payload: JsonObject;
  /** The whole body. */
  body: JsonObject;
}

/**
 * Reads any contract's body: `{type, timestamp, data}` (everhook), `{type, createdAt, data}` (iceye), `{event, data}`
 * (celcoin), `{Event, Message, Timestamp}` (tyk), `{event: {type, payload, timestamp}}` (sovrin).
 *
 * @param sentAt stands in for a time that the body does not say; absent: it has to
 * @throws VerificationError `malformed_body`
 */
export function readEvent(bytes: Buffer, sentAt = new Date(NaN)): Omit<VerifiedEvent, 'id'> {
  const body = parseObject(bytes);
  const event = isObject(body.event) ? body.event : body;
  const type = event.type ?? event.event ?? event.Event;
  const payload = event.data ?? event.payload ?? event.Message;
  const happened = event.timestamp ?? event.createdAt ?? event.Timestamp;
  const timestamp = happened === undefined ? sentAt : new Date(typeof happened === 'string' ? happened : NaN);
  if (typeof type !== 'string' || !isObject(payload) || Number.isNaN(timestamp.getTime())) {
    throw new VerificationError('malformed_body', 'the body is of no known contract');
  }
  return { type, timestamp, payload, body };
}

function parseObject(bytes: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch {
    // Answered as every other body that is no JSON object.
  }
  throw new VerificationError('malformed_body', 'the body is not a JSON object');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
