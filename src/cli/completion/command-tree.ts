/** The commands as a shell sees them: what may stand where on a command line, read off the commander program itself. */
import type { Argument, Command, Option } from 'commander';
import { configKeys } from '../../config/config-keys.ts';

/** What a value is: one of some words, or a name on the disk. */
export type ValueKind =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'any' };

export interface OptionNode {
  /** `-V`, `--version`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Null: it takes none. */
  readonly value: ValueKind | null;
  /** Takes as many as follow. */
  readonly isVariadic: boolean;
}

export interface CommandNode {
  /** From the program on: `['keys', 'export']`; empty for the program. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly CommandNode[];
  /** Its own and those of every command. */
  readonly options: readonly OptionNode[];
  /** Of the place, the last one for all that follow when it is variadic. */
  readonly values: readonly ValueKind[];
  readonly isVariadic: boolean;
}

/** The tree below a command. */
export function describeCommand(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  help.showGlobalOptions = true;
  const inner = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  const { registeredArguments } = command;
  return {
    path,
    description: oneLine(command.description()),
    commands: inner.map((one) => describeCommand(one, [...path, one.name()])),
    options: options.map(describeOption),
    values: registeredArguments.map(kindOfArgument),
    isVariadic: registeredArguments.at(-1)?.variadic === true,
  };
}

/** A command and all below it. */
export function flattened(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flattened)];
}

function describeOption(option: Option): OptionNode {
  const takesValue = option.required || option.optional;
  return {
    names: [option.short, option.long].filter((name): name is string => typeof name === 'string'),
    description: oneLine(option.description),
    value: takesValue ? kindOfOption(option) : null,
    isVariadic: option.variadic,
  };
}

function kindOfOption({ flags, long, argChoices }: Option): ValueKind {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  if (long === '--set') return { kind: 'words', words: configKeys.map((key) => `${key.path}=`) };
  const setting = configKeys.find((key) => key.flag === long && long !== '--data')?.schema;
  if (setting?.words !== undefined) return { kind: 'words', words: setting.words };
  if (setting?.isPath === true) return { kind: 'file' };
  return kindOfName(/[<[]([\w-]+)/.exec(flags)?.[1] ?? '');
}

function kindOfArgument(argument: Argument): ValueKind {
  const { argChoices } = argument;
  return argChoices === undefined ? kindOfName(argument.name()) : { kind: 'words', words: argChoices };
}

/** By the word that the help uses. */
function kindOfName(name: string): ValueKind {
  if (name === 'file' || name === 'bundle') return { kind: 'file' };
  return name === 'folder' ? { kind: 'folder' } : { kind: 'any' };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
