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
import { newId } from '../domain/ids';
import { profiles, type OutgoingRequest } from '../domain/profiles';
import { parseRetryAfter } from '../domain/retry-schedule';
import { redactedHeaderValue } from '../domain/custom-headers';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import { classifyStoreError, StoreUnavailable } from '../store/database';
import type { DeliveryStore, LoadedAttempt } from '../store/deliveries';
import type { WebhookSecrets, WebhookStore } from '../store/webhooks';
import type { BlockedAddresses } from './blocked-addresses';
import type { MessageSigner } from './message-signer';
import type { AttemptResult, OutboundAuth } from './outbound-auth';

/** How much of a receiver's answer is kept for people to read. */
const keptBodyBytes = 1_024;
/** Of an attempt's margin, what is kept for what comes after its exchange. */
const afterExchangeMs = 3_000;
/** Of that, what telling Temporal may take. */
const afterAnswerMs = 1_000;

/** So late that Temporal may have begun this attempt again elsewhere by the time it is over: it is not made. */
class AttemptTooLate extends Error {
  override readonly name = 'AttemptTooLate';
}

export function createDeliveryActivities(dependencies: {
  deliveries: DeliveryStore;
  webhooks: WebhookStore;
  egress: Egress;
  signer: MessageSigner;
  outboundAuth: OutboundAuth;
  blockedAddresses: BlockedAddresses;
  metrics: EngineMetrics;
  log: Logger;
  /** Tells Temporal that an attempt is alive; called only in those long enough to need it. */
  heartbeat: () => void;
  /** Fires when the worker stops waiting for its activities: an exchange cut off then is not an attempt. */
  shutdown: AbortSignal;
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
      const workflowId = deliveryWorkflowId({ ...loaded, tenantId, webhookId: loaded.webhook.id });
      const log = dependencies.log.child({ tenantId, deliveryId, workflowId, number });
      const beating = heartbeats(profiles[loaded.contract].maxTimeoutMs);
      const { record, retryAfterMs } = await exchange(request, loaded, log, began).finally(() =>
        clearInterval(beating),
      );
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

  /** Signs and sends. Everything the receiver or the network does comes back as a record. */
  async function exchange(request: AttemptRequest, loaded: LoadedAttempt, log: Logger, began: number) {
    const secrets = await webhooks.openSecrets(request.tenantId, loaded.secrets);
    const startedAt = loaded.now();
    const sendingFrom = performance.now();
    metrics.attemptWaited(loaded.contract, startedAt.getTime() - loaded.dueAt.getTime());
    let deadline: number | undefined;

    const result = await dependencies.outboundAuth.send({
      tenantId: request.tenantId,
      webhookId: loaded.webhook.id,
      auth: loaded.webhook.auth,
      secret: secrets.auth,
      send: async (authorization) => {
        const signed = await signedRequest(loaded, secrets, startedAt, authorization);
        if (deadline === undefined && performance.now() - began > attemptMarginMs - afterExchangeMs) {
          throw new AttemptTooLate('an attempt took too long to get ready');
        }
        // Signing is our time and a token has its own deadline; a second send after a 401 shares the first one's.
        deadline ??= performance.now() + loaded.webhook.timeoutMs;
        return dependencies.egress.send({
          url: loaded.webhook.targetUrl,
          method: signed.method,
          headers: signed.headers,
          body: signed.body,
          deadlineMs: Math.max(1, deadline - performance.now()),
          signal: dependencies.shutdown,
        });
      },
    });

    if (result.kind === 'error' && result.errorClass === 'blocked_address') {
      dependencies.blockedAddresses.note({ tenantId: request.tenantId, webhookId: loaded.webhook.id }, 'targetUrl');
    }
    const record = toRecord(request.number, startedAt, performance.now() - sendingFrom, result);
    log.info(
      {
        webhookId: loaded.webhook.id,
        eventId: loaded.event.id,
        statusCode: record.statusCode,
        errorClass: record.errorClass,
        durationMs: record.durationMs,
        ...(result.kind === 'error' && { detail: result.detail }),
      },
      record.errorClass === null ? 'attempt delivered' : 'attempt refused',
    );
    const mayAskToWait = result.kind === 'response' && (result.statusCode === 429 || result.statusCode === 503);
    return {
      record,
      retryAfterMs: mayAskToWait ? parseRetryAfter(result.headers['retry-after'], loaded.now()) : undefined,
    };
  }

  async function signedRequest(
    loaded: LoadedAttempt,
    secrets: WebhookSecrets,
    sentAt: Date,
    authorization: string | null,
  ): Promise<OutgoingRequest> {
    const profile = profiles[loaded.contract];
    return profile.request({
      attemptId: newId(sentAt),
      sentAt,
      webhook: {
        id: loaded.webhook.id,
        targetUrl: loaded.webhook.targetUrl,
        headers: sentHeaders(loaded, secrets, authorization),
        settings: loaded.webhook.settings,
      },
      event: loaded.event,
      secrets: secrets.signing,
      messageSigningKey: profile.signsMessages
        ? await dependencies.signer.current(sentAt).catch(rethrowClassified)
        : null,
    });
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

/** Custom headers with their secret values, and the authorization, which wins over a custom one. */
function sentHeaders(loaded: LoadedAttempt, secrets: WebhookSecrets, authorization: string | null) {
  const headers: Record<string, string> = {};
  for (const [name, shown] of Object.entries(loaded.webhook.headers)) {
    const lower = name.toLowerCase();
    const value = secrets.headers.get(lower)?.reveal() ?? shown;
    if (value !== redactedHeaderValue) headers[lower] = value;
  }
  if (authorization !== null) headers.authorization = authorization;
  return headers;
}

function toRecord(number: number, startedAt: Date, tookMs: number, result: AttemptResult): AttemptRecord {
  const base = { number, startedAt: startedAt.toISOString(), durationMs: Math.round(tookMs) };
  if (result.kind === 'error') {
    return { ...base, statusCode: result.statusCode, errorClass: result.errorClass, responseBody: null };
  }
  const success = result.statusCode >= 200 && result.statusCode < 300;
  return {
    ...base,
    statusCode: result.statusCode,
    errorClass: success ? null : 'http_status',
    responseBody: excerpt(result.body),
  };
}

/** The first KiB as text that PostgreSQL takes: cut at a character, without NUL. */
function excerpt(body: Buffer): string | null {
  if (body.length === 0) return null;
  const text = new TextDecoder('utf-8').decode(body.subarray(0, keptBodyBytes), { stream: true });
  return text.replaceAll('\0', '�');
}
