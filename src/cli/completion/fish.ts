import type { CompletedCommand } from './shape';

/** Completion for fish, with what each command and option is for. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, subcommands, options, choices }) => {
    const here = `complete -c everhook -n ${quoted(`__everhook_at ${quoted(path)}`)}`;
    const offered = subcommands.map(
      ({ name, description }) => `${here} -f -a ${quoted(name)} -d ${quoted(description)}`,
    );
    const known = choices.length > 0 ? [`${here} -f -a ${quoted(choices.join(' '))}`] : [];
    const described = options.map((option) => {
      const names = option.names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
      const value =
        option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : option.takesValue ? ' -r' : '';
      return `${here} ${names.join(' ')}${value} -d ${quoted(option.description)}`;
    });
    return [...offered, ...known, ...described];
  });
  const groups = commands.filter(({ subcommands }) => subcommands.length > 0);
  const below = groups.map(
    ({ path, subcommands }) =>
      `        case ${subcommands.map(({ name }) => quoted(path === '' ? name : `${path} ${name}`)).join(' ')}`,
  );
  return `# fish completion for everhook: everhook completion fish | source
# Whether the words so far lead to this command.
function __everhook_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        switch (string trim "$at $word")
${below.map((line) => `${line}\n                set at (string trim "$at $word")`).join('\n')}
        end
    end
    test "$at" = "$argv[1]"
end

${lines.join('\n')}
`;
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
