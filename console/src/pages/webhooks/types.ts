import type { ErrorClass } from '../../../../src/domain/delivery';

/** The dialect that it was registered by. */
export type Contract = 'everhook' | 'sovrin' | 'iceye' | 'celcoin' | 'tyk';

/** A webhook as the API shows it. */
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

export interface WebhookPage {
  data: Webhook[];
  nextCursor: string | null;
}

export interface Counts {
  pending: number;
  delivered: number;
  failed: number;
  cancelled: number;
}

/** How a webhook is; see `GET /api/v1/stats/webhooks`. */
export interface Report {
  webhookId: string;
  deliveries: Counts;
  successRate: number | null;
  lastFailure: { deliveryId: string; errorClass: ErrorClass; at: string } | null;
  failingSince: string | null;
  disabled: { by: 'worker' | 'caller'; at: string } | null;
}

export interface Reports {
  since: string;
  data: Report[];
}

/** Of one webhook; see `GET /api/v1/webhooks/{id}/stats`. */
export interface Stats {
  since: string;
  deliveries: Counts;
  successRate: number | null;
  durationMs: { p50: number | null; p95: number | null; p99: number | null };
}

/** A delivery as lists show it. */
export interface Delivery {
  id: string;
  eventId: string;
  eventType: string;
  webhookId: string;
  status: 'pending' | 'delivered' | 'failed' | 'cancelled';
  nextAttemptAt: string | null;
  createdAt: string;
  completedAt: string | null;
  temporalUrl: string | null;
}

export interface DeliveryWithAttempts extends Delivery {
  attempts: {
    number: number;
    startedAt: string;
    durationMs: number;
    statusCode: number | null;
    errorClass: ErrorClass | null;
    responseBody?: string;
  }[];
}
