import type { Document } from './documents';

/** What a page shows as the answer to a block of commands. */
export interface ShownAnswer {
  language: 'json' | 'http' | 'output';
  text: string;
}

/** A block of commands of a page, with what follows from it. */
export interface Step {
  /** Where its block begins, for messages. */
  line: number;
  commands: string;
  /** Commands to repeat until they succeed, before the next block: a person is slower than a shell. */
  until: string[];
  answer: ShownAnswer | null;
}

const part = /^```(\w+)\n([\s\S]*?)^```$|^<!-- (until|not run:) (.+) -->$/gm;

/**
 * The blocks of a page in their order. `sh` is run; `json`, `http` or `output` is the answer to the block before it;
 * `text` is not run and says why in a comment before it; `<!-- until … -->` waits.
 * @throws Error for a block that would go unchecked
 */
export function stepsOf({ file, text }: Document): Step[] {
  const steps: Step[] = [];
  let excused = false;
  for (const { index, 1: language, 2: code = '', 3: comment, 4: rest = '' } of text.matchAll(part)) {
    const line = text.slice(0, index).split('\n').length;
    const last = steps.at(-1);
    const refuse = (why: string) => new Error(`${file}:${line} ${why}`);
    if (comment === 'not run:') {
      excused = true;
      continue;
    }
    if (comment === 'until') {
      if (!last) throw refuse('waits for nothing');
      last.until.push(rest);
    } else if (language === 'sh') {
      steps.push({ line, commands: code, until: [], answer: null });
    } else if (language === 'json' || language === 'http' || language === 'output') {
      if (!last || last.answer) throw refuse('shows an answer to nothing');
      last.answer = { language, text: code };
    } else if (language === 'text' && !excused) {
      throw refuse('is not run and does not say why');
    } else if (language !== 'text' && language !== 'js' && language !== 'mermaid') {
      throw refuse(`has a block of ${language}`);
    }
    excused = false;
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
