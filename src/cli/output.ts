import Table from 'cli-table3';
import type { Command } from 'commander';
import { coloured, plain, usesColour, type Paint, type Toned } from './paint';

/** Where a command's answer goes: one JSON document with `--json`, else text for people. */
export interface Output {
  json: boolean;
  paint: Paint;
  /** What can be drawn on again; null where a line stays as it was written. */
  terminal: { columns: number; rows: number; write(text: string): unknown } | null;
  /** Called once a command, or by one that follows something, once a change. `text` is used without `--json`. */
  answer(document: unknown, text: string): void;
  /** A line beside the answer, on standard error. */
  note(line: string): void;
}

/** The output that a command's global options ask for. */
export function outputOf(command: Command): Output {
  const { json: asksForJson, color } = command.optsWithGlobals<{ json?: boolean; color?: boolean }>();
  const json = asksForJson === true;
  const { stdout, env } = process;
  return {
    json,
    paint: usesColour({ noColour: color === false, isTerminal: stdout.isTTY === true }, env) ? coloured : plain,
    terminal: terminalOf(stdout, env),
    answer: (document, text) => stdout.write(`${json ? JSON.stringify(document) : text}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
  };
}

type Terminal = NonNullable<Output['terminal']>;

/** The stream, if it can be drawn on again. One without a size can't: containers and CI have such. */
export function terminalOf(stream: Terminal & { isTTY?: boolean }, { TERM }: NodeJS.ProcessEnv): Terminal | null {
  const hasSize = stream.columns > 0 && stream.rows > 0;
  return stream.isTTY === true && hasSize && TERM !== 'dumb' ? stream : null;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Text of others as it may go to a terminal: receivers answer what they like, and an escape sequence
 * could redraw the screen or turn the text around. Such characters become `\u{…}`.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'mid', 'left', 'right']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .map((part) => [part, '']),
);

export type Cell = string | Toned;

/** The text as it may go to a terminal, with the colours of its meaning. */
const painted = (cell: Cell, paint: Paint) =>
  typeof cell === 'string' ? printable(cell) : paint(printable(cell.text), cell.tone);

/** Columns under a heading, two blanks between them. Cells are made printable. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  const drawn = new Table({
    head: head.map((name) => paint(name, 'heading')),
    chars: { ...noBorders, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows.map((row) => row.map((cell) => painted(cell, paint))));
  return trimLines(drawn.toString());
}

/** One line a fact: its name, then its value. Undefined ones are left out. */
export function facts(entries: Record<string, Cell | undefined>, paint: Paint): string {
  const shown = Object.entries(entries).filter((entry): entry is [string, Cell] => entry[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${painted(value, paint)}`.trimEnd()).join('\n');
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
