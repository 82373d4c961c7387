import { longestConnectionTestMs, type ConnectionTestActivities } from '../domain/connection-test-run';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import { classifyStoreError } from '../store/database';
import type { WebhookStore } from '../store/webhooks';
import type { BlockedAddresses } from './blocked-addresses';

export function createConnectionTestActivities(dependencies: {
  webhooks: Pick<WebhookStore, 'find'>;
  egress: Egress;
  blockedAddresses: BlockedAddresses;
  log: Logger;
  shutdown: AbortSignal;
}): ConnectionTestActivities {
  const { webhooks, egress, blockedAddresses, log, shutdown } = dependencies;

  return {
    async testConnection({ tenantId, webhookId }) {
      const webhook = await webhooks.find(tenantId, webhookId).catch((error: unknown) => {
        throw classifyStoreError(error);
      });
      if (!webhook) return null;
      const result = await egress.send({
        tenantId,
        url: webhook.targetUrl,
        method: 'HEAD',
        // Neither custom headers nor credentials: whoever answers here has not proved to be the receiver.
        headers: {},
        deadlineMs: Math.min(webhook.timeoutMs, longestConnectionTestMs),
        signal: shutdown,
      });
      const { statusCode, durationMs } = result;
      const failure = result.kind === 'error' ? { errorClass: result.errorClass, detail: result.detail } : undefined;
      if (failure?.errorClass === 'blocked_address') blockedAddresses.note({ tenantId, webhookId }, 'targetUrl');
      log.info({ tenantId, webhookId, statusCode, durationMs, ...failure }, 'connection tested');
      // The status of an answer that broke off would only hide that it did.
      return { statusCode: failure ? null : statusCode, errorClass: failure?.errorClass ?? null, durationMs };
    },
  };
}
