export type Json = Record<string, unknown>;

/** An event type as the catalogue shows it. */
export interface EventType {
  name: string;
  contract: string;
  builtIn: boolean;
  aliases: string[];
  description: string;
  schema: Json | null;
  example: Json | null;
  createdAt: string | null;
  updatedAt: string | null;
}

/** The page of an event type. */
export const hrefOf = (name: string): string => `/console/event-types?type=${encodeURIComponent(name)}`;
