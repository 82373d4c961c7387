import fc from 'fast-check';
import { ApiError } from '../../../src/api/errors/api-error';
import { parseJsonObject } from '../../../src/api/middleware/json-body';

const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

function refusal(text: string): { detail: string; path?: readonly (string | number)[]; message?: string } {
  try {
    parseJsonObject(text);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.status).toBe(400);
    const [issue] = error.extra.issues ?? [];
    return { detail: error.detail, ...(issue && { path: issue.path, message: issue.message }) };
  }
  throw new Error('it was accepted');
}

describe('a JSON body', () => {
  it.each([
    ['no JSON', '{"a":'],
    ['two values', '{} {}'],
    ['a comment', '{/* */}'],
    ['a comma at the end', '{"a":1,}'],
    ['NaN', '{"a":NaN}'],
    ['a raw control character', '{"a":"\u0001"}'],
    ['a byte order mark', '\ufeff{}'],
    ['nothing but blanks', '  '],
  ])('is refused when it is or has %s', (_what, text) => {
    expect(refusal(text)).toEqual({ detail: 'The body is not valid JSON.' });
  });

  it.each(['[]', '[{}]', '"text"', '1', 'true', 'null'])('is refused when it is %s, not an object', (text) => {
    expect(refusal(text)).toEqual({ detail: 'The body must be a JSON object.' });
  });

  const twice = 'is there twice';
  const prototype = 'is not allowed as a key';
  const nul = 'must not contain the NUL character';
  const surrogate = 'must not contain half of a surrogate pair';
  const digits = 'is an integer that would lose digits: send it as a string';
  const range = 'is a number out of range';
  it.each([
    ['a key twice', '{"a":1,"a":1}', ['a'], twice],
    ['a key twice, written in two ways', '{"a":1,"\\u0061":2}', ['a'], twice],
    ['a key twice in depth', '{"x":[{"b":{"c":1,"c":2}}]}', ['x', 0, 'b', 'c'], twice],
    ['the empty key twice', '{"":1,"":1}', [''], twice],
    ['__proto__', '{"payload":{"__proto__":{}}}', ['payload', '__proto__'], prototype],
    ['__proto__, escaped', '{"\\u005f_proto__":{}}', ['__proto__'], prototype],
    ['constructor', '{"constructor":1}', ['constructor'], prototype],
    ['prototype', '{"a":[{"prototype":1}]}', ['a', 0, 'prototype'], prototype],
    ['NUL in a string', '{"a":"x\\u0000y"}', ['a'], nul],
    ['NUL in a key', '{"a\\u0000":1}', ['a\0'], nul],
    ['a lone high surrogate', '{"a":["\\ud83d"]}', ['a', 0], surrogate],
    ['a lone low surrogate', '{"a":"\\ude00x"}', ['a'], surrogate],
    ['a lone surrogate in a key', '{"\\ud800":1}', ['\ud800'], surrogate],
    ['2^53 + 1', '{"a":9007199254740993}', ['a'], digits],
    ['-2^53 - 1', '{"a":[-9007199254740993]}', ['a', 0], digits],
    ['a 20-digit number', '{"a":{"b":12345678901234567890}}', ['a', 'b'], digits],
    ['1e400', '{"a":1e400}', ['a'], range],
    ['a number of 400 digits', `{"a":${'9'.repeat(400)}}`, ['a'], range],
  ])('is refused when it has %s, and the place is named', (_what, text, path, message) => {
    expect(refusal(text)).toEqual({ detail: 'The body is not acceptable JSON.', path, message });
  });

  it('may be 64 levels deep and no deeper', () => {
    expect(parseJsonObject(nested(64))).toBeDefined();
    expect(refusal(nested(65)).detail).toMatch('deeper than 64');
    expect(refusal(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`).detail).toMatch('deeper than 64');
  });

  it.each([
    ['integers up to 2^53', '{"a":9007199254740992,"b":-9007199254740992}'],
    ['a large integer that a double holds exactly', '{"a":100000000000000000000}'],
    ['fractions and exponents', '{"a":0.1,"b":1e20,"c":-1.5E-7,"d":1234567.8901234567}'],
    ['emoji, written and escaped', '{"a":"😀","b":"\\ud83d\\ude00"}'],
    ['the same key in different objects', '{"a":{"k":1},"b":{"k":1},"c":[{"k":1},{"k":1}]}'],
    ['keys that only look like an object of JavaScript', '{"toString":1,"hasOwnProperty":2,"__proto":3}'],
  ])('is accepted with %s', (_what, text) => {
    expect(parseJsonObject(text)).toEqual(JSON.parse(text));
  });

  it('is accepted and unchanged, whatever JSON.stringify writes', () => {
    const value = fc.object({
      key: fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      values: [
        fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0')),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ],
    });
    fc.assert(
      fc.property(value, (object) => {
        const text = JSON.stringify(object);
        fc.pre(!text.includes('\\u0000'));
        expect(parseJsonObject(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
