/** The completion of fish: one `complete` for each thing that may stand somewhere. */
import { type CommandNode, flattened, type OptionNode, type ValueKind } from './command-tree.ts';

export function fishScript(tree: CommandNode): string {
  const nodes = flattened(tree);
  return `# Completion of weft for fish. Keep it: weft completion fish > ~/.config/fish/completions/weft.fish
# Prints the command that the line has come to, as its path: "keys export".
function __weft_path
    set -l path
    for word in (commandline -opc)[2..-1]
        contains -- "$path $word" ${nodes
          .slice(1)
          .map((node) => quoted(` ${node.path.join(' ')}`))
          .join(' ')}
        and set path "$path $word"
    end
    string trim -- "$path"
end
function __weft_at
    test (__weft_path) = "$argv[1]"
end
# True while the last option on the line is one of these.
function __weft_in
    set -l last
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and set last $word
    end
    contains -- "$last" $argv
end
complete -c weft -f
${nodes.flatMap((node) => [...commandLines(node), ...optionLines(node), ...placeLines(node)]).join('\n')}
`;
}

function condition(node: CommandNode, more = ''): string {
  return `-n ${quoted(`__weft_at "${node.path.join(' ')}"${more}`)}`;
}

function commandLines(node: CommandNode): string[] {
  return node.commands.map(
    (one) =>
      `complete -c weft ${condition(node)} -a ${quoted(one.path.at(-1)!)} -d ${quoted(one.description)}`,
  );
}

function optionLines(node: CommandNode): string[] {
  return node.options.flatMap((option) => {
    const names = option.names.map((name) =>
      name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
    );
    const line = `complete -c weft ${condition(node)} ${names.join(' ')}${valueFlags(option)} -d ${quoted(option.description)}`;
    return [line, ...furtherValues(node, option)];
  });
}

/** fish itself knows of one value only. */
function furtherValues(node: CommandNode, { names, value, isVariadic }: OptionNode): string[] {
  if (!isVariadic || value === null || value.kind === 'any') return [];
  const isIn = `; and __weft_in ${names.join(' ')}`;
  return [`complete -c weft ${condition(node, isIn)} ${kindFlags(value)}`];
}

function valueFlags({ value }: OptionNode): string {
  return value === null ? '' : ` -r ${kindFlags(value)}`.trimEnd();
}

function placeLines(node: CommandNode): string[] {
  return node.values
    .filter((value) => value.kind !== 'any')
    .map((value) => `complete -c weft ${condition(node)} ${kindFlags(value)}`);
}

function kindFlags(value: ValueKind): string {
  switch (value.kind) {
    case 'words':
      return `-x -a ${quoted(value.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'folder':
      return `-x -a ${quoted('(__fish_complete_directories)')}`;
    case 'any':
      return '-x';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
