import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import { classifyStoreError } from '../store/database';
import type { WebhookHealthStore } from '../store/webhook-health';

/** Notices when a webhook begins to fail, and disables it when it has failed for too long. */
export interface WebhookHealth {
  /**
   * Tells what an attempt came to. Nothing waits for it and nothing fails by it: what could not be stored is told again by
   * the next attempt.
   * @param webhook as it was loaded for the attempt: only a change costs a statement
   */
  note(webhook: { tenantId: string; webhookId: string; failingSince: Date | null }, attempt: { failed: boolean }): void;
}

export function createWebhookHealth(dependencies: {
  webhookHealth: WebhookHealthStore;
  starter: Pick<DeliveryStarter, 'enqueue'>;
  /** Null: no webhook is ever disabled for failing. */
  disableFailingAfterMs: number | null;
  log: Logger;
}): WebhookHealth {
  const { webhookHealth, starter, disableFailingAfterMs, log } = dependencies;
  /** By tenant and webhook: many attempts end at once, and one is enough to ask. */
  const asking = new Set<string>();

  async function noteNow(tenantId: string, webhookId: string, failingSince: Date | null, failed: boolean) {
    if (failed !== (failingSince !== null)) {
      await webhookHealth.mark({ tenantId, webhookId, failingSince: failed ? new Date() : null });
    } else if (failingSince && disableFailingAfterMs !== null) {
      if (Date.now() - failingSince.getTime() < disableFailingAfterMs) return;
      const toStart = await webhookHealth.disableFailing({ tenantId, webhookId }, disableFailingAfterMs);
      if (!toStart) return;
      log.warn({ tenantId, webhookId, failingSince }, 'a webhook was disabled: all attempts failed for too long');
      await starter.enqueue(toStart);
    }
  }

  return {
    note({ tenantId, webhookId, failingSince }, { failed }) {
      // What holds for nearly every attempt.
      if (!failed && failingSince === null) return;
      const key = `${tenantId}|${webhookId}|${failed}`;
      if (asking.has(key)) return;
      asking.add(key);
      noteNow(tenantId, webhookId, failingSince, failed)
        .catch((error: unknown) => {
          log.warn({ err: classifyStoreError(error), tenantId, webhookId }, "a webhook's health could not be stored");
        })
        .finally(() => asking.delete(key));
    },
  };
}
