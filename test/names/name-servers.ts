/**
 * A real name server with signed and unsigned zones, and a real resolver that validates before it: two processes of
 * Debian's bind9 on loopback. named takes no port 0: each tries random ports until one is its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where Debian puts it. */
const namedPath = '/usr/sbin/named';
export const hasNamed = existsSync(namedPath);
/** Below those that the system gives to whoever asks for any. */
const ports = [20_000, 32_000] as const;
const attemptsMax = 10;

export interface Zone {
  /** Without a dot at its end. */
  readonly name: string;
  readonly signed: boolean;
  /** Lines of a zone file below the SOA. */
  readonly records: readonly string[];
  /** Of the signed file, what is altered once it is signed. */
  readonly tampered?: readonly [string, string];
}

export interface NameServers {
  /** As a setting: the resolver that validates. */
  readonly resolver: string;
  stop(): Promise<void>;
}

/** Starts both. @throws when one of them does not come up */
export async function startNameServers(zones: readonly Zone[]): Promise<NameServers> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-names-'));
  const anchors = zones.flatMap((zone) => writeZone(folder, zone));
  const running: ChildProcess[] = [];
  try {
    const authority = await startAtFreePort(folder, 'authority', running, (port) =>
      authorityConfig(folder, port, zones),
    );
    const resolver = await startAtFreePort(folder, 'resolver', running, (port) =>
      resolverConfig(folder, port, authority, zones, anchors),
    );
    return { resolver: `tcp://127.0.0.1:${resolver}`, stop: () => stopAll(folder, running) };
  } catch (error) {
    await stopAll(folder, running);
    throw error;
  }
}

async function stopAll(folder: string, running: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    running.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  rmSync(folder, { recursive: true, force: true });
}

/** Writes the zone file, signed where it is to be; returns the line of its trust anchor. */
function writeZone(folder: string, { name, signed, records, tampered }: Zone): string[] {
  const file = join(folder, `${name}.zone`);
  const head = [
    '$TTL 60',
    `@ IN SOA ns.${name}. host.${name}. 1 3600 600 86400 20`,
    `@ IN NS ns.${name}.`,
    'ns IN A 127.0.0.1',
  ];
  writeFileSync(file, `${[...head, ...records].join('\n')}\n`);
  if (!signed) return [];
  const run = (command: string, ...options: string[]): string =>
    execFileSync(command, options, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  run('dnssec-keygen', '-q', '-a', 'ED25519', '-f', 'KSK', name);
  run('dnssec-signzone', '-q', '-z', '-S', '-o', name, '-f', `${file}.signed`, file);
  const text = readFileSync(`${file}.signed`, 'utf8');
  if (tampered !== undefined && !text.includes(tampered[0])) throw new Error(`${name} has no ${tampered[0]}`);
  writeFileSync(file, tampered === undefined ? text : text.replace(...tampered));
  const [, tag, algorithm, digestType, digest] =
    /DS\s+(\d+)\s+(\d+)\s+(\d+)\s+([0-9A-F ]+)/.exec(readFileSync(join(folder, `dsset-${name}.`), 'utf8')) ??
    [];
  return [`"${name}." static-ds ${tag} ${algorithm} ${digestType} "${digest!.replaceAll(' ', '')}";`];
}

function optionsOf(folder: string, role: string, port: number, lines: readonly string[]): string {
  const own = join(folder, role);
  mkdirSync(own, { recursive: true });
  return `controls { };
options {
  directory "${own}"; pid-file none; session-keyfile "${own}/session.key"; managed-keys-directory "${own}";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; allow-query { any; };
  notify no; empty-zones-enable no; max-cache-ttl 60; prefetch 0;
  ${lines.join('\n  ')}
};
`;
}

function authorityConfig(folder: string, port: number, zones: readonly Zone[]): string {
  const options = optionsOf(folder, 'authority', port, ['recursion no;', 'dnssec-validation no;']);
  const stanzas = zones.map(
    ({ name }) =>
      `zone "${name}" { type primary; file "${join(folder, `${name}.zone`)}"; check-names ignore; };`,
  );
  return options + stanzas.join('\n');
}

function resolverConfig(
  folder: string,
  port: number,
  authority: number,
  zones: readonly Zone[],
  anchors: readonly string[],
): string {
  const options = optionsOf(folder, 'resolver', port, [
    'recursion yes;',
    'dnssec-validation yes;',
    'qname-minimization off;',
    'forward only;',
    `forwarders { 127.0.0.1 port ${authority}; };`,
  ]);
  const stanzas = zones.map(
    ({ name }) =>
      `zone "${name}" { type forward; forward only; forwarders { 127.0.0.1 port ${authority}; }; };`,
  );
  return `${options}trust-anchors {\n${anchors.join('\n')}\n};\n${stanzas.join('\n')}\n`;
}

/** Another port when somebody else has this one. */
async function startAtFreePort(
  folder: string,
  role: string,
  running: ChildProcess[],
  configOf: (port: number) => string,
): Promise<number> {
  let said = '';
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(...ports);
    const file = join(folder, `${role}.conf`);
    writeFileSync(file, configOf(port));
    const child = spawn(namedPath, ['-g', '-n', '1', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    const outcome = await comesUp(child);
    if (outcome.isUp) return port;
    said = outcome.said;
    child.kill('SIGKILL');
  }
  throw new Error(`named (${role}) does not come up: ${said}`);
}

/** Listening is said before running is. */
function comesUp(child: ChildProcess): Promise<{ readonly isUp: boolean; readonly said: string }> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    let isTaken = false;
    const reader = createInterface({ input: child.stderr! });
    reader.on('line', (line) => {
      if (lines.length < 200) lines.push(line);
      if (/address in use|not listening on any interfaces|could not listen/.test(line)) isTaken = true;
      if (/ running$/.test(line)) resolve({ isUp: !isTaken, said: lines.slice(-8).join('\n') });
    });
    child.once('exit', () => resolve({ isUp: false, said: lines.slice(-8).join('\n') }));
  });
}
