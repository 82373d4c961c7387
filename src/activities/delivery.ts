import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptOutcome, AttemptRecord, ErrorClass } from '../domain/delivery';
import {
  attemptMarginMs,
  deliveryWorkflowId,
  heartbeatEveryMs,
  longestLocalAttemptMs,
  type AttemptReport,
  type AttemptRequest,
  type DeliveryActivities,
} from '../domain/delivery-run';
import { profiles } from '../domain/profiles';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import { classifyStoreError, StoreUnavailable } from '../store/database';
import type { DeliveryStore, LoadedAttempt } from '../store/deliveries';
import type { WebhookStore } from '../store/webhooks';
import type { Exchange } from './exchange';
import { laneKey, laneResult, type LaneResult, type WebhookLanes } from './webhook-lanes';

/** An attempt that is postponed again and again asks ever more rarely, so that its history stays short. */
const mostPatience = 10;

/** Of what an attempt may take, what telling Temporal may. */
const afterAnswerMs = 1_000;

export function createDeliveryActivities(dependencies: {
  deliveries: DeliveryStore;
  webhooks: WebhookStore;
  exchange: Exchange;
  lanes: WebhookLanes;
  metrics: EngineMetrics;
  log: Logger;
  /** Tells Temporal that an attempt is alive; called only in those long enough to need it. */
  heartbeat: () => void;
}): DeliveryActivities {
  const { deliveries, webhooks, metrics } = dependencies;

  return {
    async attemptDelivery(request) {
      const began = performance.now();
      const loaded = await deliveries.loadAttempt(request).catch(rethrowClassified);
      if (!loaded) return cancelled('the delivery is gone');
      if (loaded.recorded) return { outcome: outcomeOfRecorded(loaded, loaded.recorded) };
      if (loaded.status === 'delivered') return { outcome: { kind: 'delivered' } };
      if (loaded.status !== 'pending') return cancelled(`the delivery is ${loaded.status}`);
      if (loaded.webhook.silent) {
        if (await deliveries.settleCancelled(request.tenantId, request.deliveryId).catch(rethrowClassified)) {
          metrics.deliveryEnded(loaded.contract, 'cancelled');
        }
        return cancelled('the webhook is disabled or deleted');
      }

      const { tenantId, deliveryId, number } = request;
      const lane = dependencies.lanes.enter(laneKey(tenantId, loaded.webhook.id));
      if ('postponeMs' in lane) return postpone(request, loaded, lane.postponeMs);
      const workflowId = deliveryWorkflowId({ ...loaded, tenantId, webhookId: loaded.webhook.id });
      const log = dependencies.log.child({ tenantId, deliveryId, workflowId, number });
      const beating = heartbeats(profiles[loaded.contract].maxTimeoutMs);
      let result: LaneResult = 'not_made';
      const { record, retryAfterMs } = await webhooks
        .openSecrets(tenantId, loaded.secrets)
        .then((secrets) => dependencies.exchange({ tenantId, number, loaded, secrets, log, began }))
        .then((made) => {
          result = laneResult(made.record.errorClass);
          return made;
        })
        .finally(() => {
          clearInterval(beating);
          lane.leave(result);
        });
      metrics.attemptMade(loaded.contract, record.errorClass, record.durationMs);
      const outcome = outcomeOf(record.errorClass, record.statusCode, retryAfterMs);
      const report: AttemptReport = { outcome };
      try {
        const endsAt = began + profiles[loaded.contract].maxTimeoutMs + attemptMarginMs;
        await within(endsAt - afterAnswerMs - performance.now(), store(request, record, retryAfterMs));
      } catch (error) {
        // It was sent; the workflow carries the record until PostgreSQL takes it, so that it is not sent again.
        log.warn({ err: classifyStoreError(error) }, 'an attempt could not be recorded yet');
        report.unrecorded = record;
      }
      const status = statusAfter(request, record.errorClass);
      if (status !== 'pending') metrics.deliveryEnded(loaded.contract, status);
      return report;
    },

    async recordAttempt(request, record, retryAfterMs) {
      await store(request, record, retryAfterMs).catch(rethrowClassified);
    },

    async settleCancelled({ tenantId, deliveryId }) {
      if (!(await deliveries.settleCancelled(tenantId, deliveryId).catch(rethrowClassified))) return;
      const settled = await deliveries.find(tenantId, deliveryId).catch(() => null);
      if (settled) metrics.deliveryEnded(settled.contract, 'cancelled');
    },
  };

  function heartbeats(maxAttemptMs: number): NodeJS.Timeout | undefined {
    return maxAttemptMs > longestLocalAttemptMs ? setInterval(dependencies.heartbeat, heartbeatEveryMs) : undefined;
  }

  async function postpone(request: AttemptRequest, loaded: LoadedAttempt, placeMs: number): Promise<AttemptReport> {
    const ms = placeMs * Math.min(mostPatience, 1 + (request.postponed ?? 0));
    await deliveries.postpone(request, new Date(loaded.now().getTime() + ms)).catch(rethrowClassified);
    metrics.attemptPostponed(loaded.contract);
    return { outcome: { kind: 'postponed', ms } };
  }

  async function store(request: AttemptRequest, record: AttemptRecord, retryAfterMs: number | undefined) {
    const status = statusAfter(request, record.errorClass);
    const endedAt = Date.parse(record.startedAt) + record.durationMs;
    const wait = Math.max(request.nextWaitMs ?? 0, retryAfterMs ?? 0);
    await deliveries.recordAttempt(request, record, {
      status,
      dueAt: status === 'pending' ? new Date(endedAt + wait) : null,
    });
  }
}

/** @throws StoreUnavailable when it takes longer; what was asked may still happen */
async function within(ms: number, asked: Promise<void>): Promise<void> {
  const answered = new AbortController();
  const late = sleep(Math.max(0, ms), undefined, { signal: answered.signal }).then(() => {
    throw new StoreUnavailable(new Error(`no answer within ${Math.round(ms)} ms`));
  });
  try {
    await Promise.race([asked, late]);
  } finally {
    answered.abort();
  }
}

/** Our own trouble goes to Temporal as it is classified; its message has no values of a query. */
function rethrowClassified(error: unknown): never {
  throw classifyStoreError(error);
}

function cancelled(reason: string): AttemptReport {
  return { outcome: { kind: 'cancelled', reason } };
}

function outcomeOf(errorClass: ErrorClass | null, statusCode: number | null, retryAfterMs?: number): AttemptOutcome {
  if (errorClass === null) return { kind: 'delivered' };
  return { kind: 'refused', errorClass, statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The answer of an attempt that was made before; what is left of the wait it asked for is kept too. */
function outcomeOfRecorded(
  { dueAt, now }: LoadedAttempt,
  recorded: { errorClass: ErrorClass | null; statusCode: number | null },
): AttemptOutcome {
  const leftMs = dueAt.getTime() - now().getTime();
  return outcomeOf(recorded.errorClass, recorded.statusCode, leftMs > 0 ? leftMs : undefined);
}

function statusAfter(request: AttemptRequest, errorClass: ErrorClass | null): 'delivered' | 'failed' | 'pending' {
  if (errorClass === null) return 'delivered';
  return request.nextWaitMs === null ? 'failed' : 'pending';
}
