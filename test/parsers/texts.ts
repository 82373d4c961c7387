import fc from 'fast-check';

/** What makes an expression that backtracks take for ever: one piece again and again, up to a header's longest, and an end. */
const pumped = fc
  .tuple(fc.constantFrom('', 'Basic ', 'https://', '"', '('), fc.string({ minLength: 1, maxLength: 3 }), fc.string())
  .chain(([begin, piece, end]) => fc.integer({ min: 1, max: 5_000 }).map((times) => begin + piece.repeat(times) + end));

/** Whatever a stranger could write, half of a surrogate pair and NUL included. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  pumped,
  fc.constantFrom('', ' ', '\0', '\ud800', '__proto__', 'constructor', '1e999', '-0', 'null', '%00', '\r\n'),
);

/** Texts that were right before something was done to them; unchanged ones are among them. */
export function near(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 4 }),
    insert: fc.oneof(
      fc.constantFrom('', '.', ',', ':', ';', '=', '"', ' ', '%', '@', '0'),
      fc.string({ maxLength: 3 }),
    ),
  });
  return fc.tuple(valid, fc.array(change, { maxLength: 3 })).map(([text, changes]) =>
    changes.reduce((now, { at, length, insert }) => {
      const start = at % (now.length + 1);
      return now.slice(0, start) + insert + now.slice(start + length);
    }, text),
  );
}

/** A result, or the error it ended with. */
export type Outcome<T> = { value: T } | { error: unknown };

export function outcomeOf<T>(parse: () => T): Outcome<T> {
  try {
    return { value: parse() };
  } catch (error) {
    return { error };
  }
}

export async function settledOf<T>(parse: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await parse() };
  } catch (error) {
    return { error };
  }
}
