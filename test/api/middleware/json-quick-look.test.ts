import fc from 'fast-check';
import { checkJsonText } from '../../../src/api/middleware/json-hygiene';
import { isSurelyAcceptable, maxDepth } from '../../../src/api/middleware/json-quick-look';

const sure = (text: string) => isSurelyAcceptable(text, JSON.parse(text));

const isAcceptable = (text: string) => {
  try {
    checkJsonText(text);
    return true;
  } catch {
    return false;
  }
};

const blank = fc.constantFrom('', '', ' ', '\n', '\t ');
const string = fc.oneof(
  fc.string().map((text) => JSON.stringify(text)),
  fc.constantFrom(
    '"a"',
    '"b"',
    '"\\u0061"',
    '"\\u0000"',
    '"\\ud800"',
    '"x\\":y"',
    '" :"',
    '":"',
    '"__proto__"',
    '"😀"',
  ),
);
const number = fc.oneof(
  fc.constantFrom('9007199254740993', '-9007199254740993', '9007199254740992', '1e400', '1e20', '-0', '0.1', '1E-7'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);
/** JSON as somebody may write it, with keys that come twice and all else that is looked for. */
const { document } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('true', 'null'),
    string,
    number,
    tie('document'),
    fc.array(tie('value') as fc.Arbitrary<string>, { maxLength: 3 }).map((values) => `[${values.join(',')}]`),
  ),
  document: fc
    .array(fc.tuple(string, blank, tie('value') as fc.Arbitrary<string>), { maxLength: 4 })
    .map((entries) => `{${entries.map(([key, space, value]) => `${key}${space}:${space}${value}`).join(',')}}`),
})) as { document: fc.Arbitrary<string> };

it('is sure of nothing that is not acceptable', () => {
  fc.assert(
    fc.property(document, (text) => {
      if (sure(text)) expect(isAcceptable(text)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  [
    'plain events',
    '{"id":"a-1","type":"everhook.test","payload":{"n":1.5,"list":[1,{"k":null},{"k":true}],"t":"12:30"}}',
  ],
  ['blanks anywhere', '{ "a" : 1 ,\n\t"b"\n:\n[ { "a" : "x : y" } ] }'.replace('x : y', 'x:y')],
  ['text of any language', '{"ключ":"значение 😀","escaped":"a\\nb\\"c"}'],
  ['as many levels as there may be', `${'{"a":'.repeat(maxDepth)}1${'}'.repeat(maxDepth)}`],
])('is sure of %s', (_what, text) => {
  expect(sure(text)).toBe(true);
  expect(isAcceptable(text)).toBe(true);
});

it.each([
  ['an escaped character', '{"a":"\\u00e9"}'],
  ['a colon after a blank in a string', '{"a":"b :c"}'],
  ['an integer beyond 2^53', '{"a":9007199254740992}'],
])('leaves it open whether %s is acceptable, which it is', (_what, text) => {
  expect(sure(text)).toBe(false);
  expect(isAcceptable(text)).toBe(true);
});
