/** What happens, as this node accepts it. Not read aloud line by line: a sentence now and then says how much came. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Change } from '../api/answers.ts';
import { type FeedItem, feed, streamState } from '../node-state.ts';
import { arrivalBoundMs } from '../propagation.ts';
import { agentPlace } from '../route.ts';
import { noteGrants } from '../seen-grants.ts';
import { clock, counted, duration, latency, short } from '../words.ts';

type Filter = 'all' | 'keys';

const wordsByChange: Readonly<Record<Change['change'], string>> = {
  rotated: 'took new keys',
  recovered: 'recovered its keys',
  tombstoned: 'revoked: it has ended',
  forked: 'forked: its keys contradict themselves',
  'delegation-revoked': 'revoked a delegate',
  'credential-revoked': 'revoked a credential',
  changed: 'changed its record',
};
const wordsBySource: Readonly<Record<Change['source'], string>> = {
  gossip: 'by gossip',
  put: 'put by a peer',
  sync: 'by reconciliation',
  push: 'pushed to us',
  local: 'made here',
  resolve: 'by a lookup',
};
const streamWords = { opening: 'connecting', open: 'live', lost: 'interrupted' } as const;
/** How often a listener is told of what came. */
const tellEveryMs = 15_000;

export function Feed() {
  const [filter, setFilter] = useState<Filter>('all');
  const shown = feed.value.filter(
    (item) => filter === 'all' || item.change === null || item.change.change !== 'changed',
  );
  return (
    <section class="feed" aria-labelledby="feed-title">
      <div class="section-head">
        <h2 id="feed-title">Changes</h2>
        <span class={`stream ${streamState.value}`}>{streamWords[streamState.value]}</span>
        <Filters filter={filter} onFilter={setFilter} />
      </div>
      <Summary />
      {shown.length === 0 ? (
        <Nothing filter={filter} />
      ) : (
        <ol class="changes">
          {shown.map((item) => (
            <FeedLine key={item.key} item={item} />
          ))}
        </ol>
      )}
      <p class="note">
        <b>≤</b> counts from the second that the signature states, rounded down, to acceptance here, by the
        clocks of both ends: the change took no longer than that.
      </p>
    </section>
  );
}

interface FiltersProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

function Filters({ filter, onFilter }: FiltersProps) {
  const one = (value: Filter, label: string) => (
    <label>
      <input type="radio" name="feed-filter" checked={filter === value} onChange={() => onFilter(value)} />
      <span>{label}</span>
    </label>
  );
  return (
    <fieldset class="choice">
      <legend class="unseen">Which changes</legend>
      {one('all', 'all')}
      {one('keys', 'keys and revocations')}
    </fieldset>
  );
}

function Nothing({ filter }: { readonly filter: Filter }) {
  return (
    <p class="empty">
      {filter === 'all' ? 'Nothing has changed' : 'No keys changed and nothing was revoked'} since this page
      was opened. What this node accepts shows here at once.
    </p>
  );
}

function FeedLine({ item }: { readonly item: FeedItem }) {
  if (item.change === null) {
    return (
      <li class="missed">
        <time>{clock(item.atMs)}</time> The stream was interrupted for too long: some changes are not listed.
      </li>
    );
  }
  const { change, agentId, source, acceptedAtMs, state } = item.change;
  noteGrants(state);
  const bound = arrivalBoundMs(item.change);
  return (
    <li class={change}>
      <Mark change={change} />
      <p>
        <a href={agentPlace(agentId)} title={agentId}>
          {short(agentId)}
        </a>{' '}
        {wordsByChange[change]}
      </p>
      <p class="when">
        <time dateTime={new Date(acceptedAtMs).toISOString()}>{clock(acceptedAtMs)}</time>
        <span>{wordsBySource[source]}</span>
        {bound !== null && <span class="bound">≤ {boundWords(bound)}</span>}
      </p>
    </li>
  );
}

function boundWords(bound: number): string {
  return bound < 60_000 ? latency(bound) : duration(bound / 1000);
}

/** A knot for new keys, a cut thread for a revocation, a dot for a change. */
function Mark({ change }: { readonly change: Change['change'] }) {
  const isCut = change.endsWith('revoked') || change === 'tombstoned' || change === 'forked';
  const isKeys = change === 'rotated' || change === 'recovered';
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      {isCut ? (
        <path d="M1 8h4M11 8h4M5.5 12.5l5-9" />
      ) : isKeys ? (
        <>
          <path d="M1 8h3.5M11.5 8H15" />
          <circle cx="8" cy="8" r="3.5" />
        </>
      ) : (
        <path d="M1 8h14" />
      )}
    </svg>
  );
}

/** For who hears the page: what came, in one sentence, at most every 15 s. */
function Summary() {
  const [said, setSaid] = useState('');
  const told = useRef<FeedItem | undefined>(undefined);
  useEffect(() => {
    told.current = feed.peek()[0];
    const timer = setInterval(() => {
      const items = feed.peek();
      const until = told.current === undefined ? -1 : items.indexOf(told.current);
      const fresh = until < 0 ? items : items.slice(0, until);
      told.current = items[0];
      const changes = fresh.flatMap((item) => (item.change === null ? [] : [item.change]));
      const grave = changes.filter((change) => change.change !== 'changed').length;
      setSaid(
        changes.length === 0
          ? ''
          : `${counted(changes.length, 'change')}, ${grave} of them to keys or revocations`,
      );
    }, tellEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}
