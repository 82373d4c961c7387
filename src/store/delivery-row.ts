import type { DeliveryStatus, ErrorClass } from '../domain/delivery';
import type { StartableDelivery } from '../domain/delivery-run';
import type { Contract } from '../domain/webhook';

/** A delivery as stored, without its attempts. */
export interface Delivery extends StartableDelivery {
  status: DeliveryStatus;
  /** When the next attempt is due; null once finished. */
  nextAttemptAt: Date | null;
  createdAt: Date;
  startedAt: Date | null;
  completedAt: Date | null;
  lastErrorClass: ErrorClass | null;
  /** The burst that made its last attempt; null: it has a run of its own, or will have. */
  burst: { number: number; runId: string } | null;
}

export interface DeliveryRow {
  tenant_id: string;
  id: string;
  event_uid: string;
  webhook_id: string;
  redelivery: number;
  event_id: string;
  event_type: string;
  contract: Contract;
  status: DeliveryStatus;
  retry_schedule: number[];
  due_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
  last_error_class: ErrorClass | null;
  created_at: Date;
  burst_number: number | null;
  burst_run_id: string | null;
  trace_context: string | null;
}

export const toDelivery = (row: DeliveryRow): Delivery => ({
  tenantId: row.tenant_id,
  deliveryId: row.id,
  eventUid: row.event_uid,
  webhookId: row.webhook_id,
  redelivery: row.redelivery,
  eventId: row.event_id,
  eventType: row.event_type,
  contract: row.contract,
  retrySchedule: row.retry_schedule,
  status: row.status,
  nextAttemptAt: row.status === 'pending' ? row.due_at : null,
  createdAt: row.created_at,
  startedAt: row.started_at,
  completedAt: row.completed_at,
  lastErrorClass: row.last_error_class,
  traceContext: row.trace_context,
  burst:
    row.burst_number === null || row.burst_run_id === null
      ? null
      : { number: row.burst_number, runId: row.burst_run_id },
});
