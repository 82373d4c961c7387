import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { ConsentType } from '../domain/consent/consent';
import type { ConsentStatus, ConsentTrigger } from '../domain/consent/machine';
import type { CredentialType } from '../domain/credential/credential';
import type { OperationResult } from '../domain/credential-run';
import type { ErrorClass } from '../domain/delivery';
import type { Contract } from '../domain/webhook';
import { cannotListen } from './config';

/** What the engine counts. Labels are closed sets: no tenant, no URL. */
export interface EngineMetrics {
  /** Deliveries that ended, by outcome. */
  deliveryEnded(contract: Contract, status: 'delivered' | 'failed' | 'cancelled'): void;
  /** One HTTP exchange; `errorClass` null: a success. */
  attemptMade(contract: Contract, errorClass: ErrorClass | null, durationMs: number): void;
  /** From when an attempt was due to when it began. */
  attemptWaited(contract: Contract, waitedMs: number): void;
  /** An attempt that was not made yet because its webhook had as many under way as it may. */
  attemptPostponed(contract: Contract): void;
  /** One step of a consent, and how long after its action's acceptance, or its deadline, it was carried out. */
  consentMoved(type: ConsentType, on: ConsentTrigger, to: ConsentStatus, afterMs: number): void;
  /** Deliveries in the outbox past their publisher's grace. */
  outboxDepth(count: number): void;
  /** Deliveries of the burst queue that are due. */
  burstQueueDue(count: number): void;
  /** Webhooks that nothing has reached for a minute. */
  webhooksFailing(count: number): void;
  /** How many keys stored secrets need that this process has not. */
  encryptionKeysMissing(count: number): void;
  /** Partitions that are over and stay because deliveries that need them are pending. */
  partitionsWaiting(count: number): void;
  retentionRemoved(kind: 'partition' | 'payload' | 'response_body' | 'event_key', count: number): void;
  /** What came of an operation on a credential: `provisioned`, `changed`, `removed`, `restored` or `stuck`. */
  credentialOperationEnded(type: CredentialType, result: OperationResult['kind']): void;
  /** AWS may hold what it should not, until somebody repairs it. */
  compensationFailed(type: CredentialType): void;
}

