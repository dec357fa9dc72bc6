/** The changes that one daemon accepts, read from its control API as they happen and kept, so that no wait misses one. */
import type { Daemon } from './daemon.ts';

/** One line of GET /v1/changes, as far as the demo reads it. */
export interface Change {
  readonly agentId: string;
  readonly change: string;
  readonly source: string;
  readonly acceptedAtMs: number;
  readonly state: StateView;
}

/** The state of an agent in the API's answers, as far as the demo reads it. */
export interface StateView {
  readonly keys: {
    readonly status: string;
    readonly sequence: number;
    readonly establishment: string;
  };
  readonly record: RecordView | null;
  readonly delegations: readonly { readonly hash: string; readonly slot: number }[];
  readonly revocations: readonly { readonly target: string }[];
}

export interface RecordView {
  readonly fields: {
    readonly primary: FieldView;
    readonly private: FieldView;
    readonly adaptive: FieldView;
    readonly ttl: { readonly seconds: number };
  };
  readonly fence: string;
  readonly bytes: string;
  readonly operations: readonly OperationView[];
}

export interface FieldView {
  readonly url: string | null;
  readonly origin: { readonly kind: string; readonly slot: number; readonly operation: string | null };
}

export interface OperationView {
  readonly digest: string;
  readonly slot: number;
  readonly field: string;
  readonly value: string | number | null;
  readonly left: string | null;
}

export interface ChangeStream {
  /** The first change, also one of before the call, that fits. Rejects after the timeout, with what is awaited. */
  first(what: string, fits: (change: Change) => boolean, timeoutMs: number): Promise<Change>;
  close(): void;
}

interface Waiter {
  readonly fits: (change: Change) => boolean;
  readonly resolve: (change: Change) => void;
}

/** Opens the stream; resolves when the daemon says that it listens. */
export async function openChangeStream(
  daemon: Daemon,
  onChange: (change: Change) => void,
): Promise<ChangeStream> {
  const abort = new AbortController();
  const changes: Change[] = [];
  const waiters = new Set<Waiter>();
  const lines = daemon.client().stream('/v1/changes', abort.signal)[Symbol.asyncIterator]();
  const head = (await lines.next()).value as { type?: unknown } | undefined;
  if (head?.type !== 'listening')
    throw new Error(`${daemon.name}: the stream of changes does not begin with "listening"`);

  async function read(): Promise<void> {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) return;
      const line = value as unknown as Change & { readonly type: string };
      if (line.type !== 'change') continue;
      changes.push(line);
      onChange(line);
      for (const waiter of waiters) {
        if (!waiter.fits(line)) continue;
        waiters.delete(waiter);
        waiter.resolve(line);
      }
    }
  }
  // A daemon that is killed ends its stream: whoever still waits for it runs into its timeout.
  read().catch(() => {});

  return {
    first(what, fits, timeoutMs) {
      const known = changes.find(fits);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          fits,
          resolve(change) {
            clearTimeout(timer);
            resolve(change);
          },
        };
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`${daemon.name} did not hear of ${what} within ${timeoutMs} ms`));
        }, timeoutMs);
        waiters.add(waiter);
      });
    },
    close: () => abort.abort(),
  };
}
