/** The harness's hold on one subject's process. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SubjectName, SubjectSettings } from './subject.ts';
import type {
  StartOutcome,
  SubjectRequest,
  SubjectResponse,
  TurnOutcome,
  TurnPlan,
} from './subject-calls.ts';

/** A running subject process. */
export interface SubjectClient {
  readonly name: SubjectName;
  start(settings: SubjectSettings): Promise<StartOutcome>;
  turn(plan: TurnPlan): Promise<TurnOutcome>;
  /** Asks it to stop, and ends it when it has not after a while. */
  close(): Promise<void>;
}

const entry = fileURLToPath(new URL('./subject-process.ts', import.meta.url));
/** A subject that is still closing its sockets after this is ended: its measurements are complete. */
const stopMsMax = 10_000;

/** Starts the process; resolves when the subject's libraries are loaded. Its stdout goes to stderr. */
export async function startSubjectProcess(name: SubjectName): Promise<SubjectClient> {
  const child = fork(entry, [name], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  });
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let requests = 0;

  const failAll = (error: Error): void => {
    for (const waiting of pending.values()) waiting.reject(error);
    pending.clear();
  };
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('error', failAll);
  child.on('exit', (code, signal) =>
    failAll(new Error(`the process of ${name} ended: ${signal ?? `exit ${code}`}`)),
  );
  child.on('message', (response: SubjectResponse) => {
    const waiting = pending.get(response.id);
    pending.delete(response.id);
    if ('error' in response) waiting?.reject(new Error(`${name}: ${response.error}`));
    else waiting?.resolve(response.value);
  });
  const wait = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject }));

  const send = (call: SubjectRequest['call'], argument: unknown): Promise<unknown> => {
    const request: SubjectRequest = { id: ++requests, call, argument };
    const answer = wait(request.id);
    child.send(request);
    return answer;
  };

  await wait(0);
  return {
    name,
    start: (settings) => send('start', settings) as Promise<StartOutcome>,
    turn: (plan) => send('turn', plan) as Promise<TurnOutcome>,
    close: () => end(child, exited, send('stop', null)),
  };
}

async function end(child: ChildProcess, exited: Promise<void>, stopped: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await stopped.catch(() => null);
  child.kill('SIGKILL');
  await exited;
  clearTimeout(timer);
}
