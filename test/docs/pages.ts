import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readDocument, root, section, type Document } from './documents';

/** A page, or what is under one of its headings. */
export interface Part {
  file: string;
  heading?: string;
}

/** Whose commands guides.test.ts runs, each in a shell of its own. */
export const guidePages = [
  'docs/tutorial.md',
  ...readdirSync(path.join(root, 'docs', 'guides')).map((name) => `docs/guides/${name}`),
  'docs/consents.md',
  'docs/troubleshooting.md',
];

/** Whose commands operators.test.ts runs, one after the other in one shell, from an installation to its restore. */
export const operatorPages: Part[] = [
  { file: 'README.md', heading: '## Run it for real' },
  { file: 'docs/operations.md' },
  { file: 'docs/console.md' },
  { file: 'docs/aws.md' },
  { file: 'docs/sizing.md' },
  { file: 'docs/upgrading.md' },
  { file: 'docs/backup.md', heading: '## Credentials: pause the sweep through AWS' },
];

/** Whose commands full-temporal.test.ts runs: they want a PostgreSQL of their own. */
export const fullTemporal: Part = {
  file: 'docs/operations.md',
  heading: '### The full server on PostgreSQL, without containers',
};

/** Its text, with every line where it is in the file. */
export function part({ file, heading }: Part): Document {
  const document = readDocument(file);
  if (heading === undefined) return document;
  const text = section(document, heading);
  const before = document.text.slice(0, document.text.indexOf(text)).split('\n').length - 1;
  return { file, text: '\n'.repeat(before) + text };
}
