/**
 * Whether the clock is right. Signatures from more than two minutes ahead are refused, so a node with a wrong clock
 * refuses good records, or has its own refused. No protocol message carries the time, so this looks at what is there:
 * the system's own synchronisation, files from the future, a daemon elsewhere, and what this daemon refused.
 */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isLoopback } from '../../config/load-config.ts';
import { clockSkewSecondsMax } from '../../core/limits.ts';
import { durationWords } from '../words.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { Scene } from './scene.ts';
import { within } from './within.ts';

const name = 'clock';
const setClock = 'synchronise the clock of this machine (NTP: systemd-timesyncd, chrony)';
const askWithinMs = 2_000;
const run = promisify(execFile);

export async function checkClock(scene: Scene): Promise<readonly Finding[]> {
  const [files, elsewhere, refused, system] = await Promise.all([
    fromFiles(scene),
    fromDaemonElsewhere(scene),
    fromRefusals(scene),
    fromSystem(),
  ]);
  const evidence = [files, elsewhere, refused].filter((finding) => finding !== null);
  const isKnownWell = evidence.some(({ status }) => status === 'ok') && system.status === 'skipped';
  return isKnownWell ? evidence : [...evidence, system];
}

/** A file that was written later than now: the clock was turned back since, or stood wrong then. */
async function fromFiles({ config, nowMs }: Scene): Promise<Finding | null> {
  const { dataDirectory } = config;
  const names = await readdir(dataDirectory).catch((): string[] => []);
  const paths = [...names.slice(0, 50), 'store/schema.json', 'store/records'].map((one) =>
    join(dataDirectory, one),
  );
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const aheadSeconds = (Math.max(0, ...times) - nowMs()) / 1000;
  if (aheadSeconds <= clockSkewSecondsMax) return null;
  const detail = `a file of the data folder was written ${durationWords(aheadSeconds)} from now`;
  return problem(name, `${detail}: the clock is behind, or was ahead`, setClock);
}

/** The Date of a daemon on another machine. That of one here is the same clock. */
async function fromDaemonElsewhere({ daemon, nowMs }: Scene): Promise<Finding | null> {
  if (daemon.state !== 'running' || isLoopback(new URL(daemon.url).hostname.replace(/^\[|\]$/g, '')))
    return null;
  const startMs = nowMs();
  const answer = await fetch(`${daemon.url}/healthz`, { signal: AbortSignal.timeout(askWithinMs) }).catch(
    () => null,
  );
  const said = Date.parse(answer?.headers.get('date') ?? '');
  if (Number.isNaN(said)) return null;
  const middleMs = (startMs + nowMs()) / 2;
  const seconds = Math.abs(said - middleMs) / 1000;
  if (seconds > clockSkewSecondsMax)
    return problem(
      name,
      `the daemon's clock differs by ${durationWords(seconds)} from the one here`,
      setClock,
    );
  return ok(name, `agrees with the daemon's at ${daemon.url} within ${durationWords(seconds + 1)}`);
}

/** Counted at the door: either this clock is behind, or somebody's is ahead. */
async function fromRefusals({ daemon }: Scene): Promise<Finding | null> {
  if (daemon.state !== 'running') return null;
  const text = await readMetrics(daemon.url);
  const count = Number(
    /^weft_bundles_refused_total\{[^}]*"from-the-future"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0,
  );
  if (count === 0) return null;
  return warning(
    name,
    `the daemon refused ${count} records for being signed more than ${clockSkewSecondsMax} s ahead of its clock`,
    `when they are of many agents, this clock is behind: ${setClock}`,
  );
}

async function readMetrics(url: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(askWithinMs) });
    return await answer.text();
  } catch {
    return '';
  }
}

async function fromSystem(): Promise<Finding> {
  const unknown =
    'nothing here tells whether it is right (no synchronisation service, no node elsewhere to compare)';
  const compare = 'compare `date -u` with a clock that you trust: more than two minutes apart is too much';
  try {
    const asked = run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      timeout: askWithinMs,
    });
    const { stdout } = await within(askWithinMs, asked);
    if (stdout.trim() === 'yes') return ok(name, 'the system says that it is synchronised');
    if (stdout.trim() === 'no') return warning(name, 'the system says that it is not synchronised', setClock);
  } catch {
    // No such program, or no service to answer it, as in a container.
  }
  return skipped(name, unknown, compare);
}
