import { isUuid, smallestIdAt } from '../domain/ids';

/** One page of a list, newest first. */
export interface Page<T> {
  data: T[];
  /** Give it back as `cursor` for the next page; null: this was the last. */
  nextCursor: string | null;
}

/** What every list takes. `after` is inclusive, `before` exclusive; both are instants of creation. */
export interface ListQuery {
  limit: number;
  /** From {@link Page.nextCursor}; opaque to callers. */
  cursor?: string;
  after?: Date;
  before?: Date;
}

/** Cursors are the last id of a page; ids sort by time. Returns null for anything that is not one of ours. */
export function decodeCursor(cursor: string): string | null {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  return isUuid(id) && encodeCursor(id) === cursor ? id : null;
}

export function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** A cursor that no list of ours has given out. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/**
 * Bounds of a list on its id: strictly below `below`, at or above `from`.
 * @throws {@link InvalidCursor}
 */
export function idBounds({ cursor, after, before }: ListQuery): { below: string | null; from: string | null } {
  const fromCursor = cursor === undefined ? null : decodeCursor(cursor);
  if (cursor !== undefined && fromCursor === null) throw new InvalidCursor('the cursor is not one of this list');
  const fromBefore = before ? smallestIdAt(before) : null;
  const below = [fromCursor, fromBefore].filter((id) => id !== null).sort()[0] ?? null;
  return { below, from: after ? smallestIdAt(after) : null };
}

/** Cuts `limit + 1` rows to a page. */
export function toPage<Row, T>(
  rows: Row[],
  limit: number,
  id: (row: Row) => string,
  present: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(present), nextCursor: rows.length > limit && last ? encodeCursor(id(last)) : null };
}
