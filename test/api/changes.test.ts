/** Server-sent events: ids, resuming, what is told when that is not possible. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChangeHub } from '../../src/api/change-hub.ts';
import { isEventId } from '../../src/api/kept-changes.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { AgentChange } from '../../src/node/node-types.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

interface Event {
  readonly id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

let node: RecordedNode;
let api: ApiServer;

beforeEach(async () => {
  node = createRecordedNode();
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 50, onDefect };
  api = await startApi(node, { ...given, openReads: true });
});
afterEach(() => api.stop());

function change(kind: AgentChange['change'], acceptedAtMs = 1): AgentChange {
  const { agentId, state } = node.resolution;
  return { agentId, change: kind, state: state!, source: 'gossip', acceptedAtMs };
}

/** Events of one stream, one after the other. */
async function open(query = '', lastEventId?: string) {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const abort = new AbortController();
  const response = await fetch(`${api.url}/v1/changes${query}`, { headers, signal: abort.signal });
  if (response.status !== 200) return { status: response.status, next: () => Promise.reject(), close() {} };
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  async function next(): Promise<Event> {
    while (!rest.includes('\n\n')) {
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream has ended');
      rest += value;
    }
    const end = rest.indexOf('\n\n');
    const lines = rest.slice(0, end).split('\n');
    rest = rest.slice(end + 2);
    const field = (name: string): string | null =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
    return { id: field('id'), data: JSON.parse(field('data')!) as Event['data'] };
  }
  return { status: 200, next, close: () => abort.abort() };
}

