/** One agent: asked for when it is shown, and again when the stream says that it changed. */
import { useEffect, useState } from 'preact/hooks';
import type { History, Resolution } from '../api/answers.ts';
import { CallError, call } from '../api/client.ts';
import { shownAgentChanges, streamOpenings } from '../node-state.ts';
import { Copyable } from '../parts/copyable.tsx';
import { noteGrants } from '../seen-grants.ts';
import { Answerers } from './answerers.tsx';
import { EndpointFinder } from './endpoint-finder.tsx';
import { GrantTree } from './grant-tree.tsx';
import { KeyTimeline } from './key-timeline.tsx';
import { RecordTable } from './record-table.tsx';
import { Verdict } from './verdict.tsx';

interface Found {
  readonly resolution: Resolution;
  readonly history: History | null;
  readonly tookMs: number;
}

export function AgentView({ id }: { readonly id: string }) {
  const [found, setFound] = useState<Found | null>(null);
  const [fault, setFault] = useState<CallError | null>(null);
  const [isAsking, setAsking] = useState(true);
  const [asked, setAsked] = useState({ times: 0, fresh: false });
  const openings = streamOpenings.value;
  const changes = shownAgentChanges.value;

  useEffect(() => {
    const abort = new AbortController();
    setAsking(true);
    look(id, asked.fresh, abort.signal)
      .then((answer) => {
        setFound(answer);
        setFault(null);
        setAsking(false);
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setFault(error instanceof CallError ? error : new CallError('unknown', String(error), ''));
        setAsking(false);
      });
    return () => abort.abort();
  }, [asked, changes, openings]);

  const title = (
    <h1 class="agent-id">
      {found === null ? <code>{id}</code> : <Copyable text={id} what="the agent id" whole />}
    </h1>
  );
  return (
    <article class="agent" aria-busy={isAsking}>
      <p class="back">
        <a href="#/">This node</a> <span aria-hidden="true">/</span> agent
      </p>
      {title}
      {fault !== null && (
        <p class="empty" role="alert">
          {fault.message} <span class="quiet">{fault.hint}</span>
        </p>
      )}
      {found === null ? (
        fault === null && <p class="empty">Asking the network…</p>
      ) : (
        <Shown
          found={found}
          isAsking={isAsking}
          onAsk={() => setAsked({ times: asked.times + 1, fresh: true })}
        />
      )}
    </article>
  );
}

interface ShownProps {
  readonly found: Found;
  readonly isAsking: boolean;
  readonly onAsk: () => void;
}

function Shown({ found: { resolution, history, tookMs }, isAsking, onAsk }: ShownProps) {
  return (
    <>
      <Verdict resolution={resolution} tookMs={tookMs} isAsking={isAsking} onAsk={onAsk} />
      <div class="agent-grid">
        <section aria-labelledby="record-title">
          <h2 id="record-title">Record</h2>
          <RecordTable resolution={resolution} />
        </section>
        <section aria-labelledby="answers-title">
          <h2 id="answers-title">Who answered</h2>
          <Answerers resolution={resolution} />
        </section>
        <section aria-labelledby="keys-title">
          <h2 id="keys-title">Key history</h2>
          {history === null ? (
            <p class="empty">Nobody showed a key log.</p>
          ) : (
            <KeyTimeline history={history} />
          )}
        </section>
        <section aria-labelledby="grants-title">
          <h2 id="grants-title">Delegations</h2>
          <GrantTree state={resolution} />
        </section>
        <section class="wide" aria-labelledby="endpoints-title">
          <h2 id="endpoints-title">Where it can be called</h2>
          <EndpointFinder id={resolution.agentId} />
        </section>
      </div>
    </>
  );
}

async function look(id: string, fresh: boolean, signal: AbortSignal): Promise<Found> {
  const place = `/v1/agents/${encodeURIComponent(id)}`;
  const began = performance.now();
  const resolution = await call<Resolution>(fresh ? `${place}?fresh` : place, signal);
  const tookMs = performance.now() - began;
  noteGrants(resolution);
  const history = resolution.keys === null ? null : await call<History>(`${place}/history`, signal);
  return { resolution, history, tookMs };
}
