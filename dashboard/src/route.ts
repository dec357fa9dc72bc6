/** What is shown: the node, or one agent. It stands behind the `#` of the address, so that it can be kept and sent. */
import { signal } from '@preact/signals';

export type Route = { readonly view: 'node' } | { readonly view: 'agent'; readonly id: string };

export const route = signal<Route>(readRoute());

/** Listens to the address; once, when the page opens. */
export function startRoute(): void {
  addEventListener('hashchange', () => {
    route.value = readRoute();
  });
}

/** The address of an agent's page. */
export function agentPlace(id: string): string {
  return `#/agent/${encodeURIComponent(id)}`;
}

function readRoute(): Route {
  const found = /^#\/agent\/(.+)$/.exec(location.hash);
  if (found === null) return { view: 'node' };
  try {
    return { view: 'agent', id: decodeURIComponent(found[1]!) };
  } catch {
    return { view: 'agent', id: found[1]! };
  }
}
