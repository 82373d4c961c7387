import { findNodeAtLocation, parse, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { Problem } from '../../problem';

/** Something wrong in a text of JSON, and where in it. */
export interface Finding {
  /** 1-based; null: the whole of it. */
  line: number | null;
  /** What of the text it is about. */
  from: number;
  to: number;
  /** JSON Pointer within the text; empty: the whole. */
  pointer: string;
  message: string;
}

const strict = { disallowComments: true, allowTrailingComma: false };

/** What the text says; a finding for each place at which it is not JSON. Nothing but blanks is null. */
export function readJson(text: string): { value: unknown } | { findings: Finding[] } {
  if (text.trim() === '') return { value: null };
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, strict);
  if (errors.length === 0) return { value };
  const findings = errors.map(({ error, offset, length }) => ({
    line: lineOf(text, offset),
    from: offset,
    to: offset + Math.max(length, 1),
    pointer: '',
    message: sentence(printParseErrorCode(error)),
  }));
  return { findings: findings.slice(0, 5) };
}

/**
 * The API's problems with the part of a body that was written as this text, each at its place.
 * @param key of the body, such as `schema`
 */
export function placed(problems: readonly Problem[], key: string, text: string): Finding[] {
  const tree = parseTree(text, [], strict);
  return problems
    .filter(({ pointer }) => pointer === `/${key}` || pointer.startsWith(`/${key}/`))
    .map(({ pointer, message }) => {
      const path = pathOf(pointer.slice(key.length + 1));
      // What is missing has no place of its own: its parent has.
      const node = tree && (findNodeAtLocation(tree, path) ?? findNodeAtLocation(tree, path.slice(0, -1)));
      const from = node?.offset ?? 0;
      return {
        line: node ? lineOf(text, from) : null,
        from,
        to: from + (node?.length ?? 0),
        pointer: pointer.slice(key.length + 1),
        message,
      };
    });
}

/** RFC 6901; numbers are taken for places in arrays where the text has one. */
function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part));
}

const lineOf = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

/** `CommaExpected` as `comma expected`. */
const sentence = (code: string) =>
  code.replace(/[A-Z]/g, (letter, at) => (at === 0 ? letter.toLowerCase() : ` ${letter.toLowerCase()}`));
