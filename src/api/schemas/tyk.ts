import { z } from 'zod';
import { checkCustomHeader } from '../../domain/custom-headers';
import { errorClasses } from '../../domain/delivery';
import { findEventType } from '../../domain/event-catalogue';
import { profiles } from '../../domain/profiles';
import { tykMethods } from '../../domain/tyk-settings';
import { limitParameter, numberParameter } from './list';

const { defaultTimeoutMs, maxTimeoutMs, eventTypes } = profiles.tyk;
const eventNames = eventTypes.flatMap(({ name, aliases = [] }) => [name, ...aliases]) as [string, ...string[]];
const eventsExample = eventNames.slice(1, 3);

/** An id as it stands in a path: an integer of PostgreSQL. */
const idInPath = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .refine((id) => Number(id) <= 2_147_483_647)
  .meta({ override: { type: 'integer', minimum: 1, maximum: 2_147_483_647 } });
const id = z.int().min(1).meta({ example: 7 });

export const tykWebhookParams = z.object({ webhook_id: idInPath });
export const tykHeaderParams = z.object({ webhook_id: idInPath, header_id: idInPath });

export const tykListQuery = z.strictObject({
  page: limitParameter(999_999, 1),
  per_page: limitParameter(250, 20),
  limit: numberParameter(250).optional().meta({
    description: 'How many to answer at most, instead of `per_page`; where the page begins stays as it is.',
  }),
});
export type TykListQuery = z.infer<typeof tykListQuery>;

const headerFields = {
  Name: z.string().meta({ example: 'X-Environment' }),
  Value: z.string().meta({
    description: '`[redacted]` keeps the value of a secret header of this name.',
    example: 'production',
  }),
};

function checkHeader({ Name, Value }: { Name: string; Value: string }, context: z.core.$RefinementCtx): void {
  const report = (path: string, message: string | null) => {
    if (message) context.addIssue({ code: 'custom', path: [path], message });
    return message;
  };
  const anyValue = 'x';
  if (!report('Name', checkCustomHeader(Name, anyValue))) report('Value', checkCustomHeader(Name, Value));
}

export const tykHeaderBody = z
  .strictObject({ ID: id.optional().meta({ readOnly: true }), ...headerFields })
  .superRefine(checkHeader)
  .meta({ id: 'TykHeaderBody' });

const newHeader = z.strictObject(headerFields).superRefine(checkHeader).meta({ id: 'TykNewHeader' });
export const tykNewHeaderBody = newHeader;

const webhookFields = {
  Name: z.string().max(255).default('').meta({ example: 'CRM' }),
  URL: z.string().min(1).meta({ example: 'https://example.com/hooks' }),
  Method: z.enum(tykMethods).default('POST'),
  Timeout: z
    .int()
    .min(1)
    .max(maxTimeoutMs / 1000)
    .default(defaultTimeoutMs / 1000)
    .meta({ description: 'Seconds of a whole attempt, from DNS to the end of the body.' }),
  Events: z
    .array(z.enum(eventNames, 'is not a portal event'))
    .min(1)
    .max(100)
    .transform((names) => [...new Set(names.map((name) => findEventType(name)?.name ?? name))])
    .meta({ description: 'Organization… and Organisation… are the same events.', example: eventsExample }),
};
const example = { Name: 'CRM', URL: 'https://example.com/hooks', Events: eventsExample };

export const tykNewWebhook = z
  .strictObject({ ...webhookFields, Headers: z.array(newHeader).default([]) })
  .meta({ id: 'TykNewWebhook', example });

const minute = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/)
  .meta({ description: 'UTC.', example: '2026-01-15 09:30' });
const readOnlyMinute = z.string().optional().meta({ readOnly: true, example: '2026-01-15 09:30' });

/** What of a record can't be changed may be sent back, and is not looked at. */
export const tykWebhookChanges = z
  .strictObject({
    ID: id.optional().meta({ readOnly: true }),
    ...webhookFields,
    Headers: z
      .array(tykHeaderBody)
      .optional()
      .meta({ description: 'Replaces them all; left out they stay. A header keeps its ID by that, or by its name.' }),
    CreatedAt: readOnlyMinute,
    UpdatedAt: readOnlyMinute,
    // The answer to a creation has it.
    Secret: z.string().optional().meta({ readOnly: true }),
  })
  .meta({ id: 'TykWebhookChanges', example });

export const tykHeader = z
  .strictObject({
    ID: id,
    Name: z.string(),
    Value: z.string().meta({ description: '`[redacted]` where it is secret.' }),
  })
  .meta({ id: 'TykHeader', example: { ID: 1, Name: 'X-Environment', Value: 'production' } });
export type TykHeader = z.infer<typeof tykHeader>;

const shown = {
  ID: id,
  Name: z.string(),
  URL: z.string(),
  Method: z.enum(tykMethods),
  Timeout: z.int().meta({ description: 'Seconds, rounded up.' }),
  Headers: z.array(tykHeader),
  Events: z.array(z.string()),
  CreatedAt: minute,
  UpdatedAt: minute,
};
export const tykWebhook = z.strictObject(shown).meta({ id: 'TykWebhook' });
export type TykWebhook = z.infer<typeof tykWebhook>;

export const tykCreatedWebhook = z
  .strictObject({
    ...shown,
    Secret: z
      .string()
      .meta({ description: 'Its text is the key of `X-Signature-SHA256`; shown this once, and by a rotation.' }),
  })
  .meta({ id: 'TykCreatedWebhook' });

export const tykStatus = z.strictObject({ status: z.literal('ok') }).meta({ id: 'TykStatus' });

export const tykConnectionTest = z
  .strictObject({
    status: z.enum(['ok', 'reachable', 'unreachable']).meta({
      description:
        '`ok`: it answered 2xx. `reachable`: it answered otherwise, as receivers do that know no HEAD. ' +
        '`unreachable`: it did not answer.',
    }),
    statusCode: z.int().nullable(),
    errorClass: z.enum(errorClasses).nullable().meta({ description: 'Why it did not answer.' }),
    durationMs: z.int(),
  })
  .meta({
    id: 'TykConnectionTest',
    example: { status: 'reachable', statusCode: 405, errorClass: null, durationMs: 41 },
  });

export const tykErrorBody = z
  .strictObject({ errors: z.array(z.string()).meta({ example: ['URL: The URL must start with https://.'] }) })
  .meta({ id: 'TykError' });
