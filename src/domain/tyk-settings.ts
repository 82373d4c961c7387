import type { JsonObject } from './event';
import type { TykSpelling } from './event-types/tyk';

export const tykMethods = ['POST', 'PUT', 'PATCH'] as const;

/** What only the Tyk contract knows of a webhook: its `settings`. */
export type TykSettings = {
  method: (typeof tykMethods)[number];
  /** How its events are named to its receiver. */
  spelling: TykSpelling;
  /** Ids of its custom headers, by lower-case name. */
  headerIds: Record<string, number>;
  /** The highest id that was ever given: none is used again. */
  lastHeaderId: number;
};

export const newTykSettings: TykSettings = {
  method: 'POST',
  spelling: 'Organization',
  headerIds: {},
  lastHeaderId: 0,
};

export function tykSettings({ settings }: { settings: JsonObject }): TykSettings {
  return { ...newTykSettings, ...(settings as Partial<TykSettings>) };
}

/** Gives new headers an id, in their order, and forgets those of headers that are gone; all others keep theirs. */
export function numberHeaders(settings: TykSettings, names: readonly string[]): TykSettings {
  let { lastHeaderId } = settings;
  const known = new Map(Object.entries(settings.headerIds));
  const headerIds = names.map((name): [string, number] => {
    const lower = name.toLowerCase();
    return [lower, known.get(lower) ?? ++lastHeaderId];
  });
  return { ...settings, headerIds: Object.fromEntries(headerIds), lastHeaderId };
}
