import type { CompletedCommand } from './shape';

/**
 * Completion for bash 3.2 and later, without the package bash-completion. `--status=failed` comes as three words, for the
 * equals sign parts words there.
 */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const about = commands.map(({ path, subcommands, options, choices }) => {
    const names = options.flatMap((option) => option.names);
    const valued = options.filter(({ takesValue }) => takesValue).flatMap((option) => option.names);
    return [
      `    ${quoted(path)})`,
      `      subcommands=${quoted(subcommands.map(({ name }) => name).join(' '))}`,
      `      options=${quoted(names.join(' '))}`,
      `      valued=${quoted(valued.join(' '))}`,
      `      choices=${quoted(choices.join(' '))} ;;`,
    ].join('\n');
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ names, choices }) =>
        names.map((name) => `    ${quoted(`${path} ${name}`)}) echo ${quoted(choices.join(' '))} ;;`),
      ),
  );
  return `# bash completion for everhook: eval "$(everhook completion bash)"
_everhook_about() {
  case "$1" in
${about.join('\n')}
    *) subcommands='' options='' valued='' choices='' ;;
  esac
}

_everhook_values() {
  case "$1" in
${values.join('\n')}
    *) echo '' ;;
  esac
}

_everhook() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous='' path='' skip='' word offered index
  local subcommands options valued choices
  COMPREPLY=()
  _everhook_about ''
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ "$word" == '=' ]]; then
      skip=1
    elif [[ -n "$skip" ]]; then
      skip=''
      previous=''
    elif [[ "$word" == -* ]]; then
      previous="$word"
      [[ " $valued " == *" $word "* ]] && skip=1
    elif [[ " $subcommands " == *" $word "* ]]; then
      path="\${path:+$path }$word"
      _everhook_about "$path"
      previous=''
    else
      previous=''
    fi
  done
  [[ "$current" == '=' ]] && current='' && skip=1
  if [[ -n "$skip" ]]; then
    offered="$(_everhook_values "$path $previous")"
  elif [[ "$current" == -* ]]; then
    offered="$options"
  else
    offered="$subcommands $choices"
  fi
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}

# A file, where nothing of ours fits.
complete -o default -F _everhook everhook
`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
