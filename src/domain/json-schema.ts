import type { JsonObject } from './event';
import { comparable } from './json-schema-comparable';
import { compilePattern, type SchemaPattern } from './json-schema-pattern';

/** What is wrong with a schema, or with a value that it judges, and where. */
export interface SchemaIssue {
  path: (string | number)[];
  message: string;
}

export type Schema = boolean | SchemaObject;

/** A schema as it judges: keywords that only say something to people are left out, references are pointers. */
export interface SchemaObject {
  $ref?: string;
  type?: string | string[];
  /** As the texts that values are compared by. */
  enum?: ReadonlySet<string>;
  const?: string;
  multipleOf?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  format?: string;
  maxItems?: number;
  minItems?: number;
  uniqueItems?: boolean;
  maxContains?: number;
  minContains?: number;
  maxProperties?: number;
  minProperties?: number;
  required?: string[];
  dependentRequired?: Record<string, string[]>;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  if?: Schema;
  then?: Schema;
  else?: Schema;
  dependentSchemas?: Record<string, Schema>;
  prefixItems?: Schema[];
  items?: Schema;
  contains?: Schema;
  unevaluatedItems?: Schema;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: Schema;
  propertyNames?: Schema;
  unevaluatedProperties?: Schema;
}

/** A schema whose every reference leads somewhere and whose patterns are compiled. */
export interface ReadSchema {
  root: Schema;
  /** Every schema in the document by its JSON Pointer: what `$ref` says. */
  byPointer: Map<string, Schema>;
  patterns: Map<string, SchemaPattern>;
  /** Whether anything in it asks what other schemas looked at. */
  hasUnevaluated: boolean;
}

export const dialect = 'https://json-schema.org/draft/2020-12/schema';

const maxSchemas = 5_000;
/** Instructions of all patterns together: compiling one takes some 5 µs. */
const maxProgram = 10_000;
/** Schemas that judge one and the same value. */
const maxEvaluations = 1_000;

type Path = readonly (string | number)[];
type Holding = { holds: 'one' | 'list' | 'map'; inPlace: boolean };

const holding = (
  holds: Holding['holds'],
  inPlace: boolean,
  ...keywords: (keyof SchemaObject | '$defs' | 'definitions')[]
) => keywords.map((keyword): [string, Holding] => [keyword, { holds, inPlace }]);

/** How keywords hold schemas; `inPlace`: these judge the same value as the schema that they are in. */
const applicators = new Map([
  ...holding('list', true, 'allOf', 'anyOf', 'oneOf'),
  ...holding('one', true, 'not', 'if', 'then', 'else'),
  ...holding('map', true, 'dependentSchemas'),
  ...holding('list', false, 'prefixItems'),
  ...holding('one', false, 'items', 'contains', 'unevaluatedItems'),
  ...holding('one', false, 'additionalProperties', 'propertyNames', 'unevaluatedProperties'),
  ...holding('map', false, 'properties', 'patternProperties', '$defs', 'definitions'),
]);

const assertions = new Set<string>([
  ...['type', 'required', 'dependentRequired', 'pattern', 'format', 'uniqueItems'],
  ...['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength'],
  ...['maxItems', 'minItems', 'maxContains', 'minContains', 'maxProperties', 'minProperties'],
]);

/** Not taken: to leave them out, as JSON Schema does with what it does not know, is not what their author meant. */
const refusedKeywords = new Map([
  ['$dynamicRef', 'is not supported: use $ref'],
  ['$dynamicAnchor', 'is not supported: use $anchor'],
  ['$recursiveRef', 'is of an older draft: use $ref'],
  ['$recursiveAnchor', 'is of an older draft: use $anchor'],
  ['dependencies', 'is of an older draft: use dependentRequired or dependentSchemas'],
  ['additionalItems', 'is of an older draft: use prefixItems and items'],
  ['nullable', 'is not of JSON Schema: add "null" to type'],
]);

interface Position {
  path: Path;
  /** Pointers of the schemas that judge the same value. */
  inPlace: string[];
}

/**
 * Reads a schema that fits the meta-schema of 2020-12, written by somebody who may mean harm: follows every reference,
 * compiles every pattern, and refuses what could run away when a payload is judged by it.
 */
