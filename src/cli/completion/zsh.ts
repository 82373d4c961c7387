import type { CompletedCommand } from './shape';

/** Completion for zsh, with what each command and option is for. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const about = commands.map(({ path, subcommands, options, choices }) => {
    const described = options.flatMap(({ names, description }) => names.map((name) => entry(name, description)));
    const valued = options.filter(({ takesValue }) => takesValue).flatMap((option) => option.names);
    return [
      `    ${quoted(path)})`,
      `      subcommands=(${subcommands.map(({ name, description }) => entry(name, description)).join(' ')})`,
      `      options=(${described.join(' ')})`,
      `      valued=(${valued.map(quoted).join(' ')})`,
      `      choices=(${choices.map(quoted).join(' ')}) ;;`,
    ].join('\n');
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ names, choices }) =>
        names.map((name) => `    ${quoted(`${path} ${name}`)}) offered=(${choices.map(quoted).join(' ')}) ;;`),
      ),
  );
  return `#compdef everhook
# zsh completion for everhook: source <(everhook completion zsh), or a file _everhook in a folder of $fpath
_everhook_about() {
  subcommands=() options=() valued=() choices=()
  case "$1" in
${about.join('\n')}
  esac
}

_everhook_values() {
  offered=()
  case "$1" in
${values.join('\n')}
    *) ;;
  esac
}

_everhook() {
  local path_words='' previous='' skip='' word
  local -a subcommands options valued choices offered
  local -i index
  _everhook_about ''
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    if [[ -n "$skip" ]]; then
      skip=''
    elif [[ "$word" == -* ]]; then
      previous="$word"
      (( \${valued[(Ie)$word]} )) && skip=1
    elif (( \${subcommands[(I)$word:*]} )); then
      path_words="\${path_words:+$path_words }$word"
      _everhook_about "$path_words"
    fi
  done
  if [[ -z "$skip" && "\${words[CURRENT]}" == --*=* ]]; then
    previous="\${words[CURRENT]%%=*}"
    compset -P '*='
    skip=1
  fi
  if [[ -n "$skip" ]]; then
    _everhook_values "$path_words $previous"
    (( \${#offered} )) && compadd -a offered || _files
  elif [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o 'option' options
  else
    (( \${#subcommands} )) && _describe 'command' subcommands
    (( \${#choices} )) && compadd -a choices
    (( \${#subcommands} + \${#choices} )) || _files
  fi
}

if [[ "\${funcstack[1]}" == '_everhook' ]]; then
  _everhook "$@"
else
  compdef _everhook everhook
fi
`;
}

/** `_describe` parts name and description at the first colon that has no backslash before it. */
const entry = (name: string, description: string) => quoted(`${name.replaceAll(':', '\\:')}:${description}`);

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
