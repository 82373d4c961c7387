import type { AttemptRecord } from '../domain/delivery';
import { attemptMarginMs } from '../domain/delivery-run';
import { redactedHeaderValue } from '../domain/custom-headers';
import { newId } from '../domain/ids';
import { profiles, type OutgoingRequest } from '../domain/profiles';
import { keptResponseHeaders } from '../domain/response-headers';
import { parseRetryAfter } from '../domain/retry-schedule';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { Span, Tracing } from '../platform/tracing';
import { classifyStoreError } from '../store/database';
import type { LoadedAttempt } from '../store/deliveries';
import type { WebhookSecrets } from '../store/webhooks';
import type { BlockedAddresses } from './blocked-addresses';
import type { MessageSigner } from './message-signer';
import type { AttemptResult, OutboundAuth } from './outbound-auth';
import type { WebhookHealth } from './webhook-health';

/** How much of a receiver's answer is kept for people to read. */
const keptBodyBytes = 1_024;
/** Of an attempt's margin, what is kept for what comes after its exchange. */
const afterExchangeMs = 3_000;

/** So late that this attempt may have begun again elsewhere by the time it is over: it is not made. */
class AttemptTooLate extends Error {
  override readonly name = 'AttemptTooLate';
}

/** What one exchange takes. */
export interface ExchangeRequest {
  tenantId: string;
  /** Of the attempt, from 1. */
  number: number;
  loaded: LoadedAttempt;
  secrets: WebhookSecrets;
  log: Logger;
  /** `performance.now()` at the beginning of the attempt, loading included. */
  began: number;
}

/**
 * Signs and sends. Everything the receiver or the network does comes back as a record.
 * @throws our own trouble: nothing was sent, or an exchange was cut off by the worker's shutdown
 */
export type Exchange = (request: ExchangeRequest) => Promise<{
  record: AttemptRecord;
  /** What a 429 or 503 asked for, already capped. */
  retryAfterMs: number | undefined;
}>;

export function createExchange(dependencies: {
  egress: Egress;
  signer: MessageSigner;
  outboundAuth: OutboundAuth;
  blockedAddresses: BlockedAddresses;
  health: WebhookHealth;
  metrics: EngineMetrics;
  tracing: Tracing;
  /** Fires when the worker stops waiting for its activities: an exchange cut off then is not an attempt. */
  shutdown: AbortSignal;
}): Exchange {
  const { metrics, tracing } = dependencies;

  return (request) => {
    const { loaded, number, tenantId } = request;
    // A burst's trip is in no trace, or in another one: the delivery's own counts.
    const parent = tracing.current() ?? loaded.traceContext;
    const attributes = tracing.on ? attributesOf(tenantId, number, loaded) : {};
    return tracing.inSpan({ name: 'attempt', kind: 'client', parent, attributes }, (span) => exchange(request, span));
  };

  async function exchange({ tenantId, number, loaded, secrets, log, began }: ExchangeRequest, span: Span) {
    const startedAt = loaded.now();
    const sendingFrom = performance.now();
    metrics.attemptWaited(loaded.contract, startedAt.getTime() - loaded.dueAt.getTime());
    let endsAt: number | undefined;

    const result = await dependencies.outboundAuth.send({
      tenantId,
      webhookId: loaded.webhook.id,
      auth: loaded.webhook.auth,
      secret: secrets.auth,
      send: async (authorization) => {
        const signed = await signedRequest(loaded, secrets, startedAt, authorization);
        if (endsAt === undefined && performance.now() - began > attemptMarginMs - afterExchangeMs) {
          throw new AttemptTooLate('an attempt took too long to get ready');
        }
        // Signing is our time and a token has its own deadline; a second send after a 401 shares the first one's.
        endsAt ??= performance.now() + loaded.webhook.timeoutMs;
        return dependencies.egress.send({
          tenantId,
          url: loaded.webhook.targetUrl,
          method: signed.method,
          // Beside what is signed: proxies on the way may give it their own span's id.
          headers: span.traceparent === null ? signed.headers : { ...signed.headers, traceparent: span.traceparent },
          body: signed.body,
          deadlineMs: Math.max(1, endsAt - performance.now()),
          signal: dependencies.shutdown,
        });
      },
    });

    if (result.kind === 'error' && result.errorClass === 'blocked_address') {
      dependencies.blockedAddresses.note({ tenantId, webhookId: loaded.webhook.id }, 'targetUrl');
    }
    const record = toRecord(number, startedAt, performance.now() - sendingFrom, result);
    if (record.statusCode !== null) span.set({ 'http.response.status_code': record.statusCode });
    if (record.errorClass !== null) span.failed(record.errorClass);
    dependencies.health.note(
      { tenantId, webhookId: loaded.webhook.id, ...loaded.webhook },
      { failed: record.errorClass !== null },
    );
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
        ? await dependencies.signer.current(sentAt).catch((error: unknown) => {
            throw classifyStoreError(error);
          })
        : null,
    });
  }
}

/** Host and port only: the path of a receiver's URL is often its secret. */
function attributesOf(tenantId: string, number: number, { contract, webhook, event, eventUid }: LoadedAttempt) {
  const { hostname, port, protocol } = new URL(webhook.targetUrl);
  return {
    'http.request.method': 'POST',
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'everhook.tenant.id': tenantId,
    'everhook.webhook.id': webhook.id,
    'everhook.contract': contract,
    'everhook.event.type': event.type,
    'everhook.event.uid': eventUid,
    'everhook.attempt.number': number,
  };
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
    const { statusCode, errorClass } = result;
    return { ...base, statusCode, errorClass, responseBody: null, responseHeaders: null };
  }
  const success = result.statusCode >= 200 && result.statusCode < 300;
  return {
    ...base,
    statusCode: result.statusCode,
    errorClass: success ? null : 'http_status',
    responseBody: excerpt(result.body),
    // Of a success nobody asks for them, and every delivery has one.
    responseHeaders: success ? null : keptResponseHeaders(result.headers),
  };
}

/** The first KiB as text that PostgreSQL takes: cut at a character, without NUL. */
function excerpt(body: Buffer): string | null {
  if (body.length === 0) return null;
  const text = new TextDecoder('utf-8').decode(body.subarray(0, keptBodyBytes), { stream: true });
  return text.replaceAll('\0', '�');
}
