import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { faultKinds, type FaultKind } from '../support/aws/fault-proxy';
import type { Ending } from './bench';

export interface Row {
  saga: string;
  operation: string;
  nth: number;
  endings: Partial<Record<FaultKind, Ending>>;
}

const file = path.resolve(__dirname, '..', '..', 'docs', 'credentials-faults.md');
const begin = (part: string) => `<!-- ${part}: made by test/credentials -->`;
const end = (part: string) => `<!-- end of ${part} -->`;

export function table(rows: readonly Row[], kinds: readonly FaultKind[] = faultKinds): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['To', 'Call of AWS', ...kinds];
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(({ saga, operation, nth, endings }) =>
      line([saga, `\`${operation}\` ${nth}`, ...kinds.map((kind) => endings[kind] ?? '')]),
    ),
  ].join('\n');
}

/** The part of the page in docs; it is made from `rows` first if the environment says so. */
export function documented(part: string, rows?: readonly Row[], kinds?: readonly FaultKind[]): string {
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(begin(part)) + begin(part).length;
  const to = text.indexOf(end(part));
  if (rows && process.env.WRITE_FAULT_MATRIX) {
    writeFileSync(file, `${text.slice(0, from)}\n\n${table(rows, kinds)}\n\n${text.slice(to)}`);
    return table(rows, kinds);
  }
  return text.slice(from, to).trim();
}
