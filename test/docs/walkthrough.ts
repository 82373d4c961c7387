import type { Document } from './documents';

/** What a page shows as the answer to a block of commands. */
export interface ShownAnswer {
  language: 'json' | 'http' | 'output';
  text: string;
}

/** A block of commands of a page, with what follows from it. */
export interface Step {
  file: string;
  /** Where its block begins, for messages. */
  line: number;
  commands: string;
  /** Programs of the machine without which it is left out. */
  needs: string[];
  /** Commands to repeat until they succeed, before the next block: a person is slower than a shell. */
  until: string[];
  answer: ShownAnswer | null;
}

const programs = ['js', 'ts', 'sql', 'mermaid'];

/** A fenced block, or one of the comments that say how blocks are run. */
export type Part =
  | { kind: 'block'; line: number; language: string; text: string; excuse: string | null }
  | { kind: 'until'; line: number; rest: string }
  | { kind: 'needs'; line: number; rest: string };

const part = /^( *)```(\w*)\n([\s\S]*?)^\1```$|^ *<!-- (until|needs|not run:) (.+) -->$/gm;

/** All of a page in order, blocks in lists too; `<!-- not run: why -->` is the excuse of the block that follows. */
export function partsOf({ text }: Pick<Document, 'text'>): Part[] {
  const parts: Part[] = [];
  let excuse: string | null = null;
  for (const { index, 1: indent = '', 2: language = '', 3: code = '', 4: comment, 5: rest = '' } of text.matchAll(
    part,
  )) {
    const line = text.slice(0, index).split('\n').length;
    if (comment === 'not run:') {
      excuse = rest;
      continue;
    }
    if (comment === 'until' || comment === 'needs') parts.push({ line, kind: comment, rest });
    else
      parts.push({ line, kind: 'block', language, text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), excuse });
    excuse = null;
  }
  return parts;
}

/**
 * The blocks of a page in their order. `sh` is run; `json`, `http` or `output` is the answer to the block before it; what is
 * not run, all `text` among it, says why in a comment before it; `<!-- needs … -->` names programs that not every machine
 * has; `<!-- until … -->` waits. Programs, statements and pictures have tests of their own (blocks.test.ts has the list).
 * @throws Error for a block that would go unchecked
 */
export function stepsOf({ file, text }: Document): Step[] {
  const steps: Step[] = [];
  let needs: string[] = [];
  for (const one of partsOf({ text })) {
    const { line } = one;
    const last = steps.at(-1);
    const refuse = (why: string) => new Error(`${file}:${line} ${why}`);
    if (one.kind === 'needs') {
      needs = one.rest.split(' ');
    } else if (one.kind === 'until') {
      if (!last) throw refuse('waits for nothing');
      last.until.push(one.rest);
    } else if (one.excuse !== null) {
      needs = [];
    } else if (one.language === 'sh') {
      steps.push({ file, line, commands: one.text, needs, until: [], answer: null });
      needs = [];
    } else if (one.language === 'json' || one.language === 'http' || one.language === 'output') {
      if (!last || last.answer) throw refuse('shows an answer to nothing');
      last.answer = { language: one.language, text: one.text };
    } else if (one.language === 'text') {
      throw refuse('is not run and does not say why');
    } else if (!programs.includes(one.language)) {
      throw refuse(`has a block of ${one.language || 'no language'}`);
    }
  }
  return steps;
}

/**
 * What is different, or null. `…` stands for anything: in a text of JSON for any text, as a key with the value `…` for
 * further keys, as the last element of a list for further elements; in other answers within a line, or alone for lines.
 */
export function difference({ language, text }: ShownAnswer, printed: string): string | null {
  if (language !== 'json') return textDifference(text, printed);
  let value: unknown;
  try {
    value = JSON.parse(printed);
  } catch {
    return `no JSON document: ${printed}`;
  }
  return valueDifference(JSON.parse(text), value, '');
}

function valueDifference(shown: unknown, real: unknown, at: string): string | null {
  if (Array.isArray(shown) && Array.isArray(real)) {
    const open = shown.at(-1) === '…';
    const wanted = open ? shown.slice(0, -1) : shown;
    if (open ? real.length < wanted.length : real.length !== wanted.length) return `${at}: ${real.length} elements`;
    return firstOf(wanted.map((one, index) => valueDifference(one, real[index], `${at}/${index}`)));
  }
  if (isObject(shown) && isObject(real)) {
    const { '…': open, ...wanted } = shown;
    const unexpected = Object.keys(real).filter((key) => !(key in wanted));
    if (open === undefined && unexpected.length > 0) return `${at}: also has ${unexpected.join(', ')}`;
    return firstOf(Object.entries(wanted).map(([key, one]) => valueDifference(one, real[key], `${at}/${key}`)));
  }
  const same =
    typeof shown === 'string' && typeof real === 'string'
      ? lineAsPattern(shown).test(real)
      : typeof shown === 'number' && typeof real === 'number' && isMeasured(at)
        ? true
        : shown === real;
  return same ? null : `${at}: ${JSON.stringify(real)} instead of ${JSON.stringify(shown)}`;
}

const isMeasured = (at: string) => /(Ms|\/p\d\d)$/.test(at);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const firstOf = (found: (string | null)[]) => found.find((one) => one !== null) ?? null;

/** Widths of columns depend on what is in them, so runs of blanks are one. */
function textDifference(shown: string, printed: string): string | null {
  const lines = (text: string) => text.trim().replaceAll('\r', '').replaceAll(/ +/g, ' ').split('\n');
  const pattern = lines(shown)
    .map((line) => (line === '…' ? '(?:.*\n)*' : `${lineAsPattern(line.trimEnd()).source.slice(1, -1)} ?\n`))
    .join('');
  const real = lines(printed).join('\n');
  return new RegExp(`^${pattern}$`).test(`${real}\n`) ? null : `shown:\n${shown}\nprinted:\n${real}`;
}

function lineAsPattern(line: string): RegExp {
  const literal = line.split('…').map((one) => one.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`);
}
