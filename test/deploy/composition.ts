/**
 * What compose.yaml says, run by hand: each service as a process in a host of its own (bridge-network.sh), with the
 * variables of the file. Prints what each node says of itself once all know each other.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { testSettings } from '../helpers/daemons.ts';
import { textOf } from './deploy-files.ts';

const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const run = promisify(execFile);
const { services } = parse(textOf('docker/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
};
const folder = mkdtempSync(join(tmpdir(), 'weft-composition-'));
const passphraseFile = join(folder, 'passphrase');
writeFileSync(passphraseFile, 'a passphrase of the tests\n', { mode: 0o600 });
const settings = testSettings.flatMap((setting) => ['--set', setting]);

/** The variables of a service, with the places of this machine for those of the container. */
function environmentOf(name: string): NodeJS.ProcessEnv {
  const given = services[name]!.environment;
  return { ...process.env, ...given, WEFT_DATA: join(folder, name), WEFT_PASSPHRASE_FILE: passphraseFile };
}

function start(name: string): ChildProcess {
  mkdirSync(join(folder, name), { mode: 0o700 });
  const argv = ['netns', 'exec', name, process.execPath, script, 'start', ...settings];
  return spawn('ip', argv, { env: environmentOf(name), stdio: ['ignore', 'ignore', 'inherit'] });
}

interface Status {
  readonly connectedPeers: number;
  readonly addresses: readonly string[];
}

/** As the health check asks; null while nobody answers. */
async function statusOf(name: string): Promise<Status | null> {
  const argv = ['netns', 'exec', name, process.execPath, script, 'status', '--json'];
  try {
    return JSON.parse((await run('ip', argv, { env: environmentOf(name) })).stdout) as Status;
  } catch {
    return null;
  }
}

const names = Object.keys(services);
const children = names.map(start);
let statuses: (Status | null)[] = [];
while (statuses.filter((status) => (status?.connectedPeers ?? 0) >= names.length - 1).length < names.length) {
  // Each look starts three processes: the nodes need the machine, too.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  statuses = await Promise.all(names.map(statusOf));
}
for (const child of children) child.kill('SIGTERM');
const codes = await Promise.all(
  children.map((child) => new Promise<number | null>((resolve) => child.once('exit', resolve))),
);
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ statuses, codes }));
