import type { EventType } from './event-type';
import { profiles } from './profiles';

export type { EventType } from './event-type';

/** Every built-in event type: the one list that publishing, subscribing, test events, OpenAPI and docs read. */
export const eventCatalogue: readonly EventType[] = Object.values(profiles).flatMap(({ eventTypes }) => eventTypes);

const byName = new Map(
  eventCatalogue.flatMap((type) => [type.name, ...(type.aliases ?? [])].map((name) => [name, type])),
);

/** The built-in type of this name or alias. */
export function findEventType(name: string): EventType | undefined {
  return byName.get(name);
}
