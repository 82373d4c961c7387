import addFormats from 'ajv-formats';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { eventCatalogue } from '../domain/event-catalogue';
import type { JsonObject } from '../domain/event';
import type { Issue } from './errors/api-error';

/** Tells what is wrong with a payload; null: there is no such event type. Paths begin at the event. */
export type CheckPayload = (type: string, payload: JsonObject) => Issue[] | null;

/** Compiles the schema of every event type, once. */
export function createPayloadCheck(): CheckPayload {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats(ajv);
  const validators = new Map<string, ValidateFunction>(
    eventCatalogue.map(({ name, schema }) => [name, ajv.compile(schema)]),
  );
  return (type, payload) => {
    const validator = validators.get(type);
    if (!validator) return null;
    return validator(payload) ? [] : (validator.errors ?? []).map(toIssue);
  };
}

function toIssue({ instancePath, message, keyword, params }: ErrorObject): Issue {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const missing = keyword === 'required' && typeof params.missingProperty === 'string' ? [params.missingProperty] : [];
  return {
    path: ['payload', ...path, ...missing],
    message: missing.length > 0 ? 'is required' : (message ?? 'is not valid'),
  };
}
