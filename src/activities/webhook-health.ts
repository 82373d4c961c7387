import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import { classifyStoreError } from '../store/database';
import type { WebhookHealthStore } from '../store/webhook-health';

/** A webhook as it was loaded for an attempt. */
export interface LoadedHealth {
  tenantId: string;
  webhookId: string;
  /** When the first attempt failed that none has succeeded after; null: it is well. */
  failingSince: Date | null;
  /** Since when it had failed as it was disabled for it, where it has not answered since. */
  disabledFailingSince: Date | null;
}

/** Notices when a webhook begins to fail and when it answers again, and disables it when it has failed for too long. */
export interface WebhookHealth {
  /**
   * Tells what an attempt came to. Nothing waits for it and nothing fails by it: what could not be stored is told again by
   * the next attempt. Only a change costs a statement.
   */
  note(webhook: LoadedHealth, attempt: { failed: boolean }): void;
}

/** A failure now and then is no outage: who answers again sooner is not told of. */
const outageMs = 60_000;

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

  async function noteNow(webhook: LoadedHealth, failed: boolean) {
    const { tenantId, webhookId, failingSince } = webhook;
    if (!failed && isOutage(webhook)) {
      const toStart = await webhookHealth.recover({ tenantId, webhookId });
      if (toStart.length > 0) await starter.enqueue(toStart);
    } else if (failed !== (failingSince !== null)) {
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
    note(webhook, { failed }) {
      const { tenantId, webhookId, failingSince, disabledFailingSince } = webhook;
      // What holds for nearly every attempt.
      if (!failed && failingSince === null && disabledFailingSince === null) return;
      const key = `${tenantId}|${webhookId}|${failed}`;
      if (asking.has(key)) return;
      asking.add(key);
      noteNow(webhook, failed)
        .catch((error: unknown) => {
          log.warn({ err: classifyStoreError(error), tenantId, webhookId }, "a webhook's health could not be stored");
        })
        .finally(() => asking.delete(key));
    },
  };
}

const isOutage = ({ failingSince, disabledFailingSince }: LoadedHealth) =>
  disabledFailingSince !== null || (failingSince !== null && Date.now() - failingSince.getTime() >= outageMs);
