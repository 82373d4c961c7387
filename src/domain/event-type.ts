import type { JsonObject } from './event';
import type { Contract } from './webhook';

/** One event type: what it means, what its payload must have, and a sample that is a payload. */
export interface EventType {
  name: string;
  /** Other spellings of the name: taken wherever it is, stored and sent as `name`. */
  aliases?: readonly string[];
  contract: Contract;
  description: string;
  /** JSON Schema 2020-12 of the payload: requires only what the source documents, allows further keys. */
  schema: JsonObject;
  example: JsonObject;
}

/** Names that a tenant may give to types of its own: parts between full stops, at most {@link maxTypeName} long. */
export const ownTypeName = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/;
export const maxTypeName = 200;
