import { z } from 'zod';
import { numberParameter } from './list';
import { timestamp } from './time';

export const deliveryRequestQuery = z.strictObject({
  attempt: numberParameter(11).optional().meta({ description: 'The last one where left out.' }),
});

/** A body is shown up to here. */
export const shownBodyBytes = 16 * 1024;

export const deliveryRequest = z
  .strictObject({
    attempt: z.int(),
    sentAt: timestamp,
    method: z.enum(['POST', 'PUT', 'PATCH']),
    url: z.string(),
    headers: z.array(
      z.strictObject({
        name: z.string(),
        value: z.string(),
        purpose: z.enum(['content', 'signature', 'custom']).meta({
          description: '`signature`: what receivers verify; `custom`: set on the webhook. Secret values are not shown.',
        }),
      }),
    ),
    body: z.string().meta({ description: 'Its first 16 KiB.' }),
    bodyBytes: z.int(),
  })
  .meta({ id: 'DeliveryRequest' });
export type ShownDeliveryRequest = z.infer<typeof deliveryRequest>;
