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

export interface TrendFigures {
  deliveries: Outcomes;
  /** delivered / (delivered + failed); null before either. */
  successRate: number | null;
  attempts: number;
  timeToDeliveryMs: { p50: number | null; p95: number | null };
}

/** Deliveries by the time that they were made, bucket by bucket without gaps. */
export interface DeliveryTrend {
  from: string;
  to: string;
  /** Width of a bucket: `1m`, `6h`. */
  step: string;
  total: TrendFigures;
  buckets: (TrendFigures & { from: string })[];
}

export interface FailingWebhook {
  webhookId: string;
  contract: Contract;
  targetUrl: string;
  description: string | null;
  disabled: boolean;
  failingSince: string | null;
  failed: number;
  retrying: number;
  errors: { errorClass: ErrorClass; count: number }[];
  last: { deliveryId: string; at: string; statusCode: number | null; errorClass: ErrorClass } | null;
}

export interface Failing {
  since: string;
  webhooks: FailingWebhook[];
  /** Of all that are not finished; counted up to 10,000. */
  pending: { count: number; oldestAt: string | null };
}
