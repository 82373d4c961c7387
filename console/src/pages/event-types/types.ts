export type { EventType } from '../../api-types';
export type Json = Record<string, unknown>;

/** The page of an event type. */
export const hrefOf = (name: string): string => `/console/event-types?type=${encodeURIComponent(name)}`;
