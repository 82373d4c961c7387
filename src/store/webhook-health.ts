import type { Knex } from 'knex';
import type { StartableDelivery } from '../domain/delivery-run';
import { smallestIdAt } from '../domain/ids';
import { webhookRecoveredEvent } from '../domain/operational-events';
import { webhookDisabledEvent } from '../domain/webhook-disabled';
import type { AuditStore } from './audit';
import { createBatching } from './batching';
import type { Database } from './database';
import type { EventStore } from './events';
import type { WebhookRow } from './webhooks';

/** Fewer deliveries that failed prove nothing: two bad minutes, days apart, are no outage. */
const leastFailed = 5;
const dayMs = 24 * 60 * 60_000;
const mostMarked = 100;

interface Mark {
  tenantId: string;
  webhookId: string;
  /** Null: an attempt succeeded. */
  failingSince: Date | null;
}

type HealthRow = WebhookRow & { failing_since: Date | null; disabled_failing_since: Date | null };

export type WebhookHealthStore = ReturnType<typeof createWebhookHealthStore>;

export function createWebhookHealthStore(dependencies: {
  database: Database;
  events: Pick<EventStore, 'publish'>;
  audit: AuditStore;
}) {
  const { database, events, audit } = dependencies;
  const mark = createBatching<Mark, void>({
    run: markAll,
    most: mostMarked,
    keyOf: ({ webhookId }) => webhookId,
  });

  async function markAll(unsorted: readonly Mark[]): Promise<void[]> {
    const marks = unsorted.toSorted((a, b) => (a.webhookId < b.webhookId ? -1 : 1));
    await database
      .raw(
        `UPDATE webhooks w SET failing_since = m.failing_since
         FROM unnest(?::uuid[], ?::uuid[], ?::timestamptz[]) AS m (tenant_id, id, failing_since)
         WHERE w.tenant_id = m.tenant_id AND w.id = m.id AND (w.failing_since IS NULL) <> (m.failing_since IS NULL)`,
        [
          marks.map((m) => m.tenantId),
          marks.map((m) => m.webhookId),
          marks.map((m) => m.failingSince),
        ] as Knex.RawBinding[],
      )
      .options({ name: 'mark_webhooks' });
    return unsorted.map(() => {});
  }

  return {
    /** Notes that a webhook began to fail, the first time, or that it is well again. */
    mark: (of: Mark): Promise<void> => mark(of),

    /**
     * Notes that a webhook answers again that did not for long, and tells its tenant so by an event. The deliveries of the
     * event are the caller's to start; none when another attempt was first.
     */
    async recover({ tenantId, webhookId }: { tenantId: string; webhookId: string }): Promise<StartableDelivery[]> {
      return database.transaction(async (within) => {
        const webhook = within('webhooks').where({ tenant_id: tenantId, id: webhookId });
        const row = await webhook.clone().forUpdate().first<HealthRow | undefined>();
        const failingSince = row?.disabled_failing_since ?? row?.failing_since;
        if (!row || !failingSince) return [];
        await webhook.update({ failing_since: null, disabled_failing_since: null });
        const { contract, description } = row;
        const recovered = { webhookId, contract, description, failingSince, recoveredAt: new Date() };
        const { toStart } = await events.publish(tenantId, [webhookRecoveredEvent(recovered)], within);
        return toStart;
      });
    },

    /**
     * Disables a webhook that nothing has reached for `failingMs`, tells its tenant so by an event, and writes it to the
     * audit log: all or nothing. Null: it is disabled already, or not ill enough; else the deliveries of the event, which
     * are the caller's to start.
     */
    async disableFailing(
      { tenantId, webhookId }: { tenantId: string; webhookId: string },
      failingMs: number,
    ): Promise<StartableDelivery[] | null> {
      return database.transaction(async (within) => {
        const disabledAt = new Date();
        const row = await within('webhooks')
          .where({ tenant_id: tenantId, id: webhookId, disabled: false })
          .whereNull('deleted_at')
          .where('failing_since', '<=', new Date(disabledAt.getTime() - failingMs))
          .forUpdate()
          .first<(HealthRow & { failing_since: Date }) | undefined>();
        if (!row) return null;
        const failingSince = row.failing_since;
        const failed = await within('deliveries')
          .where({ tenant_id: tenantId, webhook_id: webhookId })
          // Those that were under way when it began may be a little older.
          .where('id', '>=', smallestIdAt(new Date(failingSince.getTime() - dayMs)))
          .whereNotNull('last_error_class')
          .orderBy('id')
          .limit(leastFailed)
          .select('id');
        if (failed.length < leastFailed) return null;
        await within('webhooks')
          .where({ tenant_id: tenantId, id: webhookId })
          .update({ disabled: true, disabled_failing_since: failingSince, updated_at: disabledAt });
        await audit.append(
          {
            tenantId,
            actor: 'worker',
            action: 'webhook.disable_failing',
            objectType: 'webhook',
            objectId: webhookId,
            fields: ['disabled'],
            address: null,
            requestId: null,
            outcome: 'success',
          },
          within,
        );
        const { contract, description } = row;
        const event = webhookDisabledEvent({ webhookId, contract, description, failingSince, disabledAt });
        const { toStart } = await events.publish(tenantId, [event], within);
        return toStart;
      });
    },
  };
}
