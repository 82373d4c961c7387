import { readSchema } from '../../src/domain/json-schema';
import { createSchemaReader } from '../../src/api/schema-reader';
import { toPointer } from '../../src/api/errors/problem';

const read = createSchemaReader();
const refused = (schema: object) => {
  const result = read({ ...schema });
  return 'issues' in result ? result.issues.map(({ path, message }) => `${toPointer(path)} ${message}`) : [];
};
const string = { type: 'string' };
/** `count` names, each with a value. */
const named = <Value>(count: number, value: (index: number) => Value) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, value(index)]));

describe('a schema is taken', () => {
  it.each<[string, object]>([
    ['with nothing in it', {}],
    [
      'with $schema, $id and words for people',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://example.com/s',
        title: 'T',
        description: 'D',
        $comment: 'c',
        default: {},
        examples: [{}],
        deprecated: true,
      },
    ],
    ['with keywords that nobody knows', { 'x-team': { type: 'nonsense', $ref: 'https://elsewhere.example' } }],
    [
      'with references into itself',
      { $ref: '#/$defs/a%20b~1c', $defs: { 'a b/c': string, d: { $ref: '#here' }, e: { $anchor: 'here' } } },
    ],
    ['that goes round through the value', { properties: { next: { $ref: '#' } }, items: { $ref: '#' } }],
    ['with a reference to true', { $ref: '#/$defs/any', $defs: { any: true } }],
    [
      'with patterns that JavaScript has too',
      { properties: { a: { pattern: '^(?<year>\\d{4})-\\u00e9\\/[^\\]]+$' } } },
    ],
    [
      'with names that every object inherits',
      { properties: { toString: string, valueOf: string }, required: ['hasOwnProperty'] },
    ],
    ['with 1500 properties', { properties: named(1500, () => string) }],
  ])('%s', (_what, schema) => expect(refused(schema)).toEqual([]));
});

describe('a schema is refused', () => {
  it.each<[string, object, string]>([
    ['of another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema must be'],
    ['whose keyword has a wrong value', { properties: { a: { type: 'text' } } }, '/properties/a/type must be'],
    [
      'whose keyword has a wrong value, deep inside',
      { allOf: [{ items: { required: 'a' } }] },
      '/allOf/0/items/required ',
    ],
    ['with an older list of items', { properties: { a: { items: [string] } } }, '/properties/a/items '],
    ['with a reference to elsewhere', { $ref: 'https://example.com/schema' }, '/$ref must lead'],
    [
      'with a reference to the meta-schema',
      { $ref: 'https://json-schema.org/draft/2020-12/schema' },
      '/$ref must lead',
    ],
    [
      'with a reference to a file',
      { properties: { a: { $ref: 'file:///etc/passwd' } } },
      '/properties/a/$ref must lead',
    ],
    ['with a reference to nothing', { $ref: '#/$defs/a' }, '/$ref must lead'],
    ['with a reference to what is no schema', { $ref: '#/properties', properties: {} }, '/$ref must lead'],
    ['with a reference into a keyword that nobody knows', { $ref: '#/x-a', 'x-a': {} }, '/$ref must lead'],
    ['with a broken escape in a reference', { $ref: '#/%zz' }, '/$ref'],
    [
      'with an $id inside',
      { $defs: { a: { $id: 'https://example.com/a' } } },
      '/$defs/a/$id is taken at the root only',
    ],
    ['with one anchor at two places', { $anchor: 'a', items: { $anchor: 'a' } }, '/items/$anchor names two places'],
    ['with $dynamicRef', { $dynamicRef: '#a' }, '/$dynamicRef is not supported'],
    ['with keywords of older drafts', { dependencies: {} }, '/dependencies is of an older draft'],
    [
      'with what OpenAPI 3.0 adds',
      { properties: { a: { type: 'string', nullable: true } } },
      '/properties/a/nullable ',
    ],
    [
      'with a look-ahead',
      { properties: { a: { pattern: '^(?=a)' } } },
      '/properties/a/pattern is not a regular expression',
    ],
    [
      'with a back-reference',
      { properties: { a: { pattern: '(a)\\1' } } },
      '/properties/a/pattern is not a regular expression',
    ],
    [
      'with a key that is no pattern',
      { patternProperties: { '(': true } },
      '/patternProperties/( is not a regular expression',
    ],
    ['with a long pattern', { pattern: 'a'.repeat(201) }, '/pattern must not be longer'],
    ['with a pattern that repeats too much', { pattern: '(a{40}b{40}){25}' }, '/pattern repeats too much'],
    [
      'with too many large patterns',
      { patternProperties: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}a{900}`, true])) },
      ' has too many patterns',
    ],
    ['that refers to itself', { $ref: '#' }, ' refers to itself'],
    [
      'that refers to itself through others',
      {
        properties: { a: { anyOf: [true, { $ref: '#/$defs/b' }] } },
        $defs: { b: { not: { if: { $ref: '#/properties/a' } } } },
      },
      '/properties/a',
    ],
    [
      'that doubles at every step',
      {
        $ref: '#/$defs/n0',
        $defs: named(40, (i) =>
          i < 39 ? { allOf: [{ $ref: `#/$defs/n${i + 1}` }, { $ref: `#/$defs/n${i + 1}` }] } : {},
        ),
      },
      ' judges one value by too many schemas',
    ],
    ['with 1001 alternatives', { anyOf: Array.from({ length: 1001 }, () => string) }, ' judges one value by too many'],
    ['with 6000 schemas', { properties: named(6000, () => true) }, ' must not have more than 5000 schemas'],
  ])('%s', (_what, schema, issue) => {
    expect(refused(schema)).toEqual(expect.arrayContaining([expect.stringContaining(issue)]));
    expect(refused(schema)[0]).toMatch(new RegExp(`^${issue.replaceAll(/[$^()/]/g, '\\$&')}`));
  });

  it('at every place that is wrong', () => {
    expect(refused({ nullable: true, properties: { a: { pattern: '(' }, b: { $ref: '#/c' } } })).toHaveLength(3);
  });
});

it('keeps nothing that it does not know', () => {
  const { schema } = readSchema({
    $async: true,
    'x-code': 'process.exit()',
    $comment: 'c',
    minProperties: 1,
    default: 1,
  });
  expect(schema.root).toEqual({ minProperties: 1 });
});
