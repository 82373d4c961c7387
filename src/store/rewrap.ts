import { DecryptionError, type Keyring } from '../platform/keyring';
import type { CiphertextColumn } from './ciphertext-columns';
import type { KeyUse } from './ciphertexts';
import type { Database } from './database';

/** How far a column has got. */
export interface RewrapProgress {
  table: string;
  column: string;
  /** Ciphertexts that had another key of the ring than the current one when it began. */
  of: number;
  rewrapped: number;
}

export interface Rewrapped {
  rewrapped: number;
  /** Somebody else changed or removed them meanwhile: that stays. */
  changedMeanwhile: number;
  /** Malformed, altered, or under another key of the same id. They stay as they are. */
  unreadable: number;
  /** Called off before the end. */
  interrupted: boolean;
}

type Outcome = Exclude<keyof Rewrapped, 'interrupted'>;

interface Outdated {
  row: Record<string, string>;
  ciphertext: string;
}

/** Rows that are looked at with one query. */
const pageSize = 1_000;
/** Ciphertexts that are re-wrapped at the same time: a key service takes milliseconds for each. */
const atOnce = 8;

export function createRewrap(parts: {
  database: Database;
  keyring: Keyring;
  columns: readonly CiphertextColumn[];
  uses(): Promise<KeyUse[]>;
}) {
  const { database, keyring, columns } = parts;
  const outdatedKids = keyring.kids.filter((kid) => kid !== keyring.currentKid);

  /**
   * What is outdated among the rows after one. Goes by the primary key and looks at every row: a plan for the outdated ones
   * alone would depend on how many PostgreSQL believes them to be.
   */
  async function page({ table, column, key, also = [] }: CiphertextColumn, after: readonly string[] | null) {
    const beyond = after ? `WHERE (${key.join(', ')}) > (${key.map(() => '?').join(', ')})` : '';
    const { rows } = await database.raw<{ rows: (Record<string, string> & { outdated: string | null })[] }>(
      `SELECT ${[...key, ...also].join(', ')},
              CASE WHEN split_part(${column}, '.', 2) = ANY (?) THEN ${column} END AS outdated
       FROM ${table} ${beyond} ORDER BY ${key.join(', ')} LIMIT ${pageSize}`,
      [outdatedKids, ...(after ?? [])],
    );
    const last = rows.length === pageSize ? rows.at(-1) : undefined;
    return {
      outdated: rows.flatMap(({ outdated, ...row }): Outdated[] =>
        outdated === null ? [] : [{ row, ciphertext: outdated }],
      ),
      /** Null: it was the last page. */
      next: last ? key.map((name) => last[name] ?? '') : null,
    };
  }

  /** A change by somebody else wins, whichever comes first. */
  async function rewrapOne(of: CiphertextColumn, { row, ciphertext }: Outdated): Promise<Outcome> {
    const { table, column, key } = of;
    let renewed: string;
    try {
      renewed = await keyring.rewrap(ciphertext, of.bindingOf(row));
    } catch (error) {
      if (error instanceof DecryptionError) return 'unreadable';
      throw error;
    }
    const changed = await database(table)
      .where(Object.fromEntries(key.map((name) => [name, row[name] ?? ''])))
      .andWhere(column, ciphertext)
      .update({ [column]: renewed });
    return changed === 1 ? 'rewrapped' : 'changedMeanwhile';
  }

  /**
   * Puts everything that the ring can read under the current key, while others go on working. It goes through each
   * table page by page; when it is called off, or fails, what is done is done, and doing it again goes on with the rest.
   *
   * @throws EncryptionKeyUnavailable, or what the database throws, when either goes away meanwhile
   */
  return async function rewrap({
    onProgress = () => {},
    signal,
  }: { onProgress?: (progress: RewrapProgress) => void; signal?: AbortSignal } = {}): Promise<Rewrapped> {
    const total: Rewrapped = { rewrapped: 0, changedMeanwhile: 0, unreadable: 0, interrupted: false };
    const before = (await parts.uses()).filter(({ kid }) => outdatedKids.includes(kid));
    for (const of of columns) {
      const { table, column } = of;
      const counts = before.filter((use) => use.table === table && use.column === column).map(({ count }) => count);
      if (counts.length === 0) continue;
      const progress = { table, column, of: counts.reduce((sum, count) => sum + count), rewrapped: 0 };
      let after: readonly string[] | null = null;
      do {
        const { outdated, next } = await page(of, after);
        for (let from = 0; from < outdated.length; from += atOnce) {
          if (signal?.aborted) return { ...total, interrupted: true };
          const some = outdated.slice(from, from + atOnce);
          for (const outcome of await Promise.all(some.map((one) => rewrapOne(of, one)))) {
            total[outcome] += 1;
            if (outcome === 'rewrapped') progress.rewrapped += 1;
          }
        }
        if (outdated.length > 0) onProgress({ ...progress });
        after = next;
      } while (after !== null);
    }
    return total;
  };
}
