/** The completion of zsh: a function over tables of what may stand where. */
import { type CommandNode, flattened, type ValueKind } from './command-tree.ts';

export function zshScript(tree: CommandNode): string {
  const nodes = flattened(tree);
  return `#compdef weft
# Completion of weft for zsh. Keep it as a file named _weft in a folder of $fpath, or: source <(weft completion zsh)
_weft() {
  local context state line one key=''
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    one=\${words[i]}
    case "$key $one" in
${nodes
  .slice(1)
  .map(
    (node) =>
      `      ${quoted(` ${node.path.join(' ')}`)}) key="$key $one"; words[2,i]=(); ((CURRENT -= i - 1)); i=1 ;;`,
  )
  .join('\n')}
    esac
  done
  case "$key" in
${nodes.map(branch).join('\n')}
  esac
}
if [ "$funcstack[1]" = _weft ]; then _weft "$@"; else compdef _weft weft; fi
`;
}

function branch(node: CommandNode): string {
  const key = node.path.map((name) => ` ${name}`).join('');
  const lines = [...node.options.flatMap(optionSpecs), ...placeSpecs(node)];
  return `    ${quoted(key)})\n      _arguments -s -S \\\n${lines.map((line) => `        ${quoted(line)}`).join(' \\\n')} ;;`;
}

function optionSpecs({ names, description, value, isVariadic }: CommandNode['options'][number]): string[] {
  return names.map((name) => {
    const spec = `${name}[${escaped(description)}]`;
    if (value === null) return spec;
    // As many values as follow, up to the next option.
    return isVariadic ? `*${spec}:*-*: :${actionOf(value)}` : `${spec}: :${actionOf(value)}`;
  });
}

function placeSpecs({ commands, values, isVariadic }: CommandNode): string[] {
  if (commands.length > 0) {
    const rows = commands.map(
      (one) => `${one.path.at(-1)}\\:"${escaped(one.description).replaceAll('"', '')}"`,
    );
    return [`1:command:((${rows.join(' ')}))`];
  }
  return values.map((value, index) => {
    const isRest = isVariadic && index === values.length - 1;
    return `${isRest ? '*' : index + 1}: :${actionOf(value)}`;
  });
}

function actionOf(value: ValueKind): string {
  switch (value.kind) {
    case 'words':
      // A setting goes on behind its "=": no space.
      if (value.words.some((word) => word.endsWith('='))) return `{compadd -S "" - ${value.words.join(' ')}}`;
      return `(${value.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'any':
      return ' ';
  }
}

/** Within a spec of _arguments. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
