import { LRUCache } from 'lru-cache';
import type { Logger } from '../platform/logging';
import type { AuditStore, NewAuditEntry } from '../store/audit';

/** Tells the audit log that a webhook leads to where nothing may be sent. */
export interface BlockedAddresses {
  /**
   * Once for a webhook and hour, among all workers. Nothing waits for it and nothing fails by it: what could not be
   * written is tried again with the next attempt.
   * @param field of the webhook that has the URL
   */
  note(webhook: { tenantId: string; webhookId: string }, field: 'targetUrl' | 'tokenUrl'): void;
}

const hourMs = 60 * 60_000;

export function createBlockedAddresses({
  audit,
  log,
}: {
  audit: Pick<AuditStore, 'appendOnce'>;
  log: Logger;
}): BlockedAddresses {
  // Spares PostgreSQL the question; whether there is an entry is decided there.
  const noted = new LRUCache<string, true>({ max: 10_000, ttl: hourMs });

  return {
    note({ tenantId, webhookId }, field) {
      if (noted.has(webhookId)) return;
      noted.set(webhookId, true);
      const entry: NewAuditEntry = {
        tenantId,
        actor: 'worker',
        action: 'webhook.blocked_address',
        objectType: 'webhook',
        objectId: webhookId,
        fields: [field],
        // Where it leads is for nobody to learn: it would show tenants our network.
        address: null,
        requestId: null,
        outcome: 'failure',
      };
      audit.appendOnce(entry, hourMs).catch((error: unknown) => {
        noted.delete(webhookId);
        log.warn({ err: error, tenantId, webhookId }, 'a blocked address could not be written to the audit log');
      });
    },
  };
}
