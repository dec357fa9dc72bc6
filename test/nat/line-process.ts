/** A program and its caller, one JSON object a line each way. */
import { spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

type Message = Readonly<Record<string, unknown>>;

export interface LineProcess {
  tell(message: Message): void;
  /** The next line that has this key. @throws Error when the program ends before. */
  hear<Answer>(key: string): Promise<Answer>;
  end(): Promise<void>;
}

/** Runs it; what it writes to stderr is in the error when it ends too early. */
export function startProcess(command: string, parameters: readonly string[]): LineProcess {
  const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = new Map<string, { resolve(value: never): void; reject(error: Error): void }>();
  const unheard = new Map<string, unknown>();
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += String(data);
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      for (const { reject } of waiting.values()) reject(new Error(`it ended: ${errors.slice(-2000)}`));
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    for (const [key, value] of Object.entries(JSON.parse(line) as Message)) {
      unheard.set(key, value);
      waiting.get(key)?.resolve(value as never);
      waiting.delete(key);
    }
  });
  return {
    tell: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    hear: (key) => {
      if (unheard.has(key)) return Promise.resolve(unheard.get(key) as never);
      if (child.exitCode !== null) return Promise.reject(new Error(`it ended: ${errors.slice(-2000)}`));
      return new Promise((resolve, reject) => void waiting.set(key, { resolve, reject }));
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The other side: lines of this program's caller, until it closes them. */
export function callerLines(): Interface {
  return createInterface({ input: process.stdin });
}

export function say(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
