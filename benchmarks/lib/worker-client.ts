/** The harness's hold on a worker process. */
import { type ChildProcess, fork } from 'node:child_process';
import type { WorkerRequest, WorkerResponse } from './worker-calls.ts';

/** A running worker. */
export interface WorkerClient {
  readonly processId: number;
  /** Rejects with the worker's error, or when its process ends. */
  call(name: string, argument: unknown): Promise<unknown>;
  /** Calls `stop`, and ends the process when it has not stopped after a while. */
  close(): Promise<void>;
}

/** A worker that is still closing its sockets after this is ended: its measurements are complete. */
const stopMsMax = 10_000;

/** How a worker is started. */
export interface WorkerOptions {
  /** The module that calls serveCalls. */
  readonly entry: URL;
  /** For messages. */
  readonly name: string;
  readonly args?: readonly string[];
  /** Makes garbage collections possible, so that memory can be compared. */
  readonly exposeGc?: boolean;
}

/** Starts a worker; resolves when its modules are loaded. Its stdout goes to stderr. */
export async function startWorker({
  entry,
  name,
  args = [],
  exposeGc = true,
}: WorkerOptions): Promise<WorkerClient> {
  const child = fork(entry, [...args], {
    execArgv: exposeGc ? ['--expose-gc'] : [],
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  });
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let requests = 0;

  const failAll = (error: Error): void => {
    for (const waiting of pending.values()) waiting.reject(error);
    pending.clear();
  };
  child.on('error', failAll);
  child.on('exit', (code, signal) =>
    failAll(new Error(`the process of ${name} ended: ${signal ?? `exit ${code}`}`)),
  );
  child.on('message', (response: WorkerResponse) => {
    const waiting = pending.get(response.id);
    pending.delete(response.id);
    if ('error' in response) waiting?.reject(new Error(`${name}: ${response.error}`));
    else waiting?.resolve(response.value);
  });
  const answerTo = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  const call = (callName: string, argument: unknown): Promise<unknown> => {
    const request: WorkerRequest = { id: ++requests, call: callName, argument };
    const answer = answerTo(request.id);
    child.send(request, (error) => error !== null && failAll(error));
    return answer;
  };

  await answerTo(0);
  return { processId: child.pid!, call, close: () => end(child, exited, () => call('stop', null)) };
}

async function end(child: ChildProcess, exited: Promise<void>, stop: () => Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await stop().catch(() => null);
  child.kill('SIGKILL');
  await exited;
  clearTimeout(timer);
}
