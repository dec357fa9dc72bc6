/** Numbers and times in words, and back. */
import { CliError } from './cli-error.ts';

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

/** `1 d 23 h`, `5 min`, `0 s`: the two largest units. */
export function durationWords(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** `in 2 h`, `3 min ago`. @param nowMs milliseconds since 1970 */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  return seconds >= 0 ? `in ${durationWords(seconds)}` : `${durationWords(-seconds)} ago`;
}

/** `1.2 MB`: decimal units, as disks are sold. */
export function sizeWords(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${names[power]}`;
}

/** `3 peers`, `1 peer`, `2 entries`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** `90`, `90s`, `15m`, `12h`, `7d` → seconds. @throws CliError `usage` */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(s|m|h|d)?$/.exec(text.trim());
  if (match === null) {
    throw new CliError('usage', `"${text}" is not a duration`, 'write it as 90s, 15m, 12h or 7d');
  }
  const size = { s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's']!;
  return Number(match[1]) * size;
}

/** `slot: 3, expected: 4`. */
export function dataWords(data: Readonly<Record<string, unknown>>): string {
  return Object.entries(data)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ');
}
