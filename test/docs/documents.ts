import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '..', '..');

export interface Document {
  /** Relative to the root. */
  file: string;
  text: string;
}

export interface CodeBlock {
  /** What stands behind the opening fence. */
  language: string;
  text: string;
}

/** The README and every page of docs/, those in folders too. */
export function documents(): Document[] {
  const pages = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name));
  return ['README.md', ...pages].map(readDocument);
}

export function readDocument(file: string): Document {
  return { file, text: readFileSync(path.join(root, file), 'utf8') };
}

/** The text under a heading, up to the next one of the same or a higher level. */
export function section({ file, text }: Document, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`${file} has no heading ${heading}`);
  const end = lines.findIndex((line, index) => index > start && isHeading(line, level));
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

function isHeading(line: string, deepest: number): boolean {
  const level = /^(#+) /.exec(line)?.[1]?.length;
  return level !== undefined && level <= deepest;
}

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    text: code,
  }));
}

/** Inline code and code blocks, one after the other. */
export function code(text: string): string[] {
  const inline = text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g);
  return [...codeBlocks(text).map((block) => block.text), ...[...inline].map(([, words = '']) => words)];
}

/** Rows of every table of a text whose first heading cell is `first`, each as its cells. */
export function tableRows(text: string, first: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|')
      ? line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim())
      : null;
    if (!cells) inside = false;
    else if (cells[0] === first) inside = true;
    else if (inside && !/^:?-+:?$/.test(cells[0] ?? '')) rows.push(cells);
  }
  return rows;
}
