import type { EventType } from '../event-type';

/** The events of contracts section 2.3. */
export const celcoinEventTypes: readonly EventType[] = [];
