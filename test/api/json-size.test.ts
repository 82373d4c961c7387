import fc from 'fast-check';
import { fitsJsonBytes, mostJsonBytes } from '../../src/api/schemas/json-size';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

it('a value is never longer as JSON than it is said to be at most', () => {
  const unit = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\u0001', '"\\', '\n', '\ud800', '€'));
  const value = fc.jsonValue({ stringUnit: 'binary' });
  fc.assert(
    fc.property(value, fc.array(unit), fc.double(), (any, texts, number) => {
      for (const one of [any, texts, Object.fromEntries(texts.map((text) => [text, text])), [number]]) {
        expect(mostJsonBytes(one)).toBeGreaterThanOrEqual(bytesOf(one));
      }
    }),
  );
});

it('fits a limit to the byte', () => {
  for (const value of [{ a: 'x'.repeat(100) }, { ключ: ['€', -1.5e-7, null] }, [], 'é']) {
    expect(fitsJsonBytes(value, bytesOf(value))).toBe(true);
    expect(fitsJsonBytes(value, bytesOf(value) - 1)).toBe(false);
  }
});
