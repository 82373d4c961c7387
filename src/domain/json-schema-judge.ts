import type { JsonObject } from './event';
import type { ReadSchema, Schema, SchemaIssue, SchemaObject } from './json-schema';
import { comparable } from './json-schema-comparable';
import { characterCount, isMultiple, isObject, isOfFormat, isOfType } from './json-schema-values';

/** Steps that judging one payload may take, of at most some 200 ns each: one that means well takes thousands. */
const maxSteps = 200_000;
const maxIssues = 20;

/** Where a value is in the payload: a list that shares its beginning, for most places are never told. */
type Place = { parent: Place; key: string | number } | null;

/** Keys and items of a value that schemas looked at, as `unevaluated…` asks. */
interface Evaluated {
  keys: Set<string>;
  items: Set<number>;
}

/** Of a regular expression, however short the text. */
const callSteps = 20;

class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
}

/** What judging a payload came to. */
export interface Judgement {
  /** What is wrong with it; none: it fits. */
  issues: SchemaIssue[];
  /** How much work it was, each step some 200 ns at most. */
  steps: number;
}

/**
 * Judges a payload by a tenant's schema: what is wrong with it, or nothing, and what that took. Never throws.
 *
 * The schema is walked, not compiled as ajv does with ours: a program made from 64 KiB of somebody else's schema takes
 * seconds to make and can overflow the stack, and how often a schema is applied can't be told before a payload is there.
 * Here each step is counted, and a payload that takes too many does not fit.
 */
export function judgePayload(schema: ReadSchema, payload: JsonObject): Judgement {
  const judging = createJudging(schema);
  try {
    judging.judge(schema.root, payload, null);
    return { issues: judging.issues, steps: judging.steps() };
  } catch (error) {
    const why = error instanceof TooManySteps ? 'takes too long to check' : 'can not be checked';
    const issues = [{ path: [], message: `${why} against the schema of its type` }];
    return { issues, steps: judging.steps() };
  }
}

