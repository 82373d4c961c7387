import { stripVTControlCharacters } from 'node:util';

/** Draws a text again and again in its place on a terminal. */
export interface Screen {
  draw(text: string): void;
  /** Puts a text above what is drawn next, to stay there. */
  leave(text: string): void;
}

interface Terminal {
  columns: number;
  rows: number;
  write(text: string): unknown;
}

export function createScreen(terminal: Terminal): Screen {
  let drawn = 0;
  function drawOver(text: string): void {
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    terminal.write(`${up}\r\u001b[J${text}\n`);
  }
  return {
    draw(text) {
      drawOver(text);
      drawn = linesOnScreen(text, terminal.columns);
    },
    leave(text) {
      drawOver(text);
      drawn = 0;
    },
  };
}

/** Lines that a text takes where longer ones are wrapped. */
export function linesOnScreen(text: string, columns: number): number {
  return text
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns)), 0);
}

/** The first of these texts that the terminal has room for, else the last: what scrolled away can't be drawn over. */
export function firstThatFits(texts: Iterable<string>, terminal: Omit<Terminal, 'write'>): string {
  let last = '';
  for (const text of texts) {
    if (linesOnScreen(text, terminal.columns) < terminal.rows) return text;
    last = text;
  }
  return last;
}

/** As many lines of a text as the terminal has room for, and how many there are besides. */
export function cutToFit(text: string, terminal: Omit<Terminal, 'write'>): string {
  const lines = text.split('\n');
  const room = terminal.rows - 2;
  let height = 0;
  const fits = lines.findIndex((line) => (height += linesOnScreen(line, terminal.columns)) > room);
  return fits < 0 ? text : [...lines.slice(0, fits), `… and ${lines.length - fits} more lines`].join('\n');
}
