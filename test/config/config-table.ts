/** The table of config/README.md, as config-keys.ts and default.json would write it. */
import { type ConfigKey, configKeys } from '../../src/config/config-keys.ts';

/** One Markdown row for each key, in the order of the table. */
export function configTable(defaults: Record<string, unknown>): string {
  const head = [
    '| key | meaning | unit | default | zero | environment | flag |',
    '|---|---|---|---|---|---|---|',
  ];
  return [...head, ...configKeys.map((key) => row(key, valueAt(defaults, key.path)))].join('\n');
}

/** The leaf at a dotted path. */
export function valueAt(object: Record<string, unknown>, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], object);
}

function row(key: ConfigKey, value: unknown): string {
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
  const cells = [
    code(key.path),
    key.meaning,
    key.unit,
    code(JSON.stringify(value)),
    key.zero,
    code(key.environment),
    code(key.flag ?? ''),
  ];
  return `| ${cells.join(' | ')} |`;
}