function createJudging({ byPointer, patterns, hasUnevaluated }: ReadSchema) {
  const issues: SchemaIssue[] = [];
  let steps = 0;
  /** Above 0: what does not fit is a question, not an answer. */
  let asking = 0;
  /** What lists and objects are compared by: however many schemas compare one, its text is made once. */
  const texts = new Map<object, string>();

  function pay(count: number): void {
    steps += count;
    if (steps > maxSteps) throw new TooManySteps();
  }

  function fail(place: Place, message: string): false {
    if (goesOn()) issues.push({ path: pathTo(place), message });
    return false;
  }

  /** Whether it is worth while to look further at what does not fit. */
  const goesOn = () => asking === 0 && issues.length < maxIssues;

  /** Whether it would fit, without saying why not. */
  function ask(schema: Schema, value: unknown, place: Place): Evaluated | null {
    asking += 1;
    const evaluated = judge(schema, value, place);
    asking -= 1;
    return evaluated;
  }

  /** Null: does not fit. */
  function judge(schema: Schema, value: unknown, place: Place): Evaluated | null {
    pay(hasUnevaluated ? 4 : 2);
    const evaluated: Evaluated = hasUnevaluated ? { keys: new Set(), items: new Set() } : nothing;
    if (schema === true) return evaluated;
    if (schema === false) {
      fail(place, 'is not allowed');
      return null;
    }
    let fits = judgeAny(schema, value, place);
    if (fits || goesOn()) fits = judgeInPlace(schema, value, place, evaluated) && fits;
    if (fits || goesOn()) fits = judgeByType(schema, value, place, evaluated) && fits;
    return fits ? evaluated : null;
  }

  function judgeByType(schema: SchemaObject, value: unknown, place: Place, evaluated: Evaluated): boolean {
    if (typeof value === 'number') return judgeNumber(schema, value, place);
    if (typeof value === 'string') return judgeString(schema, value, place);
    if (Array.isArray(value)) return judgeArray(schema, value, place, evaluated);
    return !isObject(value) || judgeObject(schema, value, place, evaluated);
  }

  function judgeAny({ type, enum: values, const: only }: SchemaObject, value: unknown, place: Place): boolean {
    const types = typeof type === 'string' ? [type] : type;
    if (types && !types.some((name) => isOfType(value, name))) return fail(place, `must be ${types.join(' or ')}`);
    if (values && !values.has(textOf(value))) return fail(place, 'must be one of the values of enum');
    if (only !== undefined && only !== textOf(value)) return fail(place, 'must be the value of const');
    return true;
  }

  function judgeInPlace(schema: SchemaObject, value: unknown, place: Place, evaluated: Evaluated): boolean {
    const { $ref, allOf = [], anyOf, oneOf, not, if: condition, dependentSchemas = {} } = schema;
    const all = $ref === undefined ? [...allOf] : [byPointer.get($ref) ?? false, ...allOf];
    if (condition !== undefined) {
      const met = ask(condition, value, place);
      merge(evaluated, met);
      all.push((met ? schema.then : schema.else) ?? true);
    }
    if (isObject(value)) {
      for (const [key, one] of Object.entries(dependentSchemas)) {
        pay(1);
        if (Object.hasOwn(value, key)) all.push(one);
      }
    }
    let fits = true;
    for (const one of all) {
      const met = judge(one, value, place);
      merge(evaluated, met);
      fits = met !== null && fits;
      if (!fits && !goesOn()) return false;
    }
    if (anyOf && countMet(anyOf, value, place, evaluated, hasUnevaluated ? Infinity : 1) === 0) {
      fits = fail(place, 'must fit one of the schemas of its anyOf');
    }
    if (oneOf && countMet(oneOf, value, place, evaluated, 2) !== 1) {
      fits = fail(place, 'must fit exactly one of the schemas of its oneOf');
    }
    if (not !== undefined && ask(not, value, place)) fits = fail(place, 'must not fit the schema of its not');
    return fits;
  }

  /** How many of them it fits, counted up to `enough`. */
  function countMet(schemas: Schema[], value: unknown, place: Place, evaluated: Evaluated, enough: number): number {
    let count = 0;
    for (const one of schemas) {
      const met = ask(one, value, place);
      merge(evaluated, met);
      if (met) count += 1;
      if (count >= enough) break;
    }
    return count;
  }

  function judgeNumber(schema: SchemaObject, value: number, place: Place): boolean {
    const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
    if (maximum !== undefined && value > maximum) return fail(place, `must be at most ${maximum}`);
    if (minimum !== undefined && value < minimum) return fail(place, `must be at least ${minimum}`);
    if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
      return fail(place, `must be less than ${exclusiveMaximum}`);
    }
    if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
      return fail(place, `must be more than ${exclusiveMinimum}`);
    }
    return (
      multipleOf === undefined || isMultiple(value, multipleOf) || fail(place, `must be a multiple of ${multipleOf}`)
    );
  }

  function judgeString({ maxLength, minLength, pattern, format }: SchemaObject, value: string, place: Place): boolean {
    if (maxLength !== undefined || minLength !== undefined) {
      pay(value.length / 32);
      const length = characterCount(value);
      if (length > (maxLength ?? Infinity)) return fail(place, `must be at most ${maxLength} characters`);
      if (length < (minLength ?? 0)) return fail(place, `must be at least ${minLength} characters`);
    }
    if (pattern !== undefined && !matches(pattern, value)) return fail(place, `must match the pattern ${pattern}`);
    if (format === undefined) return true;
    pay(5 + Math.min(value.length, 1_000) / 4);
    return isOfFormat(value, format) || fail(place, `must be of the format ${format}`);
  }

  function matches(source: string, text: string): boolean {
    const pattern = patterns.get(source);
    if (!pattern) return false;
    pay(callSteps + text.length * pattern.stepsPerCharacter);
    return pattern.test(text);
  }

  function judgeArray(schema: SchemaObject, value: unknown[], place: Place, evaluated: Evaluated): boolean {
    const { prefixItems = [], items, contains, maxItems, minItems, uniqueItems, unevaluatedItems } = schema;
    let fits = true;
    if (value.length > (maxItems ?? Infinity)) fits = fail(place, `must have at most ${maxItems} items`);
    if (value.length < (minItems ?? 0)) fits = fail(place, `must have at least ${minItems} items`);
    if (uniqueItems && new Set(value.map(textOf)).size < value.length)
      fits = fail(place, 'must not have an item twice');
    const judgeItem = (one: Schema, index: number) => {
      fits = judge(one, value[index], { parent: place, key: index }) !== null && fits;
      if (hasUnevaluated) evaluated.items.add(index);
    };
    for (const [index, one] of prefixItems.slice(0, value.length).entries()) judgeItem(one, index);
    if (items !== undefined) {
      for (let index = prefixItems.length; index < value.length && (fits || goesOn()); index++) judgeItem(items, index);
    }
    if (contains !== undefined) fits = judgeContains(contains, schema, value, place, evaluated) && fits;
    if (unevaluatedItems !== undefined) {
      pay(value.length);
      for (let index = 0; index < value.length; index++) {
        if (!evaluated.items.has(index)) judgeItem(unevaluatedItems, index);
      }
    }
    return fits;
  }

  function judgeContains(
    contains: Schema,
    { minContains = 1, maxContains = Infinity }: SchemaObject,
    value: unknown[],
    place: Place,
    evaluated: Evaluated,
  ): boolean {
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (!ask(contains, item, { parent: place, key: index })) continue;
      count += 1;
      if (hasUnevaluated) evaluated.items.add(index);
    }
    if (count < minContains) return fail(place, `must have at least ${minContains} items that fit its contains`);
    return count <= maxContains || fail(place, `must have at most ${maxContains} items that fit its contains`);
  }

  function judgeObject(schema: SchemaObject, value: JsonObject, place: Place, evaluated: Evaluated): boolean {
    const { properties = {}, patternProperties = {}, additionalProperties, propertyNames } = schema;
    const { maxProperties, minProperties, unevaluatedProperties } = schema;
    let fits = judgeRequired(schema, value, place);
    if (!fits && !goesOn()) return false;
    const keys = Object.keys(value);
    pay(keys.length);
    if (keys.length > (maxProperties ?? Infinity)) fits = fail(place, `must have at most ${maxProperties} keys`);
    if (keys.length < (minProperties ?? 0)) fits = fail(place, `must have at least ${minProperties} keys`);
    const patterned = Object.entries(patternProperties);
    pay(patterned.length);
    const judgeKey = (one: Schema, key: string) => {
      fits = judge(one, value[key], { parent: place, key }) !== null && fits;
      if (hasUnevaluated) evaluated.keys.add(key);
    };
    for (const key of keys) {
      if (!fits && !goesOn()) return false;
      const named = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const schemas = patterned.filter(([pattern]) => matches(pattern, key)).map(([, one]) => one);
      if (named !== undefined) schemas.push(named);
      for (const one of schemas) judgeKey(one, key);
      if (schemas.length === 0 && additionalProperties !== undefined) judgeKey(additionalProperties, key);
      if (propertyNames !== undefined && !ask(propertyNames, key, place)) {
        fits = fail({ parent: place, key }, 'is not a key that its propertyNames takes');
      }
    }
    if (unevaluatedProperties !== undefined) {
      pay(keys.length);
      for (const key of keys) if (!evaluated.keys.has(key)) judgeKey(unevaluatedProperties, key);
    }
    return fits;
  }

  function judgeRequired(
    { required = [], dependentRequired = {} }: SchemaObject,
    value: JsonObject,
    place: Place,
  ): boolean {
    const asked = Object.entries(dependentRequired).flatMap(([key, names]) => {
      pay(1 + names.length);
      return Object.hasOwn(value, key) ? names : [];
    });
    pay(required.length);
    const missing = [...required, ...asked].filter((name) => !Object.hasOwn(value, name));
    for (const name of new Set(missing)) fail({ parent: place, key: name }, 'is required');
    return missing.length === 0;
  }

  /** What a value is compared by. Also one that is at hand is paid for by its length: comparing reads it. */
  function textOf(value: unknown): string {
    const known = isObject(value) || Array.isArray(value) ? texts.get(value) : undefined;
    if (known !== undefined) {
      pay(1 + known.length / 256);
      return known;
    }
    const text = comparable(value);
    if (typeof value === 'object' && value !== null) texts.set(value, text);
    pay(2 + text.length / 8);
    return text;
  }

  function merge(into: Evaluated, from: Evaluated | null): void {
    if (!hasUnevaluated || !from) return;
    pay(from.keys.size + from.items.size);
    for (const key of from.keys) into.keys.add(key);
    for (const index of from.items) into.items.add(index);
  }

  return { judge, issues, steps: () => Math.ceil(steps) };
}

/** Where nobody asks what was evaluated, it is not collected. */
const nothing: Evaluated = { keys: new Set(), items: new Set() };

function pathTo(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) path.unshift(at.key);
  return path;
}
