/** Settings as flags of `weft start` and `weft init`: the rows of the table that have one, and `--set` for the rest. */
import { type Command, Option } from 'commander';
import { configKeys } from '../config/config-keys.ts';
import type { ConfigValue } from '../config/key-schema.ts';
import { CliError } from './cli-error.ts';

/** `--data` is an option of every command. */
const rows = configKeys.filter((key) => key.flag !== null && key.path !== 'dataDirectory');

/** Adds a flag for each setting that has one. */
export function addConfigOptions(command: Command): Command {
  for (const row of rows) command.addOption(optionOf(row));
  return command.option(
    '--set <key=value...>',
    'any other setting; config/README.md lists them',
    collect,
    [],
  );
}

/** What the flags said, by key. @throws CliError `usage` */
export function configFlagsOf(options: Readonly<Record<string, unknown>>): Record<string, ConfigValue> {
  const flags: Record<string, ConfigValue> = {};
  for (const row of rows) {
    const value = options[optionOf(row).attributeName()];
    if (value !== undefined) flags[row.path] = value as ConfigValue;
  }
  for (const assignment of (options['set'] ?? []) as string[]) {
    const at = assignment.indexOf('=');
    if (at < 1)
      throw new CliError(
        'usage',
        `--set "${assignment}" has no "="`,
        'write it as --set sync.intervalSeconds=60',
      );
    flags[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return flags;
}

function optionOf(row: (typeof configKeys)[number]): Option {
  const isList = Array.isArray(row.schema.fromText(''));
  const isFlag = row.schema.fromText('true') === true;
  const argument = isFlag ? '' : isList ? ' <address...>' : ' <value>';
  const zero = row.zero === '' ? '' : ` (${row.zero})`;
  return new Option(`${row.flag}${argument}`, row.meaning.replaceAll('`', '') + zero.replaceAll('`', ''));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
