import addFormats from 'ajv-formats';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { eventCatalogue } from '../domain/event-catalogue';
import type { JsonObject } from '../domain/event';
import type { SchemaIssue } from '../domain/json-schema';

/** Tells what is wrong with the payload of a built-in type; null: the type is none. */
export type CheckPayload = (type: string, payload: JsonObject) => SchemaIssue[] | null;

/** Compiles the schema of every built-in event type, once. */
export function createBuiltInCheck(): CheckPayload {
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats(ajv);
  const validators = new Map<string, ValidateFunction>(
    eventCatalogue.map(({ name, schema }) => [name, ajv.compile(schema)]),
  );
  return (type, payload) => {
    const validator = validators.get(type);
    if (!validator) return null;
    return validator(payload) ? [] : (validator.errors ?? []).map(toSchemaIssue);
  };
}

/** ajv names the object that lacks a key or has one too many; we name the key. */
const keyParameters = new Map([
  ['required', { parameter: 'missingProperty', message: 'is required' }],
  ['additionalProperties', { parameter: 'additionalProperty', message: 'is not a known key' }],
]);

/** An error of ajv, with its place as a path. */
export function toSchemaIssue({ instancePath, message = 'is not valid', keyword, params }: ErrorObject): SchemaIssue {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const named = keyParameters.get(keyword);
  const key: unknown = named && params[named.parameter];
  return named && typeof key === 'string' ? { path: [...path, key], message: named.message } : { path, message };
}
