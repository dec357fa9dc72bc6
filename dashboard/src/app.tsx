/** The frame: what stands around the node or the agent that is shown, and the keys that work everywhere. */
import { useEffect, useRef } from 'preact/hooks';
import { AgentView } from './agent/agent-view.tsx';
import { isTokenWanted } from './api/client.ts';
import { Masthead } from './parts/masthead.tsx';
import { NodeView } from './parts/node-view.tsx';
import { Notices } from './parts/notices.tsx';
import { TokenForm } from './parts/token-form.tsx';
import { route } from './route.ts';

export function App() {
  useEffect(() => {
    addEventListener('keydown', focusLookup);
    return () => removeEventListener('keydown', focusLookup);
  }, []);
  const shown = route.value;
  const isFirst = useRef(true);
  useEffect(() => {
    // Whoever goes on by keys, or hears the page, begins with what is new.
    if (!isFirst.current) focusMain();
    isFirst.current = false;
  }, [shown]);
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        Skip to the content
      </button>
      <Masthead />
      <Notices />
      <main id="main" tabIndex={-1}>
        {isTokenWanted.value ? (
          <TokenForm />
        ) : shown.view === 'agent' ? (
          <AgentView key={shown.id} id={shown.id} />
        ) : (
          <NodeView />
        )}
      </main>
      <footer class="foot">
        <a href="/docs">The API of this node</a>
        <a href="/metrics">Metrics</a>
        <span>
          <kbd>/</kbd> looks up an agent
        </span>
      </footer>
    </>
  );
}

/** The address keeps what is shown; only the focus moves. */
function focusMain(): void {
  document.getElementById('main')?.focus();
}

function focusLookup(event: KeyboardEvent): void {
  const { target } = event;
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById('lookup')?.focus();
}
