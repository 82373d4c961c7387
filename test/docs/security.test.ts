import { existsSync } from 'node:fs';
import path from 'node:path';
import { readDocument, root, section } from './documents';

const document = readDocument('docs/security.md');

/** Rows of the tables whose last heading is `shown by`, with the tests that the last cell links to. */
function measures(): { row: string; tests: string[] }[] {
  let inside = false;
  return document.text.split('\n').flatMap((line) => {
    const isRow = line.startsWith('|');
    const last = line.split('|').at(-2)?.trim() ?? '';
    if (!isRow) inside = false;
    else if (last === 'shown by') inside = true;
    else if (inside && !/^-+$/.test(last)) {
      return [{ row: line, tests: [...last.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, file = '']) => file) }];
    }
    return [];
  });
}

describe('docs/security.md', () => {
  it('names for every measure a test that is there', () => {
    const rows = measures();
    expect(rows.length).toBeGreaterThan(40);
    const bare = rows.filter(({ row, tests }) => tests.length === 0 && !row.includes('| the same |'));
    expect(bare.map(({ row }) => row)).toEqual([]);
    const named = rows.flatMap(({ tests }) => tests);
    expect(named.filter((file) => !/\.test\.ts$/.test(file) || !existsSync(path.join(root, file)))).toEqual([]);
  });

  it.each([
    'One tenant from another',
    'Strangers from the API',
    'Our network from tenants',
    'Receivers and us',
    'Whoever reads the database or a backup',
    'Operators',
    'The network between the parts',
    'Where the code comes from',
    'What Temporal sees',
    'What is not protected',
  ])('says something of: %s', (heading) => {
    expect(section(document, `## ${heading}`).length).toBeGreaterThan(300);
  });
});
