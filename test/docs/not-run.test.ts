import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import packageJson from '../../package.json';
import { readOptions } from '../../bench/options';
import { findOnPath } from '../../scripts/local-stack/process';
import { documents, root } from './documents';
import { partsOf } from './walkthrough';

/** Blocks of commands that say why they are not run: what of them can be told without running them. */
const excused = documents().flatMap(({ file, text }) =>
  partsOf({ text }).flatMap((one) =>
    one.kind === 'block' && one.excuse !== null && ['sh', 'text'].includes(one.language)
      ? [{ at: `${file}:${one.line}`, text: one.text }]
      : [],
  ),
);
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Command lines that begin with these words, without what is set before them and comments behind them. */
const lines = (...begin: string[]) =>
  excused.flatMap(({ at, text }) =>
    text
      .replaceAll('\\\n', ' ')
      .split(/\n|&&/)
      .map((line) => line.replace(/^(\s*[A-Z_]+=\S*)+\s/, '').replace(/\s#.*/, ''))
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => begin.every((word, index) => words[index] === word))
      .map((words) => ({ at, words: words.slice(begin.length) })),
  );

it.each(excused)('$at is what a shell understands', ({ text }) => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

describe('Docker Compose', () => {
  const compose = z.object({ services: z.record(z.string(), z.unknown()) });
  const services = Object.keys(compose.parse(parse(read('docker-compose.yml'), { merge: true })).services);
  /** Those that are shown, as Docker's reference has them. */
  const known: Record<string, RegExp> = {
    up: /^up -d( --build)?( --scale (?<service>\w+)=\d+)?$/,
    ps: /^ps$/,
    down: /^down( --volumes)?$/,
    exec: /^exec (?<service>[\w-]+) everhook .+$/,
    run: /^run --rm (?<service>[\w-]+) .+$/,
  };

  const called = lines('docker', 'compose');
  const inline = documents().flatMap(({ file, text }) =>
    [...text.matchAll(/`docker compose ([^`]+)`/g)].map(([, rest = '']) => ({ at: file, words: rest.split(' ') })),
  );

  it.each([...called, ...inline].map(({ at, words }) => [at, words.join(' ')]))('%s: %s', (_at, command) => {
    const matched = known[command.split(' ')[0] ?? '']?.exec(command);
    expect(matched).toBeTruthy();
    const service = matched?.groups?.service;
    if (service !== undefined) expect(services).toContain(service);
  });
});

it('scripts of deploy/ get the argument and the settings that they ask for', () => {
  const called = excused.flatMap(({ at, text }) =>
    [...text.matchAll(/sh (deploy\/\S+\.sh)(?: ([^#\n]*))?/g)].map(([, script = '', rest = '']) => ({
      at,
      text,
      script,
      args: rest.trim(),
    })),
  );
  expect(called.length).toBeGreaterThan(2);
  const wrong = called.flatMap(({ at, text, script, args }) => {
    if (!existsSync(path.join(root, script))) return [`${at} ${script}`];
    const source = read(script);
    const taken = /\$\{1:\?/.test(source) === (args !== '');
    const asked = new Set([...source.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name = '']) => name));
    // PostgreSQL's container sets it.
    asked.delete('PGDATA');
    const unset = [...asked].filter((name) => !text.includes(`${name}=`));
    return taken && unset.length === 0 ? [] : [`${at} ${script} ${args} ${unset.join(' ')}`];
  });
  expect(wrong).toEqual([]);
});

it('scripts of npm and files of tests are there, with the options that they are given', () => {
  const scripts: Record<string, string> = packageJson.scripts;
  expect(lines('npm', 'run').filter(({ words: [name = ''] }) => !(name in scripts))).toEqual([]);
  for (const { words } of lines('npm', 'run', 'bench')) {
    expect(() => readOptions(words.filter((word) => word !== '--'))).not.toThrow();
  }
  const soak = read('bench/soak/run.ts');
  const options = lines('npm', 'run', 'soak').flatMap(({ words }) => words.filter((word) => /^--\w/.test(word)));
  expect(options.length).toBeGreaterThan(2);
  expect(options.filter((option) => !soak.includes(`'${option} `) && !soak.includes(`'${option}'`))).toEqual([]);
  const tests = lines('npx', 'jest').map(({ words: [file = ''] }) => file);
  expect(tests.filter((file) => !existsSync(path.join(root, `${file}.test.ts`)))).toEqual([]);
});

it('Go builds the versions of Temporal that the benchmark uses', () => {
  const source = read('scripts/local-stack/temporal-full.ts');
  const [, version = ''] = /SERVER_VERSION = '([^']+)'/.exec(source) ?? [];
  const packages = lines('go', 'install').map(({ words: [name = ''] }) => name);
  expect(packages).toHaveLength(3);
  const built = source.replaceAll('${SERVER_VERSION}', version);
  expect(packages.filter((name) => !built.includes(name))).toEqual([]);
});

it('Terraform can read what is shown of it', () => {
  const blocks = documents().flatMap(({ text }) =>
    partsOf({ text }).flatMap((one) => (one.kind === 'block' && one.language === 'hcl' ? [one.text] : [])),
  );
  expect(blocks).toHaveLength(1);
  const terraform = findOnPath('terraform', process.env);
  if (terraform === undefined) {
    process.stderr.write('The block of hcl is not read: no terraform here\n');
    return;
  }
  for (const input of blocks) {
    // Its own form of it, and so without a mistake of grammar.
    const { status, stdout } = spawnSync(terraform, ['fmt', '-no-color', '-'], { input, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, input]);
  }
});
