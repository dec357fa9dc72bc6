/** A small typed emitter: listeners by event name, called in order; the end of listening is what `on` returns. */

export interface Emitter<Events extends object> {
  /** Calls back for each event of that name until the function that it returns is called, or the signal aborts. */
  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
  /** The next event of that name. @throws the signal's reason. */
  once<Name extends keyof Events>(
    name: Name,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Events[Name]>;
}

export interface EmitterSource<Events extends object> {
  readonly emitter: Emitter<Events>;
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  /** Nobody is called any more. */
  close(): void;
}

/** @param failed told of what a listener threw; the other listeners are called all the same. */
export function createEmitter<Events extends object>(
  failed: (error: unknown) => void,
): EmitterSource<Events> {
  // Bounded by the listeners of the embedding program.
  const listenersByName = new Map<keyof Events, Set<(event: never) => void>>();

  const on: Emitter<Events>['on'] = (name, listener, options = {}) => {
    const { signal } = options;
    const listeners = listenersByName.get(name) ?? new Set();
    // One function given twice is two listeners.
    const own = (event: never): void => listener(event);
    const off = (): void => {
      listeners.delete(own);
      signal?.removeEventListener('abort', off);
    };
    if (signal?.aborted) return off;
    listenersByName.set(name, listeners.add(own));
    signal?.addEventListener('abort', off, { once: true });
    return off;
  };

  const once: Emitter<Events>['once'] = (name, options = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        off();
        reject(signal?.reason);
      };
      const off = on(name, (event) => {
        off();
        signal?.removeEventListener('abort', onAbort);
        resolve(event);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });

  return {
    emitter: { on, once },
    emit(name, event) {
      for (const listener of [...(listenersByName.get(name) ?? [])]) {
        try {
          listener(event as never);
        } catch (error) {
          failed(error);
        }
      }
    },
    close: () => listenersByName.clear(),
  };
}
