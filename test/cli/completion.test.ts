import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { findOnPath } from '../../scripts/local-stack/process';
import { completionShape } from '../../src/cli/completion/shape';
import { everhook, main } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const run = promisify(execFile);
/** The program as it is installed; `npm test` builds it first. */
const { createProgram } = createRequire(__filename)(path.join(path.dirname(main), 'program.js')) as {
  createProgram(): Command;
};
const commands = completionShape(createProgram());

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-completion-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function script(shell: string): Promise<string> {
  const { stdout, exitCode } = await everhook(['completion', shell]);
  expect(exitCode).toBe(0);
  const file = path.join(directory, `everhook.${shell}`);
  await writeFile(file, stdout);
  return file;
}

/** Lines, each the words typed so far; the last word is the one to be completed. */
const typed = [
  ...commands.map(({ path: words }) => `everhook ${words ? `${words} ` : ''}`),
  'everhook del',
  'everhook --json delivery s',
  'everhook delivery list --st',
  'everhook delivery list --status ',
  'everhook delivery list --status fa',
  'everhook delivery list --limit delivery --status d',
  'everhook delivery list --status=f',
  'everhook completion ',
];

describe('bash', () => {
  let offered: Map<string, string[]>;
  beforeAll(async () => {
    const tries = typed.map((line) => {
      // As readline hands it over: the equals sign is a word of its own.
      const words = line.split(' ').flatMap((word) => word.split(/(=)/).filter((part) => part !== '' || word === ''));
      return `try ${words.map((word) => `'${word}'`).join(' ')}`;
    });
    const test = path.join(directory, 'test.bash');
    const attempt = 'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _everhook; echo "${COMPREPLY[*]}"; }';
    await writeFile(test, [`source '${await script('bash')}'`, attempt, ...tries].join('\n'));
    const { stdout } = await run('bash', ['--norc', test]);
    offered = new Map(stdout.split('\n').map((words, index) => [typed[index] ?? '', words.split(' ').filter(Boolean)]));
  });

  it('completes the words of every command', () => {
    for (const { path: words, subcommands, choices } of commands) {
      const line = `everhook ${words ? `${words} ` : ''}`;
      expect([line, offered.get(line)]).toEqual([line, [...subcommands.map(({ name }) => name), ...choices]]);
    }
  });

  it.each([
    ['everhook del', ['delivery']],
    ['everhook --json delivery s', ['show']],
    ['everhook delivery list --st', ['--status']],
    ['everhook delivery list --status ', ['pending', 'delivered', 'failed', 'cancelled']],
    ['everhook delivery list --status fa', ['failed']],
    // The value of an option is no command.
    ['everhook delivery list --limit delivery --status d', ['delivered']],
    ['everhook delivery list --status=f', ['failed']],
    ['everhook completion ', ['bash', 'zsh', 'fish']],
  ])('%j leads to %j', (line, words) => {
    expect(offered.get(line)).toEqual(words);
  });

  it('tells bash itself to complete the command', async () => {
    const { stdout } = await run('bash', ['--norc', '-c', `source '${await script('bash')}'; complete -p everhook`]);
    expect(stdout).toBe('complete -o default -F _everhook everhook\n');
  });
});

/** With a shell that is not installed here this is what can be said of its script. */
describe.each(['zsh', 'fish'])('%s', (shell) => {
  it('has every command and every value to choose from, in a script that the shell takes', async () => {
    const file = await script(shell);
    if (findOnPath(shell, process.env)) await run(shell, ['-n', file]);
    const { stdout } = await everhook(['completion', shell]);
    for (const { path: words, subcommands, options } of commands) {
      expect(stdout).toContain(`'${words}`);
      for (const { name } of subcommands) expect(stdout).toContain(`'${name}`);
      for (const { choices } of options) for (const choice of choices) expect(stdout).toContain(choice);
    }
  });

  it('gives fish the candidates with their descriptions', async () => {
    if (shell !== 'fish' || !findOnPath('fish', process.env)) return;
    const complete = `source '${await script('fish')}'; complete -C 'everhook delivery list --status '`;
    const { stdout } = await run('fish', ['-N', '-c', complete]);
    expect(stdout.match(/^\w+/gm)?.sort()).toEqual(['cancelled', 'delivered', 'failed', 'pending']);
  });
});

test('a shell that there is no completion for exits with 2', async () => {
  expect(await everhook(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, stdout: '' });
});
