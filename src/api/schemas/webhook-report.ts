import { z } from 'zod';
import { errorClasses } from '../../domain/delivery';
import { shownUuid } from './id';
import { instant, timestamp } from './time';

const webhookReport = z.strictObject({
  webhookId: shownUuid,
  deliveries: z.strictObject({ pending: z.int(), delivered: z.int(), failed: z.int(), cancelled: z.int() }),
  successRate: z.number().nullable().meta({ description: 'delivered / (delivered + failed); null before either.' }),
  lastFailure: z
    .strictObject({ deliveryId: shownUuid, errorClass: z.enum(errorClasses), at: timestamp })
    .nullable()
    .meta({ description: 'The newest delivery since then whose last attempt failed.' }),
  failingSince: timestamp
    .nullable()
    .meta({ description: 'Since when nothing has reached it; null: its last attempt did, or there was none.' }),
  disabled: z
    .strictObject({
      by: z.enum(['worker', 'caller']).meta({ description: '`worker`: because all attempts failed for days.' }),
      at: timestamp,
    })
    .nullable()
    .meta({ description: 'Null: it is enabled, or was registered as disabled.' }),
});

export const webhookReports = z.strictObject({ since: timestamp, data: z.array(webhookReport) }).meta({
  id: 'WebhookReports',
  example: {
    since: '2026-01-15T09:30:00.000Z',
    data: [
      {
        webhookId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
        deliveries: { pending: 2, delivered: 97, failed: 3, cancelled: 0 },
        successRate: 0.97,
        lastFailure: {
          deliveryId: '0198c0de-7f3b-7001-8000-3a1b2c4d5e6f',
          errorClass: 'timeout',
          at: '2026-01-15T12:10:00.000Z',
        },
        failingSince: null,
        disabled: null,
      },
    ],
  },
});
export type ShownWebhookReports = z.infer<typeof webhookReports>;

export const webhookReportsQuery = z.strictObject({
  since: instant.optional().meta({ description: 'Of deliveries made then or later; 24 hours ago by default.' }),
});