export function readSchema(source: JsonObject): { schema: ReadSchema; issues: SchemaIssue[] } {
  const issues: SchemaIssue[] = [];
  const report = (path: Path, message: string) => issues.push({ path: [...path], message });
  const byPointer = new Map<string, Schema>();
  const patterns = new Map<string, SchemaPattern>();
  const positions = new Map<string, Position>();
  const anchors = new Map<string, string>();
  const references: { from: SchemaObject; position: Position; text: string }[] = [];
  let hasUnevaluated = false;
  let program = 0;

  const root = read(source, []);
  for (const reference of references) follow(reference);
  if (positions.size > maxSchemas) report([], `must not have more than ${maxSchemas} schemas in it`);
  if (issues.length === 0) checkEvaluations();
  return { schema: { root, byPointer, patterns, hasUnevaluated }, issues };

  function read(value: unknown, path: Path): Schema {
    const position: Position = { path, inPlace: [] };
    positions.set(pointerOf(path), position);
    const schema = typeof value === 'boolean' ? value : readObject(value as JsonObject, position);
    byPointer.set(pointerOf(path), schema);
    return schema;
  }

  function readObject(schema: JsonObject, position: Position): SchemaObject {
    const result: JsonObject & SchemaObject = {};
    for (const [keyword, value] of Object.entries(schema)) {
      const at = [...position.path, keyword];
      const refusal = refusedKeywords.get(keyword);
      const applicator = applicators.get(keyword);
      if (refusal !== undefined) report(at, refusal);
      else if (applicator) result[keyword] = readHeld(applicator, value, at, position);
      else if (assertions.has(keyword)) result[keyword] = value;
      else if (keyword === 'enum') result.enum = new Set((value as unknown[]).map(comparable));
      else if (keyword === 'const') result.const = comparable(value);
      else if (keyword === '$ref') references.push({ from: result, position, text: String(value) });
      else if (keyword === '$anchor') addAnchor(String(value), position.path);
      else if (keyword === '$schema') checkDialect(value, at);
      else if (keyword === '$id' && position.path.length > 0) report(at, 'is taken at the root only');
      if (keyword === 'pattern') addPattern(String(value), at);
      if (keyword === 'patternProperties')
        for (const one of Object.keys(value as object)) addPattern(one, [...at, one]);
      if (keyword.startsWith('unevaluated')) hasUnevaluated = true;
    }
    return result;
  }

  function readHeld({ holds, inPlace }: Holding, value: unknown, path: Path, position: Position): unknown {
    const hold = (schema: unknown, at: Path) => {
      if (inPlace) position.inPlace.push(pointerOf(at));
      return read(schema, at);
    };
    if (holds === 'one') return hold(value, path);
    if (holds === 'list') return (value as unknown[]).map((one, index) => hold(one, [...path, index]));
    const held = Object.entries(value as JsonObject).map(([name, one]) => [name, hold(one, [...path, name])] as const);
    return Object.fromEntries(held);
  }

  function checkDialect(value: unknown, at: Path): void {
    if (value !== dialect && value !== `${dialect}#`) report(at, `must be ${dialect}`);
  }

  function addAnchor(name: string, path: Path): void {
    if (anchors.has(name)) report([...path, '$anchor'], 'names two places');
    anchors.set(name, pointerOf(path));
  }

  function addPattern(text: string, at: Path): void {
    if (program > maxProgram || patterns.has(text)) return;
    try {
      const pattern = compilePattern(text);
      patterns.set(text, pattern);
      program += pattern.size;
      if (program > maxProgram) report([], 'has too many patterns, or patterns that repeat too much');
    } catch (error) {
      report(at, error instanceof Error ? error.message : 'is not a regular expression');
    }
  }

  function follow({ from, position, text }: { from: SchemaObject; position: Position; text: string }): void {
    const target = targetOf(text, anchors);
    if (target === null || !byPointer.has(target)) {
      report([...position.path, '$ref'], 'must lead to a schema in this document: #, #/$defs/… or #anchor');
      return;
    }
    from.$ref = target;
    position.inPlace.push(target);
  }

  function checkEvaluations(): void {
    const counts = new Map<string, number>();
    for (const [pointer, { path }] of positions) {
      const count = evaluations(pointer, positions, counts);
      if (count <= maxEvaluations) continue;
      const endless = count === Number.POSITIVE_INFINITY;
      report(path, endless ? 'refers to itself without going into the value' : 'judges one value by too many schemas');
      return;
    }
  }
}

/** How many schemas judge a value that this one judges; infinite for one that leads back to itself. */
function evaluations(pointer: string, positions: Map<string, Position>, counts: Map<string, number>): number {
  const known = counts.get(pointer);
  if (known !== undefined) return known;
  // What is met again before it is known, is a cycle.
  counts.set(pointer, Number.POSITIVE_INFINITY);
  const inPlace = positions.get(pointer)?.inPlace ?? [];
  const sum = inPlace.reduce((total, one) => total + evaluations(one, positions, counts), 1);
  const count = Number.isFinite(sum) ? Math.min(sum, maxEvaluations + 1) : sum;
  counts.set(pointer, count);
  return count;
}

/** The pointer that a reference means; null: it leads out of the document, or is none. */
function targetOf(reference: string, anchors: Map<string, string>): string | null {
  const fragment = reference.startsWith('#') ? decoded(reference.slice(1)) : null;
  if (fragment === null || fragment === '' || fragment.startsWith('/')) return fragment;
  return anchors.get(fragment) ?? null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
