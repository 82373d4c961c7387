import { readFileSync } from 'node:fs';
import path from 'node:path';
import { documents, root, type Document } from './documents';
import { fullTemporal, guidePages, operatorPages, part, type Part } from './pages';
import { partsOf, stepsOf } from './walkthrough';

/** Blocks that are not run as commands in a shell, and the test that has them. */
const elsewhere: (Part & { languages: string[]; by: string })[] = [
  { file: 'README.md', heading: '## The API by example', languages: ['sh', 'js', 'json'], by: 'docs/examples.test.ts' },
  { file: 'README.md', heading: '## The API by example', languages: ['ts'], by: 'client/document.test.ts' },
  ...guidePages.map((file) => ({ file, languages: ['js'], by: 'docs/guides.test.ts' })),
  { file: 'docs/backup.md', heading: '## Elsewhere', languages: ['sh'], by: 'docs/dumps.test.ts' },
  { file: 'docs/client.md', languages: ['js'], by: 'client/document.test.ts' },
  { file: 'docs/events.md', languages: ['json'], by: 'docs/events.test.ts' },
  { ...fullTemporal, languages: ['sh'], by: 'docs/full-temporal.test.ts' },
  { file: 'docs/receiving.md', languages: ['js', 'ts'], by: 'verify/package.test.ts' },
  { file: 'docs/receiving.md', languages: ['sql'], by: 'docs/statements.test.ts' },
];
const walked = [...guidePages.map((file) => ({ file })), ...operatorPages];
const ofWalks = ['sh', 'json', 'http', 'output'];

const has = (one: Part, line: number): boolean => {
  const lines = part(one).text.split('\n');
  // What is before a heading's text is empty.
  return line <= lines.length && lines.slice(0, line).some((before) => before !== '');
};

/** Blocks that no test runs or holds against anything, and that don't say why. */
function unchecked({ file, text }: Document): string[] {
  const walkedParts = walked.filter((one) => one.file === file);
  const elsewhereParts = elsewhere.filter((one) => one.file === file);
  return partsOf({ text }).flatMap((block) => {
    if (block.kind !== 'block' || block.excuse !== null || block.language === 'mermaid') return [];
    const { line, language } = block;
    const isWalked = ofWalks.includes(language) && walkedParts.some((one) => has(one, line));
    const isElsewhere = elsewhereParts.some((one) => one.languages.includes(language) && has(one, line));
    return isWalked || isElsewhere ? [] : [`${file}:${line} ${language || 'no language'}`];
  });
}

it.each(documents().map((document) => [document.file, document] as const))(
  '%s has no block that is neither run nor says why',
  (_file, document) => expect(unchecked(document)).toEqual([]),
);

it('a block on a page that nobody has heard of is found', () => {
  const text = '```sh\nnpx everhook retention run\n```\n\n- a list\n\n  ```\n  x\n  ```\n';
  expect(unchecked({ file: 'docs/new.md', text })).toEqual(['docs/new.md:1 sh', 'docs/new.md:7 no language']);
});

it.each(walked.map((one) => [one.file, one] as const))('%s has steps that can be run in order', (_file, one) => {
  expect(stepsOf(part(one)).length).toBeGreaterThan(0);
});

it.each(elsewhere)('$by reads $file', ({ file, by }) => {
  const test = readFileSync(path.join(root, 'test', by), 'utf8');
  const reads = [file, file.replace('docs/', ''), 'guidePages', 'fullTemporal', 'cataloguePage'];
  expect(reads.some((name) => test.includes(name))).toBe(true);
});
