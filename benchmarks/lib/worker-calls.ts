/** Calls across a process boundary: what a worker process answers, one call at a time or many at once. */

/** A call on its way to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

/** Its answer; id 0 says that the worker has loaded. */
export type WorkerResponse =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** Answers calls of the parent process until it goes; the last thing that a worker's module does. */
export function serveCalls(handlers: Readonly<Record<string, (argument: never) => Promise<unknown>>>): void {
  const answer = async ({ id, call, argument }: WorkerRequest): Promise<WorkerResponse> => {
    try {
      const handler = handlers[call];
      if (handler === undefined) throw new Error(`no call ${call}`);
      return { id, value: await handler(argument as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('disconnect', () => process.exit(1));
  process.on('message', (request: WorkerRequest) => {
    answer(request).then((response) => process.send!(response));
  });
  process.send!({ id: 0, value: null } satisfies WorkerResponse);
}

/** Resident memory of this process in bytes, after a collection where `--expose-gc` allows one. */
export function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
