/** A shell in an empty folder in which `weft` is this checkout's command line, for the commands of README.md. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './readme-commands.ts';

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** Resolves with what was printed up to a match, on stdout or stderr; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<string>;
  stop(): Promise<Finished>;
  readonly finished: Promise<Finished>;
}

export interface Session {
  readonly folder: string;
  /** For the commands that follow. */
  set(variable: string, value: string): void;
  start(command: string): Running;
  run(command: string): Promise<Finished>;
  close(): Promise<void>;
}

export function openSession(environment: Readonly<Record<string, string>>): Session {
  const folder = mkdtempSync(join(tmpdir(), 'weft-readme-'));
  const variables: Record<string, string | undefined> = {
    ...process.env,
    ...environment,
    HOME: folder,
    PATH: [installCommand(folder), join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
  };
  const running = new Set<Running>();

  function start(command: string): Running {
    const child = spawn('bash', ['-c', `exec ${command}`], {
      cwd: folder,
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const process = follow(child);
    running.add(process);
    void process.finished.then(() => running.delete(process));
    return process;
  }

  return {
    folder,
    set(variable, value) {
      variables[variable] = value;
    },
    start,
    run: (command) => start(command).finished,
    async close() {
      await Promise.all([...running].map((one) => one.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A folder with an executable `weft` that runs the sources. */
function installCommand(folder: string): string {
  const bin = join(folder, '.bin');
  const runner = join(bin, 'run-weft.js');
  const main = `import { main } from ${JSON.stringify(join(root, 'src', 'cli', 'main.ts'))};`;
  mkdirSync(bin);
  writeFileSync(join(bin, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(runner, `${main}\nprocess.exitCode = await main(process.argv.slice(2));\n`);
  writeFileSync(join(bin, 'weft'), `#!/bin/sh\nexec node '${runner}' "$@"\n`);
  chmodSync(join(bin, 'weft'), 0o755);
  return bin;
}

function follow(child: ChildProcess): Running {
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  const heard = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    heard();
  });
  const finished = once(child, 'close').then(([exitCode]): Finished => ({ exitCode, stdout, stderr }));
  return {
    finished,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stdout) || pattern.test(stderr)) resolve(stdout + stderr);
        };
        listeners.add(look);
        look();
        void finished.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)));
      }),
    async stop() {
      child.kill('SIGTERM');
      return finished;
    },
  };
}
