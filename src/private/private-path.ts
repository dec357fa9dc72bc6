/** The private path and content of the overlay around one overlay port. Loads nothing of them before it is needed. */
import type { Overlay } from '../ports/overlay.ts';
import type { PathEngine } from './path-engine.ts';
import type { PathParts, PrivateCalls } from './path-types.ts';
import { createPrivateOverlay } from './private-overlay.ts';

export interface PrivatePath {
  /** In place of the one given: the core's requests go through it, and its own never reach the core. */
  readonly overlay: Overlay;
  readonly calls: PrivateCalls;
}

export function createPrivatePath(parts: PathParts): PrivatePath {
  let loading: Promise<PathEngine> | null = null;
  const engine = (): Promise<PathEngine> => {
    loading ??= import('./path-engine.ts').then(({ createPathEngine }) => createPathEngine(parts, peers));
    return loading;
  };
  const { overlay, peers } = createPrivateOverlay(
    parts.overlay,
    parts.settings.role === 'full'
      ? async (peer, body, core) => (await engine()).serve(peer, body, core)
      : null,
  );
  return {
    overlay,
    calls: {
      resolve: async (agentId, options) => (await engine()).calls.resolve(agentId, options),
      fetch: async (digest, options) => (await engine()).calls.fetch(digest, options),
      fetchDirectly: async (digest, options) => (await engine()).calls.fetchDirectly(digest, options),
      hold: async (bytes, options) => (await engine()).calls.hold(bytes, options),
    },
  };
}
