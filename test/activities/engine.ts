import { Registry } from 'prom-client';
import { createBlockedAddresses } from '../../src/activities/blocked-addresses';
import { createDeliveryActivities } from '../../src/activities/delivery';
import { createExchange } from '../../src/activities/exchange';
import { createMessageSigner } from '../../src/activities/message-signer';
import { createOutboundAuth } from '../../src/activities/outbound-auth';
import { createWebhookLanes, type WebhookLanes } from '../../src/activities/webhook-lanes';
import type { AttemptRequest } from '../../src/domain/delivery-run';
import type { NewEvent } from '../../src/domain/event';
import { profiles } from '../../src/domain/profiles';
import { parseAllowedOrigins } from '../../src/domain/url-policy';
import { createEgress, type Egress } from '../../src/platform/egress/egress';
import { createLogger } from '../../src/platform/logging';
import { createEngineMetrics } from '../../src/platform/metrics';
import type { DeliveryStore } from '../../src/store/deliveries';
import type { MessageSigningKeyStore } from '../../src/store/message-signing-keys';
import type { NewWebhook, WebhookStore } from '../../src/store/webhooks';
import type { Receiver } from '../support/receivers';
import { only, openTestStores } from '../store/stores';

/** What one worker has of its own. */
interface WorkerOptions {
  /** Receivers that deliveries may reach, as in EGRESS_ALLOW. */
  allow?: (Receiver | string)[];
  dnsServers?: string[];
  /** PEM of authorities that are trusted besides the usual ones. */
  extraCa?: string[];
  deliveries?: DeliveryStore;
  messageSigningKeys?: MessageSigningKeyStore;
  webhooks?: WebhookStore;
  shutdown?: AbortSignal;
  lanes?: WebhookLanes;
}

/** A database, a tenant, and workers' activities on them; `close` in `afterAll`. */
export async function openEngine() {
  const stores = await openTestStores();
  const tenantId = await stores.tenant();
  const egresses: Egress[] = [];
  const registry = new Registry();
  const metrics = createEngineMetrics(registry);
  const logged: string[] = [];
  const log = createLogger({
    level: 'trace',
    role: 'worker',
    destination: { write: (line) => void logged.push(line) },
  });

  return {
    stores,
    tenantId,
    registry,
    /** Every line that was logged so far. */
    logged,

    worker(options: WorkerOptions = {}) {
      const allow = (options.allow ?? []).map((one) => (typeof one === 'string' ? one : one.url)).join(',');
      const egress = createEgress({
        allowedOrigins: parseAllowedOrigins(allow),
        dnsServers: options.dnsServers ?? [],
        extraCa: options.extraCa ?? [],
      });
      egresses.push(egress);
      const blockedAddresses = createBlockedAddresses({ audit: stores.audit, log });
      const shutdown = options.shutdown ?? new AbortController().signal;
      const exchange = createExchange({
        signer: createMessageSigner(options.messageSigningKeys ?? stores.messageSigningKeys),
        outboundAuth: createOutboundAuth({ egress, blockedAddresses, shutdown }),
        blockedAddresses,
        egress,
        metrics,
        shutdown,
      });
      return createDeliveryActivities({
        deliveries: options.deliveries ?? stores.deliveries,
        webhooks: options.webhooks ?? stores.webhooks,
        exchange,
        lanes: options.lanes ?? createWebhookLanes({ perWebhook: 100 }),
        metrics,
        log,
        heartbeat: () => {},
      });
    },

    /** A webhook at this URL and one event published to it alone. */
    async deliveryTo(targetUrl: string, webhook: Partial<NewWebhook> = {}, event: Partial<NewEvent> = {}) {
      const [type] = profiles[webhook.contract ?? 'everhook'].eventTypes.map(({ name }) => name);
      const subscription = type === undefined ? {} : { events: [type] };
      const { id: webhookId } = await stores.webhook(tenantId, { targetUrl, ...subscription, ...webhook });
      const { toStart } = await stores.publish(tenantId, { ...(type && { type }), ...event, webhookId });
      const { deliveryId, eventId, eventUid } = only(toStart);
      const request = (number = 1, nextWaitMs: number | null = 2_000): AttemptRequest => ({
        tenantId,
        deliveryId,
        number,
        nextWaitMs,
      });
      return {
        webhookId,
        deliveryId,
        eventId,
        eventUid,
        request,
        stored: () => stores.deliveries.find(tenantId, deliveryId),
        attempts: () => stores.deliveries.attempts(tenantId, deliveryId),
      };
    },

    async close() {
      await Promise.all(egresses.map((egress) => egress.close()));
      await stores.close();
      await stores.drop();
    },
  };
}

export type Engine = Awaited<ReturnType<typeof openEngine>>;
