import { createRequire } from 'node:module';
import path from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../../src/cli/failure';
import { code, documents, readDocument, root, section, tableRows } from './documents';

/** The program as it is installed; `npm test` builds it first. */
const { createProgram } = createRequire(__filename)(path.join(root, 'dist', 'src', 'cli', 'program.js')) as {
  createProgram(): Command;
};

/** Every command that does something: `tenant create`, `migrate`, … */
function leaves(command: Command, prefix: string[] = []): { name: string; command: Command }[] {
  const known = command.commands.filter((sub) => sub.name() !== 'help');
  if (known.length === 0) return [{ name: prefix.join(' '), command }];
  return known.flatMap((sub) => leaves(sub, [...prefix, sub.name()]));
}

const commands = leaves(createProgram());

/** Each `everhook …` of a text, as its words and its long options. */
function calls(text: string): { words: string[]; options: string[] }[] {
  const found = code(text).flatMap((one) => [...one.matchAll(/\beverhook((?: [a-z][a-z-]*){1,2})([^\n|;&]*)/g)]);
  return found.map(([, words = '', rest = '']) => ({
    words: words.trim().split(' '),
    options: [...rest.matchAll(/--([a-z-]+)/g)].map(([option]) => option),
  }));
}

function find(words: string[]): Command | undefined {
  return commands.find(({ name }) => name === words.join(' ') || name === words[0])?.command;
}

it.each(documents().map(({ file, text }) => [file, text] as const))(
  '%s names commands and options that the program has',
  (_file, text) => {
    const called = calls(text);
    expect(called.filter(({ words }) => !find(words)).map(({ words }) => words.join(' '))).toEqual([]);
    const wrong = called.flatMap(({ words, options }) =>
      options
        .filter(
          (option) => ![...(find(words)?.options ?? []), ...createProgram().options].some((o) => o.long === option),
        )
        .map((option) => `${words.join(' ')} ${option}`),
    );
    expect(wrong).toEqual([]);
  },
);

describe('the reference of commands in the README', () => {
  const reference = section(readDocument('README.md'), '## Command line');

  it('has every command, and no other', () => {
    const named = tableRows(reference, 'command').map(([cell = '']) => cell.replaceAll(/`|everhook | --.*/g, ''));
    expect(named.sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  it('has every exit code', () => {
    const said = /Exit codes: (.+?)\.$/ms.exec(reference)?.[1] ?? '';
    expect(said.match(/\d/g)?.map(Number)).toEqual(Object.values(exitCodes));
  });
});
