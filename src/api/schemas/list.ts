import { z, type ZodType } from 'zod';
import type { ZodOpenApiOverrideMeta } from 'zod-openapi';
import { instant } from './time';

/** A query parameter is text to the validation, but of this type to whoever reads the document. */
function documentedAs(schema: Record<string, unknown>): { override: ZodOpenApiOverrideMeta } {
  return {
    override: ({ jsonSchema }) => {
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
      Object.assign(jsonSchema, schema);
    },
  };
}

/** A whole number from 1 up as a query parameter. */
export function numberParameter(max: number) {
  const message = `must be a whole number from 1 to ${max}`;
  return z
    .string()
    .regex(/^\d{1,6}$/, message)
    .transform(Number)
    .refine((number) => number >= 1 && number <= max, message)
    .meta(documentedAs({ type: 'integer', minimum: 1, maximum: max }));
}

/** `limit` of a list as a query parameter. */
export function limitParameter(max: number, byDefault: number) {
  return numberParameter(max)
    .default(byDefault)
    .meta(documentedAs({ type: 'integer', minimum: 1, maximum: max, default: byDefault }));
}

export const cursorParameter = z.string().max(300).optional().meta({ description: '`nextCursor` of the page before.' });

/** What every list of the native API takes. */
export const listParameters = { limit: limitParameter(250, 50), cursor: cursorParameter };

/** Bounds on the time of creation, for the lists that have them. */
export const timeParameters = {
  after: instant.optional().meta({ description: 'Created then or later.' }),
  before: instant.optional().meta({ description: 'Created before then.' }),
};

export const booleanParameter = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')
  .meta(documentedAs({ type: 'boolean' }));

/** A page of the native API, newest first. */
export const pageOf = (item: ZodType) =>
  z.strictObject({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'Give it back as `cursor`; null on the last page.' }),
  });
