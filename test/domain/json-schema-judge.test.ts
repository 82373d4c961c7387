import { createSchemaReader } from '../../src/api/schema-reader';
import { toPointer } from '../../src/api/errors/problem';
import type { JsonObject } from '../../src/domain/event';
import { judgePayload } from '../../src/domain/json-schema-judge';

const read = createSchemaReader();
function judge(schema: object, payload: unknown): string[] {
  const result = read(schema as JsonObject);
  if ('issues' in result) throw new Error(JSON.stringify(result.issues));
  return judgePayload(result.schema, payload as JsonObject).issues.map(
    ({ path, message }) => `${toPointer(path)} ${message}`,
  );
}
/** A schema for the value of `a`, and values of it that fit and that do not. */
type Case = [string, unknown, unknown[], unknown[]];
const string = { type: 'string' };

describe('a value of a payload fits', () => {
  it.each<Case>([
    ['type', { type: ['string', 'null'] }, ['', null], [1, {}, [], true]],
    ['type integer', { type: 'integer' }, [1, 1.0, -3, 1e20], [1.5, '1']],
    [
      'type number, object, array, boolean',
      { type: ['number', 'object', 'array', 'boolean'] },
      [1.5, {}, [], false],
      ['', null],
    ],
    ['true', true, [1, null], []],
    ['false', false, [], [1, null]],
    ['enum', { enum: [1, 'a', null, { b: [1] }] }, [1, 'a', null, { b: [1] }], ['1', {}, { b: [2] }, [1]]],
    [
      'const',
      { const: { x: 1, y: [2, { z: null }] } },
      [{ y: [2, { z: null }], x: 1 }],
      [{ x: 1 }, { valueOf: 1 }, null],
    ],
    ['const null', { const: null }, [null], [0, '']],
    ['multipleOf', { multipleOf: 0.01 }, [19.99, 0, 1e300, -0.07], [0.001]],
    ['minimum and maximum', { minimum: 1, maximum: 2 }, [1, 2, 'x'], [0.9, 2.1]],
    ['exclusive bounds', { exclusiveMinimum: 1, exclusiveMaximum: 2 }, [1.5], [1, 2]],
    ['lengths, of characters', { minLength: 2, maxLength: 3 }, ['😀😀', 'abc', 1], ['😀', 'abcd']],
    ['pattern, anywhere in the text', { pattern: 'b+' }, ['abbc', 3], ['ac']],
    ['pattern, from end to end', { pattern: '^\\d{4}-\\d{2}$' }, ['2026-01'], ['2026-01\n', 'x2026-01']],
    [
      'format',
      { format: 'date-time' },
      ['2026-01-15T09:30:00Z', 5],
      ['yesterday', `2026-01-15T09:30:00.${'0'.repeat(1000)}Z`],
    ],
    ['a format that nobody knows', { format: 'toString' }, ['anything'], []],
    [
      'prefixItems and items',
      { prefixItems: [string, { type: 'number' }], items: false },
      [[], ['a'], ['a', 1]],
      [[1], ['a', 'b'], ['a', 1, 1]],
    ],
    ['minItems and maxItems', { minItems: 1, maxItems: 2 }, [[1], [1, 2]], [[], [1, 2, 3]]],
    [
      'uniqueItems',
      { uniqueItems: true },
      [[1, '1', true, [1], { a: 1 }]],
      [
        [1, 1.0],
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
        ['__proto__', '__proto__'],
      ],
    ],
    ['uniqueItems: false', { uniqueItems: false }, [[1, 1]], []],
    [
      'contains',
      { contains: string, minContains: 2, maxContains: 3 },
      [['a', 1, 'b']],
      [['a'], ['a', 'b', 'c', 'd'], []],
    ],
    ['contains with minContains 0', { contains: string, minContains: 0 }, [[], [1]], []],
    ['required', { required: ['toString', 'x'] }, [{ toString: 1, x: null }, 'x'], [{ x: 1 }, {}]],
    ['dependentRequired', { dependentRequired: { a: ['b'], toString: ['c'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    ['minProperties and maxProperties', { minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 1, c: 1 }]],
    [
      'properties that objects inherit',
      { properties: { toString: string, hasOwnProperty: string } },
      [{}, { toString: 'a' }],
      [{ toString: 1 }],
    ],
    [
      'patternProperties and additionalProperties',
      { properties: { a: string }, patternProperties: { '^x': { type: 'number' } }, additionalProperties: false },
      [{ a: 'a', x1: 1 }],
      [{ x1: 'a' }, { b: 1 }, { constructorx: 1 }],
    ],
    ['propertyNames', { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
    ['allOf', { allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1], [0, 3]],
    ['anyOf', { anyOf: [string, { minimum: 3 }] }, ['a', 3, null], [2]],
    ['oneOf', { oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [1, 1.5]],
    ['not', { not: string }, [1], ['a']],
    ['if, then, else', { if: string, then: { minLength: 2 }, else: { minimum: 2 } }, ['ab', 2], ['a', 1]],
    ['then without if', { then: false }, [1], []],
    ['dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [
      'unevaluatedProperties',
      {
        allOf: [{ properties: { a: true } }],
        anyOf: [{ properties: { b: string } }, { properties: { c: string } }],
        if: { required: ['d'] },
        then: { properties: { d: true } },
        unevaluatedProperties: false,
      },
      [{ a: 1, b: 'x', c: 'x' }, { d: 1 }],
      [{ e: 1 }, { b: 1, c: 1 }],
    ],
    [
      'unevaluatedProperties that sees no cousins',
      { allOf: [{ properties: { a: true } }, { unevaluatedProperties: false }] },
      [{}],
      [{ a: 1 }],
    ],
    [
      'unevaluatedItems',
      { prefixItems: [true], contains: string, unevaluatedItems: { type: 'number' } },
      [[null, 'a', 1]],
      [[null, 'a', null]],
    ],
    ['$ref beside other keywords', { $ref: '#/$defs/short', minLength: 1 }, ['a'], ['', 'abcd']],
  ])('%s', (_keyword, ofA, fitting, others) => {
    const schema = { properties: { a: ofA }, $defs: { short: { maxLength: 3 } } };
    for (const a of fitting) expect([a, judge(schema, { a })]).toEqual([a, []]);
    for (const a of others) expect(judge(schema, { a })[0]).toMatch(/^\/a/);
  });

  it('at any depth of a schema that goes round', () => {
    const list = { properties: { value: string, next: { $ref: '#' } }, required: ['value'] };
    expect(judge(list, { value: 'a', next: { value: 'b' } })).toEqual([]);
    expect(judge(list, { value: 'a', next: { value: 'b', next: {} } })).toEqual(['/next/next/value is required']);
  });
});

it('says everything that is wrong, each at its place, up to twenty', () => {
  const schema = {
    properties: { a: string, b: { items: { minimum: 1 } } },
    required: ['c'],
    additionalProperties: false,
  };
  expect(judge(schema, { a: 1, b: [0, 2, -1], 'd/~': 1 })).toEqual([
    '/c is required',
    '/a must be string',
    '/b/0 must be at least 1',
    '/b/2 must be at least 1',
    '/d~1~0 is not allowed',
  ]);
  expect(
    judge({ additionalProperties: false }, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 1]))),
  ).toHaveLength(20);
});

describe('a payload that would take too long is refused, and soon', () => {
  const items = (count: number, item: unknown) => ({ a: Array.from({ length: count }, () => item) });
  const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
  const many = <Value>(count: number, value: (index: number) => Value) =>
    Array.from({ length: count }, (_, i) => value(i));
  const letters = many(100_000, (index) => 'ab'[((index * 7919) % 13) % 2]).join('');
  const keys = Object.fromEntries(many(30_000, (index) => [`k${index}`, 1]));

  const text = (pattern: string) => ({ type: 'string', pattern, minLength: 1, maxLength: 100 });
  const orders = {
    properties: {
      orders: {
        items: {
          type: 'object',
          required: ['id', 'at', 'email', 'currency', 'lines'],
          additionalProperties: false,
          properties: {
            id: text('^ord_[0-9a-f]{12}$'),
            at: { type: 'string', format: 'date-time' },
            email: { type: 'string', format: 'email' },
            currency: { enum: ['EUR', 'USD', 'BRL', 'GBP', 'CHF'] },
            note: { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 1_000 }] },
            lines: {
              minItems: 1,
              items: {
                required: ['sku', 'count'],
                properties: { sku: text('^[A-Z]{3}-[0-9]+$'), count: { type: 'integer', minimum: 1 } },
              },
            },
          },
        },
      },
    },
  };
  const order = (index: number) => ({
    id: 'ord_0198c0de7f3a',
    at: '2026-01-15T09:30:00Z',
    email: `somebody.${index}@example.com`,
    currency: 'GBP',
    note: 'Leave it at the door, please: nobody is there.',
    lines: [{ sku: 'ABC-12345', count: 2 }],
  });

  it.each<[string, object, object]>([
    [
      'a path that doubles at every level',
      {
        $ref: '#/$defs/s',
        $defs: {
          s: { allOf: [{ properties: { a: { $ref: '#/$defs/s' } } }, { properties: { a: { $ref: '#/$defs/s' } } }] },
        },
      },
      nested(60),
    ],
    [
      'every item by 900 schemas',
      { properties: { a: { items: { anyOf: [...many(900, () => string), true] } } } },
      items(100_000, 1),
    ],
    [
      '900 searches for an item',
      { properties: { a: { allOf: many(900, () => ({ contains: string, minContains: 0 })) } } },
      items(100_000, 1),
    ],
    [
      'every key by 300 patterns',
      { patternProperties: Object.fromEntries(many(300, (index) => [`^x${index}`, true])) },
      keys,
    ],
    ['every key by 900 schemas', { allOf: many(900, () => ({ propertyNames: { maxLength: 100 } })) }, keys],
    [
      'every key by 1000 patterns',
      { patternProperties: Object.fromEntries(many(1000, (index) => [`^x${index}`, true])) },
      Object.fromEntries(many(10_000, (index) => [`k${index}`, 1])),
    ],
    [
      '900 times the text of everything',
      { properties: { a: { allOf: many(900, () => ({ uniqueItems: true })) } } },
      { a: many(30_000, (i) => ({ i })) },
    ],
    ['900 times the keys', { anyOf: many(900, () => ({ minProperties: 100_000 })) }, keys],
    ['900 times the characters', { properties: { a: { anyOf: many(900, () => ({ maxLength: 1 })) } } }, { a: letters }],
    ['a pattern with much to guess', { properties: { a: { pattern: 'a.{900}b$' } } }, { a: letters }],
    ['a pattern with less to guess, on more text', { properties: { a: { pattern: '(a.{20}b|c)$' } } }, { a: letters }],
    [
      '900 comparisons of everything',
      { properties: { a: { anyOf: many(900, (index) => ({ const: [index] })) } } },
      items(30_000, { b: 1 }),
    ],
  ])('%s', (_what, schema, payload) => {
    const before = process.cpuUsage();
    expect(judge(schema, payload)).toEqual([' takes too long to check against the schema of its type']);
    const { user } = process.cpuUsage(before);
    expect(user / 1000).toBeLessThan(1_500);
  });

  it.each<[string, object, object]>([
    [
      '2500 ids with a pattern and a length',
      {
        properties: {
          a: { items: { pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', minLength: 36 } },
        },
      },
      items(2_500, '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f'),
    ],
    [
      '15,000 different objects',
      { properties: { a: { uniqueItems: true, items: { required: ['i'] } } } },
      { a: many(15_000, (i) => ({ i })) },
    ],
    [
      '1500 properties',
      {
        properties: Object.fromEntries(many(1500, (i) => [`k${i}`, { type: 'integer', minimum: 0 }])),
        additionalProperties: true,
      },
      keys,
    ],
    [
      '20 items by an enum of 3500 objects',
      { properties: { a: { items: { enum: many(3_500, (k) => ({ k })) } } } },
      items(20, { k: 3_499 }),
    ],
    ['256 KiB of orders', orders, { orders: many(1_200, order) }],
  ])('but not %s', (_what, schema, payload) => expect(judge(schema, payload)).toEqual([]));
});

it('looks a value up among those of an enum instead of comparing it with each', () => {
  const steps = (count: number) => {
    const source = { properties: { a: { items: { enum: Array.from({ length: count }, (_, k) => ({ k })) } } } };
    const result = read(source);
    if ('issues' in result) throw new Error('refused');
    return judgePayload(result.schema, { a: Array.from({ length: 20 }, () => ({ k: -1 })) }).steps;
  };
  expect(steps(3_500)).toBe(steps(10));
  expect(steps(10)).toBeLessThan(200);
});
