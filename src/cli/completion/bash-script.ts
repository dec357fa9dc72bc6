/** The completion of bash: needs nothing but bash 3.2, not even the package bash-completion. */
import { type CommandNode, flattened, type ValueKind } from './command-tree.ts';

export function bashScript(tree: CommandNode): string {
  const nodes = flattened(tree);
  return `# Completion of weft for bash. Load it with: source <(weft completion bash)
_weft_complete() {
  local word=\${COMP_WORDS[COMP_CWORD]} path= words= place=0 expects= i one
  # Bash splits words at : and = too: an agent id comes as three, and so does a setting.
  for ((i = 1; i < COMP_CWORD; i++)); do
    one=\${COMP_WORDS[i]}
    case "$one" in
      :) i=$((i + 1)); continue ;;
      =) i=$((i + 1)); case "$expects" in variadic:*) ;; *) expects= ;; esac; continue ;;
    esac
    if [ -n "$expects" ]; then
      case "$expects" in variadic:*) case "$one" in -*) expects= ;; *) continue ;; esac ;; *) expects=; continue ;; esac
    fi
    case "$one" in
      -*) expects=$(_weft_value_of "$path" "$one") ;;
      *)
        if _weft_has_command "$path" "$one"; then path="$path $one"; place=0
        else place=$((place + 1)); fi ;;
    esac
  done
  local kind=\${expects#variadic:}
  if [ -z "$kind" ] || { [ "$kind" != "$expects" ] && [ "\${word:0:1}" = - ]; }; then
    if [ "\${word:0:1}" = - ]; then kind="words:$(_weft_options_of "$path")"
    else kind=$(_weft_place "$path" "$place"); fi
  fi
  COMPREPLY=()
  case "$kind" in
    words:*) while IFS= read -r one; do COMPREPLY+=("$one"); done < <(compgen -W "\${kind#words:}" -- "$word") ;;
    file) compopt -o filenames 2>/dev/null; while IFS= read -r one; do COMPREPLY+=("$one"); done < <(compgen -f -- "$word") ;;
    folder) compopt -o filenames 2>/dev/null; while IFS= read -r one; do COMPREPLY+=("$one"); done < <(compgen -d -- "$word") ;;
  esac
  case "\${COMPREPLY[0]-}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
_weft_has_command() {
  case "$1/$2" in
${branches(nodes.slice(1).map((node) => [`${keyOf(node.path.slice(0, -1))}/${node.path.at(-1)}`, 'return 0']))}
  esac
  return 1
}
_weft_options_of() {
  case "$1" in
${branches(nodes.map((node) => [keyOf(node.path), `echo '${optionNames(node)}'`]))}
  esac
}
_weft_value_of() {
  case "$1 $2" in
${branches(nodes.flatMap(valueBranches))}
  esac
}
_weft_place() {
  case "$1/$2" in
${branches(nodes.flatMap(placeBranches))}
  esac
}
complete -F _weft_complete weft
`;
}

function keyOf(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join('');
}

function branches(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([pattern, action]) => `    '${pattern}') ${action} ;;`).join('\n');
}

function optionNames({ options }: CommandNode): string {
  return options.flatMap(({ names }) => names.filter((name) => name.startsWith('--'))).join(' ');
}

function valueBranches({ path, options }: CommandNode): (readonly [string, string])[] {
  return options.flatMap(({ names, value, isVariadic }) =>
    value === null
      ? []
      : names.map(
          (name) =>
            [`${keyOf(path)} ${name}`, `echo '${isVariadic ? 'variadic:' : ''}${kindText(value)}'`] as const,
        ),
  );
}

function placeBranches({ path, commands, values, isVariadic }: CommandNode): (readonly [string, string])[] {
  const key = keyOf(path);
  if (commands.length > 0)
    return [[`${key}/0`, `echo 'words:${commands.map((one) => one.path.at(-1)).join(' ')}'`]];
  const rows = values.map((value, index) => [`${key}/${index}`, `echo '${kindText(value)}'`] as const);
  if (!isVariadic) return rows;
  return [...rows, [`${key}/'*'`, `echo '${kindText(values.at(-1)!)}'`] as const];
}

function kindText(value: ValueKind): string {
  return value.kind === 'words' ? `words:${value.words.join(' ')}` : value.kind;
}