export function createEngineMetrics(registry: Registry): EngineMetrics {
  const registers = [registry];
  const deliveries = new Counter({
    name: 'everhook_deliveries_total',
    help: 'Deliveries that ended, by contract and outcome.',
    labelNames: ['contract', 'status'] as const,
    registers,
  });
  const attempts = new Histogram({
    name: 'everhook_attempt_duration_seconds',
    help: 'Duration of one HTTP exchange, from DNS to the end of the body, by contract and error class.',
    labelNames: ['contract', 'error_class'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10, 30, 60],
    registers,
  });
  const latency = new Histogram({
    name: 'everhook_queue_latency_seconds',
    help: 'From when an attempt was due to when it began.',
    labelNames: ['contract'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
    registers,
  });
  const postponements = new Counter({
    name: 'everhook_attempts_postponed_total',
    help: 'Attempts that had to wait because their webhook had as many under way as it may, by contract.',
    labelNames: ['contract'] as const,
    registers,
  });
  const consents = new Counter({
    name: 'everhook_consents_total',
    help: 'Steps of consents, by type and the status they led to.',
    labelNames: ['type', 'status'] as const,
    registers,
  });
  const settling = new Histogram({
    name: 'everhook_consent_lag_seconds',
    help: 'From the acceptance of an action, or a deadline, to its being carried out.',
    labelNames: ['on'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
    registers,
  });
  const outbox = new Gauge({
    name: 'everhook_outbox_depth',
    help: 'Deliveries stored but not started, past the grace of their publisher, as the last sweep found them.',
    registers,
  });
  const burstQueue = new Gauge({
    name: 'everhook_burst_queue_due',
    help: 'Deliveries that travel together and are due, as the last sweep found them.',
    registers,
  });
  const failing = new Gauge({
    name: 'everhook_webhooks_failing',
    help: 'Webhooks in use that nothing has reached for a minute or longer, as the last sweep found them.',
    registers,
  });
  const missingKeys = new Gauge({
    name: 'everhook_encryption_keys_missing',
    help: 'Keys that stored secrets need and ENCRYPTION_KEYS does not have. Alert on any.',
    registers,
  });
  const waiting = new Gauge({
    name: 'everhook_partitions_waiting',
    help: 'Partitions older than RETENTION that pending deliveries need, as the last run of retention found them.',
    registers,
  });
  const removed = new Counter({
    name: 'everhook_retention_removed_total',
    help: 'What retention removed, by kind.',
    labelNames: ['kind'] as const,
    registers,
  });
  const operations = new Counter({
    name: 'everhook_credential_operations_total',
    help: 'Operations on credentials that ended, by type of credential and what came of them.',
    labelNames: ['type', 'result'] as const,
    registers,
  });
  const compensationFailures = new Counter({
    name: 'everhook_credential_compensation_failed_total',
    help: 'Compensations on AWS that failed for good: something may be left behind. Alert on any.',
    labelNames: ['type'] as const,
    registers,
  });
  return {
    deliveryEnded: (contract, status) => deliveries.inc({ contract, status }),
    attemptMade: (contract, errorClass, durationMs) =>
      attempts.observe({ contract, error_class: errorClass ?? 'none' }, durationMs / 1000),
    attemptWaited: (contract, waitedMs) => latency.observe({ contract }, Math.max(0, waitedMs) / 1000),
    attemptPostponed: (contract) => postponements.inc({ contract }),
    consentMoved(type, on, status, afterMs) {
      consents.inc({ type, status });
      settling.observe({ on: on === 'deadline' ? 'deadline' : 'action' }, Math.max(0, afterMs) / 1000);
    },
    outboxDepth: (count) => outbox.set(count),
    burstQueueDue: (count) => burstQueue.set(count),
    webhooksFailing: (count) => failing.set(count),
    encryptionKeysMissing: (count) => missingKeys.set(count),
    partitionsWaiting: (count) => waiting.set(count),
    retentionRemoved: (kind, count) => removed.inc({ kind }, count),
    credentialOperationEnded: (type, result) => operations.inc({ type, result }),
    compensationFailed: (type) => compensationFailures.inc({ type }),
  };
}

/** Answers of the operations port. */
export interface OperationsServer {
  port: number;
  close(): Promise<void>;
}

/**
 * `/metrics`, `/livez` and `/readyz` on a port of their own, without authentication: not for the internet.
 * `coreMetricsUrl` is where the SDK's own exporter listens; its text is appended.
 */
export async function serveOperations(options: {
  host: string;
  port: number;
  registry: Registry;
  coreMetricsUrl: string | null;
  ready(): Promise<Record<string, boolean>>;
  /** What `/readyz` tells besides, and what does not make it 503. */
  told?(): Record<string, boolean>;
}): Promise<OperationsServer> {
  const { registry } = options;

  async function metricsText(): Promise<string> {
    const own = await registry.metrics();
    if (options.coreMetricsUrl === null) return own;
    try {
      const core = await fetch(options.coreMetricsUrl, { signal: AbortSignal.timeout(2_000) });
      return core.ok ? own + (await core.text()) : own;
    } catch {
      return own;
    }
  }

  async function answer(path: string): Promise<{ status: number; type: string; body: string }> {
    if (path === '/metrics') return { status: 200, type: registry.contentType, body: await metricsText() };
    if (path === '/livez') return { status: 200, type: 'application/json', body: '{"status":"ok"}' };
    if (path === '/readyz') {
      const parts = await options.ready();
      const status = Object.values(parts).every(Boolean) ? 200 : 503;
      return { status, type: 'application/json', body: JSON.stringify({ ...parts, ...options.told?.() }) };
    }
    return { status: 404, type: 'text/plain', body: 'not found' };
  }

  const server = createServer((request, response) => {
    answer((request.url ?? '/').split('?')[0] ?? '/')
      .catch(() => ({ status: 500, type: 'text/plain', body: 'internal error' }))
      .then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
        response.end(body);
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { METRICS_PORT: options.port, HOST: options.host })));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
