import { z } from 'zod';
import { shownUuid } from './id';
import { listParameters, pageOf, timeParameters } from './list';
import { timestamp } from './time';

export const auditEntrySchema = z
  .strictObject({
    id: shownUuid,
    at: timestamp,
    actor: z.string().meta({
      description:
        '`client:` and its id, `session:` or `operator:` and the id of a session of the console, `link:` and its id, ' +
        '`portal:` and its user name, `cli`, `worker`, or `unknown`.',
      example: 'client:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
    }),
    action: z.string().meta({ example: 'webhook.create' }),
    objectType: z.string(),
    objectId: z
      .string()
      .meta({ description: 'Empty where there is none, as in what was refused before it came to be.' }),
    fields: z.array(z.string()).meta({ description: 'Names of what changed, never values.' }),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
    outcome: z.enum(['success', 'failure']),
    count: z.int().min(1).meta({
      description: "Refusals of one kind and origin within a minute are one entry, with the first one's request id.",
    }),
  })
  .meta({ id: 'AuditEntry' });
export type ShownAuditEntry = z.infer<typeof auditEntrySchema>;
export const auditPage = pageOf(auditEntrySchema);

export const auditListQuery = z.strictObject({
  ...listParameters,
  ...timeParameters,
  action: z
    .string()
    .regex(/^[a-z_.]{1,64}$/, 'must be an action such as webhook.create')
    .optional(),
});
