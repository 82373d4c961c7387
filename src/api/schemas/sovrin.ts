import { z } from 'zod';
import { subscribableTypes } from '../subscription';
import { shownUuid } from './id';
import { cursorParameter, limitParameter } from './list';

const types = subscribableTypes('sovrin') as [string, ...string[]];

/** The body of create and update: an update is a full replacement. */
export const sovrinWebhookBody = z
  .strictObject({
    events: z
      .array(z.enum(types))
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'must not name an event type twice'),
    url: z.string().min(1).meta({ example: 'https://example.com' }),
    disabled: z
      .boolean()
      .default(false)
      .meta({ description: 'An update that leaves it out enables the webhook again.' }),
  })
  .meta({ id: 'SovrinWebhookBody', example: { events: [types[0]], url: 'https://example.com' } });

export const sovrinWebhook = z
  .strictObject({ id: shownUuid, events: z.array(z.string()), url: z.string(), disabled: z.boolean() })
  .meta({ id: 'SovrinWebhook' });

export const sovrinWebhookPage = z.strictObject({
  data: z.array(sovrinWebhook),
  nextCursor: z.string().optional().meta({ description: 'Absent on the last page.' }),
});

export const sovrinListQuery = z.strictObject({ limit: limitParameter(1000, 100), cursor: cursorParameter });

export const jwks = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        kid: z.string(),
        x: z.string(),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'JsonWebKeySet' });

export const sovrinErrorBody = z
  .strictObject({
    code: z.string().meta({ example: 'BadRequest' }),
    message: z.string(),
    details: z.array(
      z.strictObject({
        value: z.unknown().optional(),
        msg: z.string(),
        param: z.string(),
        location: z.enum(['body', 'query']),
      }),
    ),
  })
  .meta({ id: 'SovrinError' });
