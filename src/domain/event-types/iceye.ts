import type { EventType } from '../event-type';

/** The events of contracts section 3. */
export const iceyeEventTypes: readonly EventType[] = [];
