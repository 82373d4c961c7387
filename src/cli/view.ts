import { setTimeout as sleep } from 'node:timers/promises';
import { wholeNumberFrom } from './arguments';
import { isPassing } from './failure';
import { printable, type Output } from './output';
import type { Paint } from './paint';
import { createScreen, cutToFit } from './screen';

/** One thing of a view that changes. */
export interface Item {
  id: string;
  /** Changes when the thing does. */
  state: string;
  /** What to say of it on one line. */
  line: string;
  /** As the API has it. */
  document: unknown;
}

/** What a command shows: once, or again and again with `--watch`. */
export interface View<Answer> {
  ask(): Promise<Answer>;
  /** All of it, for people. */
  text(answer: Answer, paint: Paint): string;
  /** The newest at the end. */
  items(answer: Answer): Item[];
  /** Nothing changes any more. Without it something always may. */
  isOver?(answer: Answer): boolean;
}

export const watchOption = ['-w, --watch', 'go on as it changes, until nothing can change any more or Ctrl-C'] as const;

/** What every list of the API takes. */
export const limitOption = ['--limit <number>', 'how many at once, 1 to 250', wholeNumberFrom(1, 250)] as const;
export const cursorOption = ['--cursor <cursor>', 'go on where an earlier list ended'] as const;

const pollMs = 1_000;

export async function show<Answer>(view: View<Answer>, output: Output, isWatched = false): Promise<void> {
  if (isWatched) return watch(view, output);
  const answer = await view.ask();
  output.answer(answer, view.text(answer, output.paint));
}

/**
 * Draws the view again and again on a terminal; elsewhere it is a line a change, and with `--json` a JSON document a line.
 * @param lines a line a change on a terminal too
 */
export async function watch<Answer>(
  view: View<Answer>,
  output: Output,
  { lines = false }: { lines?: boolean } = {},
): Promise<void> {
  const tell =
    output.terminal && !output.json && !lines ? drawing(view, output, output.terminal) : telling(view, output);
  for (;;) {
    const answer = await view.ask().catch((error: unknown) => {
      // An outage passes; what is watched goes on.
      if (!isPassing(error)) throw error;
      output.note(`everhook: ${printable(error.message)}`);
      return undefined;
    });
    if (answer !== undefined) {
      tell(answer);
      if (view.isOver?.(answer)) return;
    }
    await sleep(pollMs);
  }
}

function drawing<Answer>(view: View<Answer>, { paint }: Output, terminal: NonNullable<Output['terminal']>) {
  const screen = createScreen(terminal);
  return (answer: Answer) => {
    const text = view.text(answer, paint);
    if (view.isOver?.(answer)) screen.leave(text);
    else screen.draw(cutToFit(text, terminal));
  };
}

function telling<Answer>(view: View<Answer>, output: Output) {
  let known = new Map<string, string>();
  return (answer: Answer) => {
    const items = view.items(answer);
    for (const { id, state, line, document } of items) {
      if (known.get(id) !== state) output.answer(document, printable(line));
    }
    known = new Map(items.map(({ id, state }) => [id, state]));
  };
}

/** A page of a list with how to go on, in the order of the API: the newest first. */
export const moreText = (nextCursor: string | null | undefined) =>
  nextCursor ? `\nMore: --cursor ${printable(nextCursor)}` : '';
