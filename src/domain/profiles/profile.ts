import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../event';
import type { EventType } from '../event-type';
import type { Secret } from '../secret';
import type { Contract } from '../webhook';

/** A key that signs sovrin's requests; its public half is at /v1/webhooks/jwks. */
export interface MessageSigningKey {
  kid: string;
  privateKey: KeyObject;
}

/** All that a profile needs to write one attempt's request. */
export interface AttemptContext {
  /** New for every attempt. */
  attemptId: string;
  sentAt: Date;
  webhook: { id: string; targetUrl: string; headers: Record<string, string>; settings: JsonObject };
  event: { id: string; type: string; occurredAt: Date; payloadJson: string };
  /** Signing secrets of the webhook: current first, then those in their grace period. */
  secrets: readonly Secret[];
  /** Null unless the profile says `signsMessages`. */
  messageSigningKey: MessageSigningKey | null;
}

/** The request of one attempt, as it goes to the egress. `headers` has everything but Host and Content-Length. */
export interface OutgoingRequest {
  /** POST unless the contract lets a webhook choose. */
  method: 'POST' | 'PUT' | 'PATCH';
  headers: Record<string, string>;
  body: Buffer;
}

/** What a contract fixes for its webhooks. Pure data and functions; adding a contract is adding one of these. */
export interface ContractProfile {
  contract: Contract;
  /** Its part of the event catalogue: the events its webhooks may subscribe to (Everhook's own: to all). */
  eventTypes: readonly EventType[];
  /** Whether a target URL may have a query string (contracts C-6). */
  allowQuery: boolean;
  defaultTimeoutMs: number;
  /** The most that a webhook may set; over 5 s the engine uses normal activities throughout. */
  maxTimeoutMs: number;
  /** The most retries that a webhook may set. */
  maxRetriesLimit: number;
  /** Whether requests carry an HTTP Message Signature. */
  signsMessages: boolean;
  /** Whether a webhook gets an event of a type that it subscribes to; absent: always. */
  wants?(webhook: { settings: JsonObject }, event: { type: string; payload: JsonObject }): boolean;
  /** The example of one of its event types as a webhook with these settings wants it; absent: as it is. */
  sample?(example: JsonObject, settings: JsonObject): JsonObject;
  /** Settings as they are once a webhook has these custom headers, whoever set them; absent: as they were. */
  settingsFor?(settings: JsonObject, headers: Record<string, string>): JsonObject;
  request(context: AttemptContext): OutgoingRequest;
}
