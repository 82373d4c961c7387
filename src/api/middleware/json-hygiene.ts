import { visit } from 'jsonc-parser';
import { malformed, type ApiError } from '../errors/api-error';
import { isSurelyAcceptable, maxDepth, prototypeKeys } from './json-quick-look';

const loneSurrogate = /\p{Surrogate}/u;

type Path = () => readonly (string | number)[];

/**
 * Refuses what JSON allows but a system between many languages can't carry unchanged: two values of one key, text that
 * PostgreSQL or UTF-8 can't hold, numbers that a double can't. About 15 µs a KiB of what a quick look does not settle.
 * @param value what JSON.parse made of `text`: this finds no syntax errors
 * @throws ApiError 400 that names the place
 */
export function checkJson(text: string, value: unknown): void {
  if (!isSurelyAcceptable(text, value)) checkJsonText(text);
}

/** As {@link checkJson}, by the text alone. */
export function checkJsonText(text: string): void {
  // One set of keys an open object, null an open array: its length is the depth.
  const open: (Set<string> | null)[] = [];
  const enter = (keys: Set<string> | null) => {
    if (open.push(keys) > maxDepth) throw malformed(`The body is nested deeper than ${maxDepth} levels.`);
  };
  const leave = () => {
    open.pop();
  };
  visit(text, {
    onObjectBegin: () => enter(new Set()),
    onObjectEnd: leave,
    onArrayBegin: () => enter(null),
    onArrayEnd: leave,
    onObjectProperty: (key, _offset, _length, _line, _character, path) => {
      const keys = open.at(-1);
      const here = () => [...path(), key];
      if (keys?.has(key)) throw at(here(), 'is there twice');
      keys?.add(key);
      if (prototypeKeys.has(key)) throw at(here(), 'is not allowed as a key');
      checkText(key, here);
    },
    onLiteralValue: (value: unknown, offset, length, _line, _character, path) => {
      if (typeof value === 'string') checkText(value, path);
      else if (typeof value === 'number') checkNumber(text.slice(offset, offset + length), path);
    },
  });
}

function checkText(text: string, path: Path): void {
  if (text.includes('\0')) throw at(path(), 'must not contain the NUL character');
  if (loneSurrogate.test(text)) throw at(path(), 'must not contain half of a surrogate pair');
}

/** @param literal a JSON number as written */
function checkNumber(literal: string, path: Path): void {
  if (literal.length < 16 && !literal.includes('e') && !literal.includes('E')) return;
  const value = Number(literal);
  if (!Number.isFinite(value)) throw at(path(), 'is a number out of range');
  if (/^-?\d+$/.test(literal) && BigInt(literal) !== BigInt(value)) {
    throw at(path(), 'is an integer that would lose digits: send it as a string');
  }
}

function at(path: readonly (string | number)[], message: string): ApiError {
  return malformed('The body is not acceptable JSON.', [{ path, message }]);
}
