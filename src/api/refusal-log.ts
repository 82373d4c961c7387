import type { Logger } from '../platform/logging';
import type { AuditStore, NewAuditEntry } from '../store/audit';
import { classifyStoreError, StoreUnavailable } from '../store/database';

/** What the API refused to whom, for the audit log: failed authentications and targets that are blocked. */
export type Refusal = Omit<NewAuditEntry, 'outcome' | 'count'>;

/** Whoever is refused can be refused as often as they like: what is alike becomes one entry a minute. */
export interface RefusalLog {
  /** Returns at once, in the same time for every refusal. */
  note(refusal: Refusal): void;
  /** Writes what was noted so far. Afterwards nothing is noted any more. */
  close(): Promise<void>;
}

/** Of one minute. Strangers who come from more addresses share entries without one. */
const maxEntries = 200;

/**
 * Tenant, actor, action and address make an entry; its other columns are those of the first refusal. A process that is
 * killed takes the last minute's along; each has its line in the log.
 */
export function createRefusalLog(options: {
  audit: Pick<AuditStore, 'append'>;
  log: Logger;
  windowMs?: number;
}): RefusalLog {
  const { audit, log, windowMs = 60_000 } = options;
  let noted = new Map<string, Refusal & { count: number }>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let isClosed = false;

  function add(refusal: Refusal, count: number): void {
    const key = keyOf(refusal);
    const known = noted.get(key);
    if (known) known.count += count;
    else if (refusal.address !== null && noted.size >= maxEntries)
      add({ ...refusal, address: null, requestId: null }, count);
    else noted.set(key, { ...refusal, count });
    timer ??= setTimeout(() => void (writing = writing.then(write)), windowMs).unref();
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const entries = [...noted.values()];
    noted = new Map();
    for (const [index, entry] of entries.entries()) {
      try {
        await audit.append({ ...entry, outcome: 'failure' });
      } catch (error) {
        if (!(classifyStoreError(error) instanceof StoreUnavailable)) {
          log.error({ err: error, action: entry.action }, 'a refusal could not be written to the audit log');
          continue;
        }
        log.warn({ err: error }, 'refusals could not be written to the audit log yet');
        for (const { count, ...refusal } of entries.slice(index)) add(refusal, count);
        return;
      }
    }
  }

  return {
    note(refusal) {
      if (!isClosed) add(refusal, 1);
    },

    async close() {
      isClosed = true;
      writing = writing.then(write);
      await writing;
      clearTimeout(timer);
    },
  };
}

const keyOf = ({ tenantId, actor, action, objectId, address }: Refusal) =>
  JSON.stringify([tenantId, actor, action, objectId, address]);
