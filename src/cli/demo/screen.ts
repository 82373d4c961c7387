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
  return text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
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
