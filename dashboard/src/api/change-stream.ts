/**
 * Changes as the node accepts them: server-sent events over fetch, since an EventSource carries no token. Comes back by
 * itself, with the id of the last event, so that nothing is missed that the node still has.
 */
import type { Change } from './answers.ts';
import { CallError, request } from './client.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** The node says something every 15 s. */
const silenceMs = 40_000;

export interface StreamListener {
  /** The stream is open: what happens from now on is heard. */
  opened(): void;
  changed(change: Change): void;
  /** Something was missed, and the node no longer has it. */
  missed(): void;
  closed(): void;
}

/** Follows until it is stopped; returns what stops it. */
export function followChanges(listener: StreamListener): () => void {
  const stopped = new AbortController();
  void follow(listener, stopped.signal);
  return () => stopped.abort();
}

async function follow(listener: StreamListener, stopped: AbortSignal): Promise<void> {
  let lastId = '';
  let pauseMs = firstPauseMs;
  while (!stopped.aborted) {
    try {
      for await (const event of events(lastId, stopped)) {
        if (event.id !== '') lastId = event.id;
        if (event.name === 'listening') {
          pauseMs = firstPauseMs;
          listener.opened();
        } else if (event.name === 'gap') listener.missed();
        else if (event.name === 'change') listener.changed(JSON.parse(event.data) as Change);
      }
    } catch (error) {
      // The id is of another node, or was never one: begin anew.
      if (error instanceof CallError && error.code === 'bad-request') lastId = '';
    }
    if (stopped.aborted) return;
    listener.closed();
    await pause(pauseMs, stopped);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

interface StreamEvent {
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

async function* events(lastId: string, stopped: AbortSignal): AsyncGenerator<StreamEvent> {
  const silent = new AbortController();
  const resume: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId };
  const response = await request(
    '/v1/changes',
    { accept: 'text/event-stream', ...resume },
    AbortSignal.any([stopped, silent.signal]),
  );
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const timer = setTimeout(() => silent.abort(), silenceMs);
    const { value, done } = await reader.read();
    clearTimeout(timer);
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) yield readBlock(block);
  }
}

function readBlock(block: string): StreamEvent {
  const fieldOf = (name: string): string =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  return { id: fieldOf('id'), name: fieldOf('event'), data: fieldOf('data') };
}

function pause(delayMs: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    stopped.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
