/** From made to running to stopped, once each, and what a call says that comes at the wrong time. */
import { LightNodeError, lightErrorOf } from './light-error.ts';
import type { LightNode } from './light-types.ts';

const startTimeoutMs = 10_000;

export interface Lifecycle extends Pick<LightNode, 'start' | 'stop'> {
  /** The call with its errors in this surface's terms. */
  guarded<Arguments extends readonly unknown[], Value>(
    call: (...given: Arguments) => Promise<Value>,
  ): (...given: Arguments) => Promise<Value>;
}

export function createLifecycle(parts: {
  /** Opens the ports and begins to join. */
  startParts(): Promise<void>;
  stopParts(): Promise<void>;
  /** Resolves when a full node is connected. @throws the signal's reason */
  connected(signal: AbortSignal): Promise<void>;
}): Lifecycle {
  const ended = new AbortController();
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  const stopped = (): LightNodeError =>
    new LightNodeError('not-running', 'the node was stopped: make another one');

  function explained(error: unknown): unknown {
    const isClosed = ended.signal.aborted && (error as { name?: unknown } | null)?.name === 'AbortError';
    return isClosed ? stopped() : lightErrorOf(error);
  }

  const guarded: Lifecycle['guarded'] =
    (call) =>
    async (...given) => {
      try {
        return await call(...given);
      } catch (error) {
        throw explained(error);
      }
    };

  async function join({ timeoutMs = startTimeoutMs, signal }: Parameters<LightNode['start']>[0] = {}) {
    if (ended.signal.aborted) throw stopped();
    starting ??= parts.startParts();
    await starting;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      await parts.connected(AbortSignal.any([ended.signal, timeout, ...(signal ? [signal] : [])]));
    } catch (error) {
      signal?.throwIfAborted();
      if (ended.signal.aborted) throw stopped();
      const message = `no full node answers within ${timeoutMs} ms: check the bootstrap addresses; the node dials on`;
      throw new LightNodeError('offline', message, { cause: error });
    }
  }

  async function end(): Promise<void> {
    ended.abort();
    // What is half open cannot be closed.
    await starting?.catch(() => {});
    await parts.stopParts();
  }

  return {
    guarded,
    start: guarded(join),
    stop: () => {
      stopping ??= end();
      return stopping;
    },
  };
}
