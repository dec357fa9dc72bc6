/** Files through which callers on this machine find the API: the token, and where it listens. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const tokenBytes = 32;
const ownerOnly = 0o600;

/** The token in that file, made when it is not there. The file ends up readable by its owner alone. */
export function openTokenFile(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(tokenBytes).toString('base64url')}\n`, {
      flag: 'wx',
      mode: ownerOnly,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((statSync(file).mode & 0o777) !== ownerOnly) chmodSync(file, ownerOnly);
  }
  const token = readFileSync(file, 'utf8').trim();
  if (token !== '') return token;
  // Left empty by a crash between its creation and its first byte.
  rmSync(file);
  return openTokenFile(file);
}

/** What `api.json` in the data folder says. */
export interface ApiAddress {
  readonly url: string;
  readonly tokenFile: string;
  readonly peer: string;
  readonly processId: number;
}

/** Writes it at once or not at all. */
export function writeAddressFile(dataDirectory: string, address: ApiAddress): void {
  const file = addressFile(dataDirectory);
  writeFileSync(`${file}.new`, `${JSON.stringify(address, null, 2)}\n`, { mode: ownerOnly });
  renameSync(`${file}.new`, file);
}

/** A daemon that stops takes it away. */
export function removeAddressFile(dataDirectory: string): void {
  rmSync(addressFile(dataDirectory), { force: true });
}

/** Its place. */
export function addressFile(dataDirectory: string): string {
  return join(dataDirectory, 'api.json');
}