describe('a stream of events', () => {
  it('gives a reader that comes back what it missed, once and in order', async () => {
    const first = await open();
    const listening = await first.next();
    expect(listening).toMatchObject({ data: { type: 'listening' } });
    node.announce(change('rotated'));
    const rotated = await first.next();
    expect(rotated.data).toMatchObject({ type: 'change', change: 'rotated', id: rotated.id });
    first.close();
    node.announce(change('delegation-revoked'));
    node.announce(change('tombstoned'));
    const again = await open('', rotated.id!);
    const seen = [await again.next(), await again.next(), await again.next()];
    expect(seen.map(({ data }) => data['change'] ?? data['type'])).toEqual([
      'listening',
      'delegation-revoked',
      'tombstoned',
    ]);
    const fromTheStart = await open('', listening.id!);
    await fromTheStart.next();
    expect((await fromTheStart.next()).id).toBe(rotated.id);
  });

  it('says that there is a gap after a restart of the node', async () => {
    // Nobody has been here in this run: it is not kept.
    node.announce(change('changed'));
    await delay(20);
    const after = '000000000000-7';
    const first = await open('', after);
    expect((await first.next()).data).toEqual({ type: 'listening' });
    expect((await first.next()).data).toEqual({ type: 'gap', reason: 'restarted', after });
    node.announce(change('rotated'));
    expect((await first.next()).data).toMatchObject({ change: 'rotated' });
    const second = await open('', after);
    expect((await second.next()).data).toEqual({ type: 'listening' });
    expect((await second.next()).data).toEqual({ type: 'gap', reason: 'restarted', after });
    expect((await second.next()).data).toMatchObject({ change: 'rotated' });
  });

  it('is of named agents, or of revocations alone', async () => {
    const other = formatAgentId(new Uint8Array(32).fill(7));
    const mine = await open(`?agent=${formatAgentId(node.resolution.agentId)}`);
    const theirs = await open(`?agent=${other}&agent=did:${other}`);
    const revocations = await open('?only=revocations');
    for (const stream of [mine, theirs, revocations]) await stream.next();
    node.announce(change('changed'));
    node.announce(change('recovered'));
    node.announce({ ...change('changed', 5), agentId: new Uint8Array(32).fill(7) });
    expect((await mine.next()).data).toMatchObject({ change: 'changed', acceptedAtMs: 1 });
    expect((await mine.next()).data).toMatchObject({ change: 'recovered' });
    expect((await theirs.next()).data).toMatchObject({ acceptedAtMs: 5, agentId: other });
    expect((await revocations.next()).data).toMatchObject({ change: 'recovered' });
  });

  it.each([
    '1',
    'x',
    '-',
    '000000000000-',
    '000000000000-01',
    '000000000000--1',
    '000000000000-1e9',
    '000000000000-1.5',
    '000000000000-0x1',
    '000000000000-9999999999999999',
    '00000000000G-1',
    '000000000000-1, 000000000000-2',
    '\u00ff',
    '../../etc',
    '0'.repeat(5000),
  ])('refuses %s as an id', async (id) => {
    expect((await open('', id)).status).toBe(400);
    expect(isEventId(id)).toBe(false);
  });

  it('has no answer to HEAD, which would never end', async () => {
    const answer = await fetch(`${api.url}/v1/changes`, { method: 'HEAD' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it('keeps agents watched for as long as some stream names them', async () => {
    const query = `?agent=${formatAgentId(node.resolution.agentId)}`;
    const [one, other] = [await open(query), await open(query)];
    expect(node.isWatched()).toBe(true);
    one.close();
    await delay(50);
    expect(node.isWatched()).toBe(true);
    other.close();
    for (let turns = 0; node.isWatched() && turns < 200; turns++) await delay(10);
    expect(node.isWatched()).toBe(false);
  });
});

describe('agents that streams name', () => {
  it('are no more than may be watched', () => {
    const hub = createChangeHub(node, (error) => {
      throw error;
    });
    const agents = (first: number): Uint8Array[] =>
      Array.from({ length: 64 }, (_, index) => {
        const agentId = new Uint8Array(32);
        new DataView(agentId.buffer).setUint32(0, first + index);
        return agentId;
      });
    const quiet = { format: 'lines', revocationsOnly: false, after: null } as const;
    const given = { ...quiet, deliver: () => true, drained: async () => {}, onEnd: () => {} };
    const ends: (() => void)[] = [];
    let named = 0;
    for (; hub.hasRoomFor(agents(named)); named += 64)
      ends.push(hub.open({ ...given, agents: agents(named) }));
    expect(named).toBe(Math.floor(10_000 / 64) * 64);
    for (const end of ends) end();
    expect(hub.hasRoomFor(agents(0))).toBe(true);
    hub.stop();
  });
});

describe('what is kept for readers that come back', () => {
  it('is bounded, and a reader from before it is told so', async () => {
    const hub = createChangeHub(node, (error) => {
      throw error;
    });
    hub.start();
    const quiet = { agents: [], revocationsOnly: false, drained: async () => {}, onEnd: () => {} };
    const read = (after: string | null): string[] => {
      const frames: string[] = [];
      const deliver = (frame: Buffer): boolean => frames.push(frame.toString()) > 0;
      hub.open({ ...quiet, format: 'lines', after, deliver })();
      return frames;
    };
    let firstId = '';
    const stop = hub.open({
      ...quiet,
      format: 'events',
      after: null,
      deliver: (frame) => {
        firstId ||= /^id: (\S+)/.exec(frame.toString())?.[1] ?? '';
        return true;
      },
    });
    for (let count = 0; count < 6000; count++) node.announce(change('changed'));
    await delay(20);
    stop();
    const frames = read(firstId).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(frames.slice(0, 2)).toEqual([
      { type: 'listening' },
      { type: 'gap', reason: 'too-old', after: firstId },
    ]);
    expect(frames.length - 2).toBe(4096);
    expect(String(frames[2]!['id'])).toBe(firstId.replace(/-0$/, '-1905'));
    const last = String(frames.at(-1)!['id']);
    expect(read(last)).toHaveLength(1);
    expect(read(last.replace(/\d+$/, '99999'))).toHaveLength(2 + 4096);
    expect(hub.count()).toBe(0);
    hub.stop();
  });
});
