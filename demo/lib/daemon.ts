/** One real daemon: a process of bin/weft.js with a data folder of its own, spoken to over its control API. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ControlClient, createControlClient, findDaemon } from '../../src/cli/control-client.ts';

/** The command line, as it is shipped. */
export const executable = fileURLToPath(new URL('../../bin/weft.js', import.meta.url));
const startTimeoutMsDefault = 30_000;
const stopTimeoutMs = 15_000;
const lookEveryMs = 20;

export interface DaemonOptions {
  readonly name: string;
  /** Made when it is not there; kept over restarts. */
  readonly dataDirectory: string;
  readonly passphraseFile: string;
  readonly bootstrap: readonly string[];
  /** What runs after `node`: bin/weft.js when left out. */
  readonly command?: readonly string[];
  /** Further settings, `key=value` as in `weft start --set`. */
  readonly settings?: readonly string[];
  /** Address on which peers and the API find it; 127.0.0.1 when left out. */
  readonly host?: string;
  /** A program and its arguments that run the rest of the command line elsewhere, such as in a network namespace. */
  readonly inside?: readonly string[];
  /** Until it is ready; 30 s when left out. */
  readonly startTimeoutMs?: number;
}

export interface Daemon {
  readonly name: string;
  readonly dataDirectory: string;
  readonly isRunning: boolean;
  /** Dialable address with the peer id, of the last start. */
  readonly address: string;
  readonly peer: string;
  /** Of the running process. @throws Error when it is down. */
  client(): ControlClient;
  /** Resolves once the control API says that the node is ready. */
  start(): Promise<void>;
  /** SIGKILL: nothing is flushed, nobody is told. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
  /** SIGKILL without waiting, for the end of this process. */
  abandon(): void;
}

interface StatusAnswer {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly state: string;
}

/** A daemon that does not run yet. */
export function createDaemon(options: DaemonOptions): Daemon {
  const { name, dataDirectory, host = '127.0.0.1', startTimeoutMs = startTimeoutMsDefault } = options;
  let child: ChildProcess | null = null;
  let control: ControlClient | null = null;
  let ended: Promise<void> = Promise.resolve();
  let address = '';
  let peer = '';

  async function start(): Promise<void> {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    // What a killed process left would be read as the new one's.
    rmSync(join(dataDirectory, 'api.json'), { force: true });
    const logPath = join(dataDirectory, 'daemon.log');
    const log = createWriteStream(logPath, { flags: 'a' });
    const [program, ...rest] = [
      ...[...(options.inside ?? []), process.execPath],
      ...[...(options.command ?? [executable]), ...startArguments()],
    ];
    const started = spawn(program!, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        WEFT_PASSPHRASE_FILE: options.passphraseFile,
        // Whoever starts after the first does not compile the same modules again.
        NODE_COMPILE_CACHE: join(dirname(dataDirectory), 'compile-cache'),
      },
    });
    child = started;
    started.stdout.pipe(log, { end: false });
    started.stderr.pipe(log, { end: false });
    ended = new Promise((resolve) => {
      started.once('exit', () => {
        if (child === started) control = null;
        log.end();
        resolve();
      });
    });
    await waitUntilReady(started, logPath);
  }

  function startArguments(): string[] {
    // The port of the first start, so that others find it again where it was.
    const port = /\/tcp\/(\d+)/.exec(address)?.[1] ?? '0';
    return [
      ...[
        'start',
        '--json',
        '--data',
        dataDirectory,
        '--listen',
        `/ip4/${host}/tcp/${port}`,
        '--api-port',
        '0',
      ],
      ...(host === '127.0.0.1' ? [] : ['--api-host', host, '--set', 'api.remote=true']),
      ...options.bootstrap.flatMap((one) => ['--bootstrap', one]),
      ...(options.settings ?? []).flatMap((setting) => ['--set', setting]),
    ];
  }

  async function waitUntilReady(started: ChildProcess, logPath: string): Promise<void> {
    const deadlineMs = Date.now() + startTimeoutMs;
    for (;;) {
      if (started.exitCode !== null || started.signalCode !== null) throw startError('ended', logPath);
      if (Date.now() > deadlineMs)
        throw startError(`was not ready within ${startTimeoutMs / 1000} s`, logPath);
      const status = await readStatus();
      if (status?.state === 'ready') {
        peer = status.peer;
        const [first] = status.addresses.filter((one) => one.startsWith(`/ip4/${host}/`));
        if (first === undefined) throw startError(`does not listen on ${host}`, logPath);
        address = first.includes('/p2p/') ? first : `${first}/p2p/${peer}`;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /** Null while the API is not there yet. */
  async function readStatus(): Promise<StatusAnswer | null> {
    if (!existsSync(join(dataDirectory, 'api.json'))) return null;
    try {
      control ??= createControlClient(findDaemon(dataDirectory));
      return (await control.call('GET', '/v1/status')) as unknown as StatusAnswer;
    } catch {
      control = null;
      return null;
    }
  }

  function startError(what: string, logPath: string): Error {
    const lastLines = readFileSync(logPath, 'utf8').trim().split('\n').slice(-5).join('\n');
    return new Error(`${name} ${what}; the end of its log:\n${lastLines}`);
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const running = child;
    control = null;
    running.kill(signal);
    const timer = setTimeout(() => running.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  return {
    name,
    dataDirectory,
    get isRunning() {
      return child !== null && child.exitCode === null && child.signalCode === null;
    },
    get address() {
      return address;
    },
    get peer() {
      return peer;
    },
    client() {
      if (control === null) throw new Error(`${name} is not running`);
      return control;
    },
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    abandon: () => void child?.kill('SIGKILL'),
  };
}
