import { z } from 'zod';
import type { JsonObject } from '../../domain/event';
import { contracts } from '../../domain/webhook';
import { listParameters, pageOf } from './list';
import { timestamp } from './time';

/** Bytes of a schema or an example, as JSON. */
const maxDocument = 64 * 1024;

/** A JSON object that is kept and shown as it came. */
const document = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .meta({ override: { type: 'object', additionalProperties: true } })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= maxDocument, 'must be at most 64 KiB as JSON');

/** Any name: those that can't be one of a tenant's own are answered according to what is done. */
export const eventTypeParams = z.object({ name: z.string().min(1).meta({ example: 'invoice.paid' }) });

const exampleSchema = {
  type: 'object',
  properties: { invoiceId: { type: 'string' }, amount: { type: 'string', pattern: '^[0-9]+\\.[0-9]{2}$' } },
  required: ['invoiceId', 'amount'],
};
const examplePayload = { invoiceId: 'inv_42', amount: '99.50' };

export const eventTypeBody = z
  .strictObject({
    description: z.string().min(1).max(1000),
    schema: document.nullish().meta({
      description:
        'JSON Schema 2020-12 of the payload, as an object; without one, or with null, each object fits. ' +
        'The boolean schemas `true` and `false` are taken inside it only. References stay inside it; patterns are those of RE2, ' +
        'without look-around and back-references; `$dynamicRef` is not supported.',
    }),
    example: document.nullish().meta({ description: 'A payload that fits the schema: what test deliveries have.' }),
  })
  .meta({
    id: 'EventTypeBody',
    example: { description: 'An invoice was paid in full.', schema: exampleSchema, example: examplePayload },
  });

export const eventType = z
  .strictObject({
    name: z.string(),
    contract: z.enum(contracts).meta({ description: "Whose it is; `everhook` for a tenant's own." }),
    builtIn: z.boolean(),
    aliases: z.array(z.string()).meta({ description: 'Other spellings that are taken; `name` is stored and sent.' }),
    description: z.string(),
    schema: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'JSON Schema 2020-12 of the payload; null where each object fits.',
    }),
    example: z.record(z.string(), z.unknown()).nullable(),
    createdAt: timestamp.nullable().meta({ description: 'Null for built-in ones.' }),
    updatedAt: timestamp.nullable(),
  })
  .meta({
    id: 'EventType',
    example: {
      name: 'invoice.paid',
      contract: 'everhook',
      builtIn: false,
      aliases: [],
      description: 'An invoice was paid in full.',
      schema: exampleSchema,
      example: examplePayload,
      createdAt: '2026-01-15T09:30:00.000Z',
      updatedAt: '2026-01-15T09:30:00.000Z',
    },
  });
export type ShownEventType = z.infer<typeof eventType>;

export const eventTypePage = pageOf(eventType);
export const eventTypeListQuery = z.strictObject(listParameters);
