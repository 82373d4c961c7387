import type { ValidateFunction } from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import type { JsonObject } from '../domain/event';
import { dialect, readSchema, type ReadSchema, type SchemaIssue } from '../domain/json-schema';
import type { CheckingBudget } from './middleware/rate-limits';
import { toSchemaIssue } from './payload-schemas';

export type SchemaReader = (schema: JsonObject) => { schema: ReadSchema } | { issues: SchemaIssue[] };

/** Reads schemas of tenants: tells what is wrong with one, or gives what payloads are judged by. */
export function createSchemaReader(): SchemaReader {
  const fitsMetaSchema = new Ajv2020({ strict: false }).getSchema(dialect) as ValidateFunction;
  return (source) => {
    if (!fitsMetaSchema(source)) return { issues: (fitsMetaSchema.errors ?? []).map(toSchemaIssue) };
    const { schema, issues } = readSchema(source);
    return issues.length > 0 ? { issues } : { schema };
  };
}

/** Reads a schema of a tenant, on the tenant's time. @throws ApiError 429 before, when none is left; after, when it was too long */
export async function readFor(
  tenantId: string,
  schema: JsonObject,
  { read, budget }: { read: SchemaReader; budget: CheckingBudget },
): Promise<ReturnType<SchemaReader>> {
  await budget.check(tenantId);
  const started = performance.now();
  const result = read(schema);
  await budget.charge(tenantId, performance.now() - started);
  return result;
}
