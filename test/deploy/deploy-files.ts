/** Files of deploy/, and what the tests of all of them ask. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load-config.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export function placeOf(name: string): string {
  return join(root, 'deploy', name);
}

export function textOf(name: string): string {
  return readFileSync(placeOf(name), 'utf8');
}

/** Whether a program is there that answers this call. */
export function answers(program: string, ...argv: readonly string[]): boolean {
  try {
    execFileSync(program, argv, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** The settings that weft makes of variables: throws where one is none, or has a value that cannot be. */
export function settingsOf(variables: Readonly<Record<string, string>>) {
  return loadConfig({ environment: variables });
}
