import { z } from 'zod';
import { errorClasses } from '../../domain/delivery';
import { contracts } from '../../domain/webhook';
import { mostCounted } from '../../store/failing-webhooks';
import { shownUuid, uuid } from './id';
import { numberParameter } from './list';
import { instant, timestamp } from './time';

const minuteMs = 60_000;

/** Widths of a bucket. */
export const steps = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '1h': 60 * minuteMs,
  '6h': 360 * minuteMs,
  '1d': 1_440 * minuteMs,
} as const;
export type Step = keyof typeof steps;
export const stepNames = Object.keys(steps) as [Step, ...Step[]];

/** So many buckets an answer has at most. */
export const mostBuckets = 200;

export const trendQuery = z.strictObject({
  from: instant.optional().meta({ description: 'Deliveries made then or later; 24 hours before `to` by default.' }),
  to: instant.optional().meta({ description: 'Deliveries made before then; now by default.' }),
  step: z
    .enum(stepNames, `must be one of ${stepNames.join(', ')}`)
    .optional()
    .meta({
      description: `Width of a bucket; chosen by the time asked for unless said. At most ${mostBuckets} buckets.`,
    }),
  webhookId: uuid.optional().meta({ description: 'Of this webhook only.' }),
});

const milliseconds = z.int().nullable();
const outcomes = {
  deliveries: z.strictObject({ pending: z.int(), delivered: z.int(), failed: z.int(), cancelled: z.int() }),
  successRate: z.number().nullable().meta({ description: 'delivered / (delivered + failed); null before either.' }),
  attempts: z.int().meta({ description: 'HTTP exchanges that were made for them.' }),
  timeToDeliveryMs: z.strictObject({ p50: milliseconds, p95: milliseconds }).meta({
    description:
      'From publishing to the answer that delivered it; null where nothing was delivered. Of a sample where there are ' +
      'more than a few hundred in a bucket.',
  }),
};

export const deliveryTrend = z
  .strictObject({
    from: timestamp,
    to: timestamp,
    step: z.enum(stepNames),
    total: z.strictObject(outcomes),
    buckets: z
      .array(z.strictObject({ from: timestamp, ...outcomes }))
      .meta({ description: 'By the time that deliveries were made: one after the other, without gaps.' }),
  })
  .meta({ id: 'DeliveryTrend' });
export type ShownTrend = z.infer<typeof deliveryTrend>;

export const failingQuery = z.strictObject({
  minutes: numberParameter(1_440)
    .optional()
    .meta({ description: 'Deliveries made within the last so many minutes; 60 by default.' }),
});

const count = z.int().min(0);
export const failing = z
  .strictObject({
    since: timestamp,
    webhooks: z
      .array(
        z.strictObject({
          webhookId: shownUuid,
          contract: z.enum(contracts),
          targetUrl: z.string(),
          description: z.string().nullable(),
          disabled: z.boolean(),
          failingSince: timestamp.nullable().meta({
            description:
              'When the first attempt failed since the last that succeeded; null when the last one succeeded. Of a ' +
              'disabled webhook: why it is disabled, unless somebody did it for another reason.',
          }),
          failed: count.meta({ description: 'Deliveries that have failed for good.' }),
          retrying: count.meta({ description: 'Deliveries whose last attempt failed and that will be tried again.' }),
          errors: z
            .array(z.strictObject({ errorClass: z.enum(errorClasses), count }))
            .meta({ description: 'Of both, most frequent first.' }),
          last: z
            .strictObject({
              deliveryId: shownUuid,
              at: timestamp,
              statusCode: z.int().nullable(),
              errorClass: z.enum(errorClasses),
            })
            .nullable()
            .meta({ description: 'The last attempt of the newest of them.' }),
        }),
      )
      .meta({ description: 'Those that fail, are disabled, or have failed since their last success; 100 at most.' }),
    pending: z
      .strictObject({ count, oldestAt: timestamp.nullable() })
      .meta({ description: `All deliveries that are not finished, counted up to ${mostCounted}.` }),
  })
  .meta({ id: 'Failing', description: `Of each kind at most ${mostCounted} deliveries are looked at.` });
export type ShownFailing = z.infer<typeof failing>;
