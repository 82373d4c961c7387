import { hash, randomBytes } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';

/** A new UUIDv7 whose timestamp is `at`: ids sort by time, so a list is "newest first" by id alone. */
export function newId(at: Date = new Date()): string {
  return uuidV7({ msecs: at.getTime() });
}

/** A new UUIDv7 of now. Those of a process are in the order they were made, also within a millisecond. */
export function nextId(): string {
  return uuidV7();
}

/** Gives new ids of one instant, each greater than the one before: what is stored at once keeps its order. */
export function idsAt(at: Date): () => string {
  // In the lower half of its range: counting on does not overflow.
  let sequence = randomBytes(4).readUInt32BE() >>> 1;
  return () => uuidV7({ msecs: at.getTime(), seq: sequence++ });
}

/** Milliseconds since the epoch that a UUIDv7 carries. */
export function timestampOfId(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

/**
 * The smallest UUIDv7 of an instant: turns "after" and "before" of a list into bounds on its id.
 * Before 1970 there is none: the smallest of all stands for those instants.
 */
export function smallestIdAt(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}

/**
 * The id of a delivery: a UUIDv7 made from what the delivery is, so that the primary key itself
 * refuses a second delivery of the same event to the same webhook, also once the table is
 * partitioned by time (a unique index must then contain the partition key).
 * `redelivery` is 0 for the event's own delivery and counts the redeliveries asked for.
 */
export function deliveryIdOf(of: { eventUid: string; webhookId: string; redelivery: number; at: Date }): string {
  const digest = hash('sha256', `${of.eventUid}|${of.webhookId}|${of.redelivery}`, 'buffer');
  return uuidV7({ msecs: of.at.getTime(), random: digest.subarray(0, 16), seq: digest.readUInt32BE(16) });
}

/** 22 characters that nobody can guess: for names that need not be UUIDs. */
export function randomName(bytes = 16): string {
  return randomBytes(bytes).toString('base64url');
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
