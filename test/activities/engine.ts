import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { createBlockedAddresses } from '../../src/activities/blocked-addresses';
import { createBurstActivities, type BurstDependencies, type Trip } from '../../src/activities/burst';
import { createDeliveryActivities } from '../../src/activities/delivery';
import { createExchange } from '../../src/activities/exchange';
import { createMessageSigner } from '../../src/activities/message-signer';
import { createOutboundAuth } from '../../src/activities/outbound-auth';
import { createWebhookHealth } from '../../src/activities/webhook-health';
import { createWebhookLanes, type WebhookLanes } from '../../src/activities/webhook-lanes';
import type { AttemptRequest, StartableDelivery } from '../../src/domain/delivery-run';
import type { NewEvent } from '../../src/domain/event';
import { profiles } from '../../src/domain/profiles';
import { parseAllowedOrigins } from '../../src/domain/url-policy';
import { createEgress, type Egress } from '../../src/platform/egress/egress';
import { createLogger } from '../../src/platform/logging';
import { createEngineMetrics } from '../../src/platform/metrics';
import { noTracing } from '../../src/platform/tracing';
import type { BurstQueueStore } from '../../src/store/burst-queue';
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

interface BurstWorkerOptions extends WorkerOptions {
  burstQueue?: BurstQueueStore;
  pace?: BurstDependencies['pace'];
}

/** A database, a tenant, and workers' activities on them; `close` in `afterAll`. */
export async function openEngine(options: Parameters<typeof openTestStores>[0] = {}) {
  const stores = await openTestStores(options);
  const tenantId = await stores.tenant();
  const egresses: Egress[] = [];
  const registry = new Registry();
  const metrics = createEngineMetrics(registry);
  const logged: string[] = [];
  const operational: StartableDelivery[] = [];
  const log = createLogger({
    level: 'trace',
    role: 'worker',
    destination: { write: (line) => void logged.push(line) },
  });

  function exchangeOf(options: WorkerOptions) {
    const allow = (options.allow ?? []).map((one) => (typeof one === 'string' ? one : one.url)).join(',');
    const egress = createEgress({
      allowedOrigins: parseAllowedOrigins(allow),
      dnsServers: options.dnsServers ?? [],
      extraCa: options.extraCa ?? [],
    });
    egresses.push(egress);
    const blockedAddresses = createBlockedAddresses({ audit: stores.audit, log });
    const shutdown = options.shutdown ?? new AbortController().signal;
    return createExchange({
      signer: createMessageSigner(options.messageSigningKeys ?? stores.messageSigningKeys),
      outboundAuth: createOutboundAuth({ egress, blockedAddresses, shutdown }),
      blockedAddresses,
      health: createWebhookHealth({
        webhookHealth: stores.webhookHealth,
        starter: { enqueue: async (deliveries) => void operational.push(...deliveries) },
        disableFailingAfterMs: 5 * 24 * 60 * 60_000,
        log,
      }),
      egress,
      metrics,
      tracing: noTracing,
      shutdown,
    });
  }

  return {
    stores,
    /** Deliveries of operational events that were to be started. */
    operational,
    tenantId,
    registry,
    /** Every line that was logged so far. */
    logged,

    worker(options: WorkerOptions = {}) {
      return createDeliveryActivities({
        deliveries: options.deliveries ?? stores.deliveries,
        webhooks: options.webhooks ?? stores.webhooks,
        exchange: exchangeOf(options),
        lanes: options.lanes ?? createWebhookLanes({ perWebhook: 100 }),
        metrics,
        log,
        heartbeat: () => {},
      });
    },

    /** What carries deliveries that travel together, in a worker of its own. */
    burstWorker(options: BurstWorkerOptions = {}) {
      const started: StartableDelivery[] = [];
      const called: number[] = [];
      const background = new Set<Promise<void>>();
      const stopping = new AbortController();
      let trip: Trip = { runId: '', activityId: '1', attempt: 1, heartbeat: () => {}, cancelled: stopping.signal };
      const { carryBurst } = createBurstActivities({
        burstQueue: options.burstQueue ?? stores.burstQueue,
        webhooks: options.webhooks ?? stores.webhooks,
        bursts: { call: async (number) => void called.push(number) },
        starter: {
          enqueue: async (deliveries) => void started.push(...deliveries),
          close: () => Promise.resolve(),
        },
        lanes: createWebhookLanes({ perWebhook: 100 }),
        exchange: exchangeOf(options),
        metrics,
        log,
        trip: () => trip,
        stopping: stopping.signal,
        background,
        pace: { lingerMs: 50, ...options.pace },
      });
      return {
        /** Deliveries that went on in a run of their own. */
        started,
        /** Numbers of the bursts that were called for help. */
        called,
        background,
        stop: () => stopping.abort(),
        carry: (of: Partial<Pick<Trip, 'runId' | 'attempt'>> = {}) => {
          trip = { ...trip, runId: randomUUID(), attempt: 1, ...of };
          return carryBurst({ number: 0 });
        },
      };
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
