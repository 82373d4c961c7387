import { DecryptionError, EncryptionKeyUnavailable, type Keyring } from '../platform/keyring';
import { ciphertextColumns, type CiphertextColumn } from './ciphertext-columns';
import type { Database } from './database';
import { createRewrap } from './rewrap';

export type { RewrapProgress, Rewrapped } from './rewrap';

/** How many ciphertexts of a column one key encrypts. */
export interface KeyUse {
  kid: string;
  table: string;
  column: string;
  count: number;
}

/** Keys that secrets are stored under. */
export interface StoredKeys {
  kids: string[];
  /** Those that the ring hasn't. */
  unknown: string[];
  /** Those of which the ring has another one by the same id. */
  wrong: string[];
}

export type CiphertextStore = ReturnType<typeof createCiphertextStore>;

/** Ciphertexts of a key and column that are tried: one alone may be damaged. */
const samples = 3;

/** All that is stored under keys of the ring, of every tenant: which keys it needs, and how it gets a new one. */
export function createCiphertextStore(
  database: Database,
  keyring: Keyring,
  columns: readonly CiphertextColumn[] = ciphertextColumns,
) {
  /** Looks each key id up in the column's index, so it costs nothing however many rows there are. */
  async function kidsOf({ table, column }: CiphertextColumn): Promise<string[]> {
    const kid = kidIn(column);
    const next = (beyond: string) =>
      `(SELECT ${kid} AS kid FROM ${table} WHERE ${column} IS NOT NULL ${beyond} ORDER BY ${kid} LIMIT 1)`;
    const { rows } = await database.raw<{ rows: { kid: string }[] }>(
      `WITH RECURSIVE found AS (
         ${next('')}
         UNION ALL
         SELECT ${next(`AND ${kid} > found.kid`)} FROM found WHERE found.kid IS NOT NULL
       )
       SELECT kid FROM found WHERE kid IS NOT NULL`,
    );
    return rows.map((row) => row.kid);
  }

  async function kids(): Promise<string[]> {
    const found = await Promise.all(columns.map(kidsOf));
    return [...new Set(found.flat())].sort();
  }

  /** Reads every row: for operators. */
  async function uses(): Promise<KeyUse[]> {
    const found: KeyUse[] = [];
    for (const { table, column } of columns) {
      const { rows } = await database.raw<{ rows: { kid: string; count: number }[] }>(
        `SELECT ${kidIn(column)} AS kid, count(*) AS count
         FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 1 ORDER BY 1`,
      );
      found.push(...rows.map(({ kid, count }) => ({ kid, table, column, count })));
    }
    return found;
  }

  /** Whether the ring's key of this id opens something that names it. A key service that is away can't say no. */
  async function isRight(kid: string): Promise<boolean> {
    for (const { table, column, key, also = [], bindingOf } of columns) {
      const { rows } = await database.raw<{ rows: Record<string, string>[] }>(
        `SELECT ${[...key, ...also].join(', ')}, ${column} AS sampled
         FROM ${table} WHERE ${column} IS NOT NULL AND ${kidIn(column)} = ? LIMIT ${samples}`,
        [kid],
      );
      for (const { sampled = '', ...row } of rows) {
        try {
          await keyring.decrypt(sampled, bindingOf(row));
          return true;
        } catch (error) {
          if (error instanceof EncryptionKeyUnavailable) return true;
          if (!(error instanceof DecryptionError)) throw error;
        }
      }
    }
    return false;
  }

  async function unknownKids(): Promise<string[]> {
    return (await kids()).filter((kid) => !keyring.kids.includes(kid));
  }

  return {
    /** Keys that secrets are stored under and the ring hasn't. Cheap: no row is read. */
    unknownKids,

    /** As {@link unknownKids}, and a few ciphertexts are tried: two keys may have the same id. */
    async storedKeys(): Promise<StoredKeys> {
      const stored = await kids();
      const known = stored.filter((kid) => keyring.kids.includes(kid));
      const right = await Promise.all(known.map(isRight));
      return {
        kids: stored,
        unknown: stored.filter((kid) => !known.includes(kid)),
        wrong: known.filter((_, index) => !right[index]),
      };
    },

    uses,
    rewrap: createRewrap({ database, keyring, columns, uses }),
  };
}

/** SQL for the key id of a ciphertext; the indexes of the tables are on this very expression. */
const kidIn = (column: string) => `split_part(${column}, '.', 2)`;
