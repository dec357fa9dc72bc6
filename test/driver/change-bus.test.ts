/** Who is given which change, and how much waits for a reader that does not come. */
import { describe, expect, it } from 'vitest';
import type { AgentChange } from '../../src/driver/call-types.ts';
import { createChangeBus } from '../../src/driver/change-bus.ts';
import { sampleState } from '../api/recorded-node.ts';

const state = sampleState(1_700_000_000);
const agent = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

function change(fill: number, acceptedAtMs = 0): AgentChange {
  return { agentId: agent(fill), change: 'changed', state, source: 'gossip', acceptedAtMs };
}

async function take(changes: AsyncIterable<AgentChange>, count: number): Promise<AgentChange[]> {
  const taken: AgentChange[] = [];
  for await (const one of changes) if (taken.push(one) === count) break;
  return taken;
}

describe('the bus of changes', () => {
  it('gives all to who asks for all, and to others those of their agents, once each', async () => {
    const bus = createChangeBus();
    const all = bus.read({});
    const some = bus.read({ agents: [agent(1), agent(2), agent(1)] });
    const other = bus.read({ agents: [agent(2)] });
    for (const fill of [1, 2, 3, 1]) bus.emit(change(fill));
    const fills = async (changes: AsyncIterable<AgentChange>, count: number) =>
      (await take(changes, count)).map(({ agentId }) => agentId[0]);
    expect(await fills(all, 4)).toEqual([1, 2, 3, 1]);
    expect(await fills(some, 3)).toEqual([1, 2, 1]);
    expect(await fills(other, 1)).toEqual([2]);
  });

  it('goes on for the others of an agent when one reader has left', async () => {
    const bus = createChangeBus();
    const [first, second] = [bus.read({ agents: [agent(1)] }), bus.read({ agents: [agent(1)] })];
    bus.emit(change(1, 1));
    await take(first, 1);
    bus.emit(change(1, 2));
    expect((await take(second, 2)).map(({ acceptedAtMs }) => acceptedAtMs)).toEqual([1, 2]);
  });

  it('ends every reader when it is closed, and one whose signal says so', async () => {
    const bus = createChangeBus();
    const abort = new AbortController();
    const aborted = take(bus.read({ agents: [agent(1)], signal: abort.signal }), 1);
    const closed = take(bus.read({}), 1);
    abort.abort();
    expect(await aborted).toEqual([]);
    bus.close();
    expect(await closed).toEqual([]);
  });

  it('keeps the last ten thousand for a reader that does not come', async () => {
    const bus = createChangeBus();
    const changes = bus.read({ agents: [agent(1)] });
    for (let count = 0; count < 10_005; count++) bus.emit(change(1, count));
    expect((await take(changes, 1))[0]!.acceptedAtMs).toBe(5);
  });
});
