import type { OpenApiDocument } from './openapi-conformance';

type Json = unknown;
type Schema = {
  $ref?: string;
  type?: string | string[];
  example?: Json;
  enum?: Json[];
  const?: Json;
  default?: Json;
  format?: string;
  minimum?: number;
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
};

/** Where in a body a value stands: keys of objects, and 0 for an item of a list. */
export type Place = readonly (string | 0)[];

/** Reads schemas of an OpenAPI document: an example of a body, and every text that a body can hold. */
export function openApiSamples(document: OpenApiDocument) {
  function resolved(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const target = schema.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => Reflect.get(at as object, key), document);
    return resolved(target as Schema);
  }

  const branches = ({ anyOf = [], oneOf = [], allOf = [] }: Schema) => [...anyOf, ...oneOf, ...allOf].map(resolved);

  /** The least that fits: required keys alone, examples where there are some. */
  function least(asked: Schema): Json {
    const schema = resolved(asked);
    const { properties, required = [] } = schema;
    if (properties) {
      const example = schema.example as Record<string, Json> | undefined;
      return Object.fromEntries(required.map((key) => [key, example?.[key] ?? least(properties[key] ?? {})]));
    }
    if (schema.example !== undefined) return schema.example;
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.default !== undefined) return schema.default;
    const [first] = branches(schema);
    if (first) return least(first);
    if (schema.type === 'array') return (schema.minItems ?? 0) > 0 ? [least(schema.items ?? {})] : [];
    if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 0;
    if (schema.type === 'boolean') return false;
    if (schema.type === 'object') return {};
    return schema.format === 'date-time' ? '2026-01-01T00:00:00Z' : 'text';
  }

  /** Every place that takes a text of the caller's choice: one of an enum is of the API's, and a time is a time. */
  function texts(asked: Schema, place: Place = []): Place[] {
    const schema = resolved(asked);
    if (schema.enum || schema.const !== undefined || schema.format === 'date-time') return [];
    const inside = [
      ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) => texts(one, [...place, key])),
      ...(schema.items ? texts(schema.items, [...place, 0]) : []),
      ...branches(schema).flatMap((one) => texts(one, place)),
    ];
    const isText = [schema.type].flat().includes('string');
    return isText ? [place, ...inside] : inside;
  }

  return { least, texts };
}

/** The body with a value at a place, and what has to be around it. */
export function withValue(body: Json, [key, ...rest]: Place, value: Json): Json {
  if (key === undefined) return value;
  if (key === 0) {
    const [first, ...others] = Array.isArray(body) ? body : [];
    return [withValue(first, rest, value), ...others];
  }
  const around = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return { ...around, [key]: withValue(Reflect.get(around, key), rest, value) };
}
