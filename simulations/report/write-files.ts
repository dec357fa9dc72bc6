/** Files that a reader asked for. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ResultFileError } from './result-file.ts';

/** @throws ResultFileError when it cannot be written. */
export function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new ResultFileError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

/** Writes `<name>.json` and `<name>.html`; returns their paths. */
export function writeBoth(folder: string, name: string, json: object, page: string): string[] {
  const stem = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '');
  const [jsonPath, pagePath] = [join(folder, `${stem}.json`), join(folder, `${stem}.html`)];
  writeText(jsonPath, `${JSON.stringify(json, null, 1)}\n`);
  writeText(pagePath, page);
  return [jsonPath, pagePath];
}

/** As a shell takes it. */
export function quoted(argument: string): string {
  return /^[A-Za-z0-9_./=,:-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
