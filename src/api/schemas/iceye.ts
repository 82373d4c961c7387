import { z } from 'zod';
import { shownUuid } from './id';
import { listParameters, pageOf } from './list';
import { timestamp } from './time';
import { webhookAuth } from './webhook';

export const newIceyeWebhook = z
  .strictObject({
    targetURL: z.string().min(1).meta({ example: 'https://example.com' }),
    auth: webhookAuth.nullish().meta({ description: 'Absent or null: `noauth`. Secrets are write-only.' }),
  })
  .meta({
    id: 'NewIceyeWebhook',
    example: {
      targetURL: 'https://example.com',
      auth: { type: 'basic', username: 'USERNAME', password: 'PASSWORD' },
    },
  });

const shownAuth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('noauth') }),
  z.strictObject({ type: z.literal('basic'), username: z.string() }),
  z.strictObject({ type: z.literal('client_credential'), clientID: z.string(), tokenURL: z.string() }),
]);

export const iceyeWebhook = z
  .strictObject({
    id: shownUuid,
    createdAt: timestamp,
    updatedAt: timestamp,
    targetURL: z.string(),
    auth: shownAuth,
    status: z.enum(['active', 'deactivated']),
  })
  .meta({ id: 'IceyeWebhook' });

export type IceyeWebhook = z.infer<typeof iceyeWebhook>;

export const iceyeListQuery = z.strictObject(listParameters);

export const iceyeWebhookPage = pageOf(iceyeWebhook);
