import type { Command } from 'commander';

/** One option as a shell completes it. */
export interface CompletedOption {
  /** `--status`, `-h`: every way to write it. */
  names: string[];
  description: string;
  /** Whether a word follows it. */
  takesValue: boolean;
  /** The words that it takes; empty: any, such as an id. */
  choices: string[];
}

/** One command, or a group of them, as a shell completes it. */
export interface CompletedCommand {
  /** Its words after `everhook`, parted by blanks; empty for the program itself. */
  path: string;
  subcommands: { name: string; description: string }[];
  options: CompletedOption[];
  /** What its first argument may be, as far as that is known. */
  choices: string[];
}

/** Every command of a program, the program itself first. Made from what parses the command line, so it can't differ. */
export function completionShape(program: Command): CompletedCommand[] {
  // With -h, which is no option of its own in commander; --version is the program's alone.
  const shared = program
    .createHelp()
    .visibleOptions(program)
    .filter(({ long }) => long !== '--version')
    .map(completed);

  function walk(command: Command, path: string[]): CompletedCommand[] {
    const subcommands = command.commands.map((sub) => ({ name: sub.name(), description: sub.description() }));
    const own = (path.length === 0 ? [] : command.options).map(completed);
    const shape = {
      path: path.join(' '),
      subcommands,
      options: [...own, ...shared],
      choices: command.registeredArguments[0]?.argChoices ?? [],
    };
    return [shape, ...command.commands.flatMap((sub) => walk(sub, [...path, sub.name()]))];
  }

  return walk(program, []);
}

function completed(option: Command['options'][number]): CompletedOption {
  return {
    names: [option.long, option.short].filter((name) => name !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}
