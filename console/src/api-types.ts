/** Answers of the API as the console reads them. The API's OpenAPI document describes them whole. */
import type { DeliveryStatus, ErrorClass } from '../../src/domain/delivery';
import type { Contract } from '../../src/domain/webhook';

export interface List<Item> {
  data: Item[];
  nextCursor: string | null;
}

export interface ListedDelivery {
  id: string;
  eventId: string;
  eventType: string;
  webhookId: string;
  status: DeliveryStatus;
  lastErrorClass: ErrorClass | null;
  nextAttemptAt: string | null;
  createdAt: string;
  completedAt: string | null;
  workflowId: string;
  temporalUrl: string | null;
}

export interface Attempt {
  number: number;
  startedAt: string;
  durationMs: number;
  statusCode: number | null;
  errorClass: ErrorClass | null;
  responseBody?: string;
}

export interface Delivery extends ListedDelivery {
  attempts: Attempt[];
  /** Milliseconds to wait before each retry. */
  retrySchedule: number[];
}

export interface DeliveryRequest {
  attempt: number;
  sentAt: string;
  method: string;
  url: string;
  headers: { name: string; value: string; purpose: 'content' | 'signature' | 'custom' }[];
  body: string;
  bodyBytes: number;
}

export interface Webhook {
  id: string;
  contract: Contract;
  targetUrl: string;
  events: string[];
  channels: string[];
  description: string | null;
  disabled: boolean;
  authType: 'noauth' | 'basic' | 'client_credential';
  timeoutMs: number;
  maxRetries: number;
  headers: Record<string, string>;
  createdAt: string;
  updatedAt: string;
}

export interface StoredEvent {
  id: string;
  type: string;
  occurredAt: string;
  webhookId: string | null;
  channel: string | null;
  createdAt: string;
  /** Null: it is no longer kept. */
  payload: Record<string, unknown> | null;
}

/** How many deliveries became what. */
export type Outcomes = Record<DeliveryStatus, number>;

export interface DeliveryBucket extends Outcomes {
  at: string;
}

export interface DeliveryStats {
  from: string;
  to: string;
  stepSeconds: number;
  buckets: DeliveryBucket[];
  totals: Outcomes;
  /** delivered / (delivered + failed); null before either. */
  successRate: number | null;
  timeToDeliveryMs: { p50: number | null; p95: number | null };
  attempts: number;
}

export interface FailingWebhook {
  webhookId: string;
  contract: Contract;
  targetUrl: string;
  description: string | null;
  disabled: boolean;
  failingSince: string | null;
  failed: number;
  pending: number;
  errorClasses: { errorClass: ErrorClass; count: number }[];
  lastFailureAt: string | null;
}
