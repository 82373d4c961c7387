import { existsSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json';
import { Registry } from 'prom-client';
import { profiles } from '../../src/domain/profiles';
import { defaultMaxRetries } from '../../src/domain/retry-schedule';
import { contracts } from '../../src/domain/webhook';
import { createEngineMetrics } from '../../src/platform/metrics';
import { code, codeBlocks, documents, readDocument, root, section, tableRows } from './documents';

const readme = readDocument('README.md');

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .replaceAll(' ', '-');

describe.each(documents().map((document) => [document.file, document] as const))('%s', (file, document) => {
  const withoutCode = document.text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const targets = [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const relative = targets.filter((target) => !/^https:/.test(target));

  it('links to files that are there, and to headings that they have', () => {
    const broken = relative.filter((target) => {
      const [to = '', anchor] = target.split('#');
      const linked = to === '' ? file : path.normalize(path.join(path.dirname(file), to));
      if (!existsSync(path.join(root, linked))) return true;
      if (anchor === undefined) return false;
      const headings = [...readDocument(linked).text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
      return !headings.some((heading) => anchorOf(heading) === anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names npm scripts that package.json has', () => {
    const named = code(document.text).flatMap((text) => [...text.matchAll(/npm (?:run )?([a-z][\w:-]*)/g)]);
    const builtIn = ['ci', 'install'];
    const scripts = Object.keys(packageJson.scripts);
    const unknown = named.map(([, script = '']) => script).filter((name) => ![...builtIn, ...scripts].includes(name));
    expect(unknown).toEqual([]);
  });

  it('names no address of a machine, and no plain http link', () => {
    expect(targets.filter((target) => /^http:/.test(target))).toEqual([]);
    expect(document.text).not.toMatch(/\/(root|home|work)\//);
  });

  it('has as many cells in every row of a table as in its heading', () => {
    const cells = (line: string) => line.split(/(?<!\\)\|/).length;
    const lines = withoutCode.split('\n');
    const uneven = lines.filter((line, index) => {
      const before = lines[index - 1] ?? '';
      return line.startsWith('|') && before.startsWith('|') && cells(line) !== cells(before);
    });
    expect(uneven).toEqual([]);
  });

  it('names metrics of the engine that exist', async () => {
    const registry = new Registry();
    createEngineMetrics(registry);
    const role = 'everhook_tenant';
    const known = [role, ...(await registry.getMetricsAsJSON()).map(({ name }) => name)];
    const named = [...document.text.matchAll(/everhook_[a-z_]+/g)].map(([name]) =>
      name.replace(/_(bucket|count|sum)$/, ''),
    );
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('README.md', () => {
  it('begins with the two commands, each in a block of its own', () => {
    const [first, second] = codeBlocks(readme.text);
    expect([first?.text, second?.text]).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
  });

  it('has a row for every contract, with the limits of its profile', () => {
    const rows = tableRows(section(readme, '## Contracts'), 'contract');
    const said = rows.map(([contract, , , , url, retries]) => ({
      contract,
      allowQuery: !/no query string/.test(url ?? ''),
      retries,
    }));
    expect(said).toEqual(
      contracts.map((contract) => ({
        contract,
        allowQuery: profiles[contract].allowQuery,
        retries: `${defaultMaxRetries} unless set, at most ${profiles[contract].maxRetriesLimit}`,
      })),
    );
  });

  it('is short: what, why, how to begin, and where to go on', () => {
    expect(readme.text.split('\n').length).toBeLessThan(400);
  });
});

it('docs/architecture.md says where everything is in the code, with a link in every row', () => {
  const architecture = readDocument('docs/architecture.md');
  const rows = tableRows(section(architecture, '## Where to look in the code'), 'I want');
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter(([, file = '']) => !/\]\(.+\)/.test(file))).toEqual([]);
});

it('docs/README.md, the index, has every page', () => {
  const index = readDocument('docs/README.md').text;
  const pages = documents()
    .map(({ file }) => path.relative('docs', file))
    .filter((file) => !file.startsWith('..') && file !== 'README.md');
  expect(pages.filter((page) => !index.includes(`](${page}`))).toEqual([]);
});

it('the reference of metrics has all that the engine counts', async () => {
  const registry = new Registry();
  createEngineMetrics(registry);
  const { text } = readDocument('docs/operations.md');
  const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});
