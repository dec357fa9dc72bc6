/** What the page knows of its node: asked for again and again while somebody looks, bounded, shared by all parts. */
import { computed, effect, signal } from '@preact/signals';
import type { Change, Keyspace, Peer, Samples, Status } from './api/answers.ts';
import { followChanges } from './api/change-stream.ts';
import { type CallError, call, tokenGeneration } from './api/client.ts';
import { route } from './route.ts';

const statusEveryMs = 4_000;
const pictureEveryMs = 5_000;
const clockEveryMs = 1_000;
const feedEveryMs = 100;
/** Of the peers, those that are connected before all others. */
const peersMax = 400;
/** Of the live feed; older ones leave the page. */
export const changesMax = 200;
/** Enough for a chart of this width, and a fraction of the bytes. */
const chartPoints = 240;

export type StreamState = 'opening' | 'open' | 'lost';

/** A change with the number under which this page shows it, or a hole in the stream. */
export type FeedItem =
  | { readonly key: number; readonly change: Change }
  | { readonly key: number; readonly change: null; readonly atMs: number };

export const status = signal<Status | null>(null);
export const peers = signal<readonly Peer[] | null>(null);
export const keyspace = signal<Keyspace | null>(null);
export const samples = signal<Samples | null>(null);
export const feed = signal<readonly FeedItem[]>([]);
export const streamState = signal<StreamState>('opening');
/** How often the stream was opened: what was asked before the last time may have changed unheard. */
export const streamOpenings = signal(0);
/** Counts the changes of the agent that is shown. */
export const shownAgentChanges = signal(0);
/** Why the last question about the node failed; null when it did not. */
export const failure = signal<CallError | null>(null);
export const nowMs = signal(Date.now());
/** The peer that is pointed at, in the table or on the ring. */
export const pointedPeer = signal<string | null>(null);

export const connectedPeers = computed(() => (peers.value ?? []).filter((peer) => peer.connected));

/** Begins; once, when the page opens. */
export function startState(): void {
  repeat(clockEveryMs, async () => {
    nowMs.value = Date.now();
  });
  let stop = (): void => {};
  effect(() => {
    // Read here, so that a token that is given begins everything anew.
    tokenGeneration.value;
    stop();
    const ends = [
      repeat(statusEveryMs, async () => {
        status.value = await call<Status>('/v1/status');
      }),
      repeat(pictureEveryMs, readPicture),
      followChanges({
        opened: () => {
          streamState.value = 'open';
          streamOpenings.value++;
        },
        changed: (change) => addToFeed({ key: nextKey++, change }),
        missed: () => addToFeed({ key: nextKey++, change: null, atMs: Date.now() }),
        closed: () => {
          streamState.value = 'lost';
        },
      }),
    ];
    stop = () => {
      for (const end of ends) end();
    };
  });
}

let nextKey = 0;
let arrived: readonly FeedItem[] = [];

/** A revocation or new keys change the record, too: that is not news of its own. */
const oneEventMs = 100;

function isTold({ agentId, change, acceptedAtMs }: Change): boolean {
  if (change !== 'changed') return false;
  return [...arrived, ...feed.peek()].some(
    (item) =>
      item.change !== null &&
      item.change.agentId === agentId &&
      item.change.change !== 'changed' &&
      Math.abs(item.change.acceptedAtMs - acceptedAtMs) < oneEventMs,
  );
}

/** A busy network is shown a few times a second, not a thousand. The newest first. */
function addToFeed(item: FeedItem): void {
  if (item.change !== null) {
    if (isTold(item.change)) return;
    if (isShown(item.change.agentId)) shownAgentChanges.value++;
  }
  if (arrived.length === 0) setTimeout(showArrived, feedEveryMs);
  arrived = [item, ...arrived.slice(0, changesMax - 1)];
}

function showArrived(): void {
  feed.value = [...arrived, ...feed.value].slice(0, changesMax);
  arrived = [];
}

function isShown(agentId: string): boolean {
  const shown = route.peek();
  return shown.view === 'agent' && shown.id === agentId;
}

async function readPicture(): Promise<void> {
  const [told, space, taken] = await Promise.all([
    call<{ readonly peers: readonly Peer[] }>(`/v1/peers?max=${peersMax}`),
    call<Keyspace>('/v1/keyspace'),
    call<Samples>(`/v1/samples?points=${chartPoints}`),
  ]);
  peers.value = told.peers;
  keyspace.value = space;
  samples.value = taken;
}

/** At once, and then again after each pause, while the page is seen. */
function repeat(pauseMs: number, task: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  async function run(): Promise<void> {
    if (!document.hidden) {
      try {
        await task();
        failure.value = null;
      } catch (error) {
        if (!isStopped) failure.value = error as CallError;
      }
    }
    if (!isStopped) timer = setTimeout(run, pauseMs);
  }
  void run();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
