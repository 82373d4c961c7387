import type { EventType } from '../event-type';

/** The events of contracts section 5.2. */
export const tykEventTypes: readonly EventType[] = [];
