import { RE2JS } from 're2js';

/** A regular expression of a schema: matches in time linear in the text, whatever it is (RE2). */
export interface SchemaPattern {
  /** Whether any part of the text matches. */
  test(text: string): boolean;
  /** Instructions of its program. */
  size: number;
  /** Steps that a character of text takes at worst. */
  stepsPerCharacter: number;
}

/** Longer ones could become millions of instructions before their size is known. */
const maxLength = 200;
const maxSize = 2_000;

/** Of a pattern that leaves nothing to guess: RE2 is as quick with a large one as with a small one. */
const onePassSteps = 0.5;
/** Up to this size RE2 soon knows every state that a pattern can be in. */
const smallSize = 16;
/** For each instruction, where a character of text may lead to a state that was not met before. */
const guessingSteps = 0.4;

/** @throws Error with a sentence for who wrote the pattern */
export function compilePattern(source: string): SchemaPattern {
  if (source.length > maxLength) throw new Error(`must not be longer than ${maxLength} characters`);
  const compiled = compile(source);
  const size = compiled.programSize();
  if (size > maxSize) throw new Error('repeats too much: say lengths with minLength and maxLength');
  return {
    test: (text) => compiled.test(text),
    size,
    stepsPerCharacter: compiled.re2Input.onepass || size <= smallSize ? onePassSteps : size * guessingSteps,
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source));
  } catch {
    throw new Error('is not a regular expression that RE2 takes: it has no look-around and no back-references');
  }
}
