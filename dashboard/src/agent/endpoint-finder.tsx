/** Where the agent can be called now, by one of three paths, with the steps that led there. Asked for by hand: hosts hear of it. */
import { useEffect, useState } from 'preact/hooks';
import type { EndpointPath, FoundEndpoints, TraceStep } from '../api/answers.ts';
import { CallError, call } from '../api/client.ts';
import { nowMs } from '../node-state.ts';
import { duration, latency } from '../words.ts';

const paths: readonly (readonly [EndpointPath, string])[] = [
  ['direct', 'By its facts'],
  ['private', 'In private'],
  ['adaptive', 'By its resolver'],
];
const signs: Readonly<Record<TraceStep['outcome'], readonly [sign: string, word: string]>> = {
  ok: ['✓', 'done'],
  cached: ['↺', 'kept from before'],
  missing: ['–', 'not there'],
  refused: ['✗', 'refused'],
  failed: ['✗', 'failed'],
};

export function EndpointFinder({ id }: { readonly id: string }) {
  const [wish, setWish] = useState<{ readonly path: EndpointPath } | null>(null);
  const [found, setFound] = useState<FoundEndpoints | null>(null);
  const [fault, setFault] = useState<CallError | null>(null);

  useEffect(() => {
    if (wish === null) return undefined;
    const abort = new AbortController();
    setFound(null);
    setFault(null);
    const query = new URLSearchParams({ agent: id, path: wish.path });
    call<FoundEndpoints>(`/v1/endpoint?${query}`, abort.signal)
      .then(setFound)
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setFault(error instanceof CallError ? error : new CallError('unknown', String(error), ''));
      });
    return () => abort.abort();
  }, [wish, id]);

  const isAsking = wish !== null && found === null && fault === null;
  return (
    <div class="endpoints" aria-busy={isAsking}>
      <p class="paths">
        {paths.map(([path, words]) => (
          <button
            key={path}
            type="button"
            aria-pressed={wish?.path === path}
            onClick={() => setWish({ path })}
          >
            {words}
          </button>
        ))}
      </p>
      <div aria-live="polite">
        {isAsking && <p class="empty">Asking…</p>}
        {fault !== null && (
          <p class="empty">
            {fault.message} <span class="quiet">{fault.hint}</span>
          </p>
        )}
        {found !== null && <Found found={found} />}
      </div>
    </div>
  );
}

function Found({ found: { endpoints, trace } }: { readonly found: FoundEndpoints }) {
  const now = nowMs.value;
  return (
    <>
      <ol class="trace">
        {trace.map((step, index) => (
          <Step key={`${index} ${step.step}`} step={step} />
        ))}
      </ol>
      <ul class="found-endpoints">
        {endpoints.map(({ url, class: kind, region, expiresAt, token }) => (
          <li key={url}>
            <code>{url}</code>
            <span class="quiet">
              {[
                kind,
                ...(region === null ? [] : [region]),
                `ends in ${duration(Math.max(0, (Date.parse(expiresAt) - now) / 1000))}`,
                ...(token === null ? [] : ['with a token']),
              ].join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Step({ step: { step, outcome, said, from, verifiedBy, tookMs } }: { readonly step: TraceStep }) {
  const [sign, word] = signs[outcome];
  return (
    <li class={outcome}>
      <span role="img" aria-label={word}>
        {sign}
      </span>
      <b>{step}</b> <span class="said">{said}</span>
      <span class="quiet">
        {from}
        {verifiedBy === null ? '' : `; proved by ${verifiedBy}`}
        {outcome === 'cached' ? '' : `; ${latency(tookMs)}`}
      </span>
    </li>
  );
}
