/** Each invariant of a simulation is itself shown what breaks it. */
import { describe, expect, it } from 'vitest';
import { createAgentAuthor } from '../../simulations/lib/agents.ts';
import { createChance } from '../../simulations/lib/chance.ts';
import { acknowledgedIsKept } from '../../simulations/lib/invariants/acknowledged-is-kept.ts';
import { duplicityIsFlagged } from '../../simulations/lib/invariants/duplicity-is-flagged.ts';
import { markNeverBack } from '../../simulations/lib/invariants/mark-never-back.ts';
import { mergesAgree } from '../../simulations/lib/invariants/merges-agree.ts';
import { nothingAfterRevocation } from '../../simulations/lib/invariants/nothing-after-revocation.ts';
import { onlyWhatWasSigned } from '../../simulations/lib/invariants/only-what-was-signed.ts';
import { replicasAgree } from '../../simulations/lib/invariants/replicas-agree.ts';
import { requestsOfOnePeerMax, withinBudgets } from '../../simulations/lib/invariants/within-budgets.ts';
import type { SimulatedNode } from '../../simulations/lib/node-shell.ts';
import { createWorld } from '../../simulations/lib/world.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import { encodeEntry } from '../../src/core/peer/entry.ts';
import { peerConfigDefault } from '../../src/core/peer/peer-config.ts';

const nowSeconds = 1_800_000_000;
const author = createAgentAuthor(createChance(1));
const agent = author.born(1, nowSeconds);
const later = author.updated(agent, nowSeconds + 10);
const node = { index: 4 } as SimulatedNode;

function resolution(of: typeof agent, status: Resolution['status'] = 'ok'): Resolution {
  const { agentId, state } = of;
  return { status, agentId, state, ageSeconds: 0, responders: [], holders: 3, cached: false };
}

describe('the invariant', () => {
  it('of revocations hears of a record after the end, at the node that saw the end alone', () => {
    const invariant = nothingAfterRevocation();
    invariant.resolved!(node, resolution(agent));
    const state = author.ended(agent, nowSeconds + 5).state;
    invariant.changed!(node, { agentId: agent.agentId, change: 'tombstoned', state });
    invariant.resolved!({ ...node, index: 5 }, resolution(agent));
    expect(invariant.violations).toEqual([]);
    invariant.resolved!(node, resolution(agent));
    expect(invariant.violations).toHaveLength(1);
  });

  it('of revocations hears of a change after the end, and of a record under a key that was replaced', () => {
    const invariant = nothingAfterRevocation();
    const rotated = author.rotated(agent, nowSeconds + 5);
    const change = { agentId: agent.agentId, state: rotated.state };
    invariant.changed!(node, { ...change, change: 'rotated' });
    invariant.resolved!(node, resolution(rotated));
    expect(invariant.violations).toEqual([]);
    invariant.resolved!(node, resolution(agent));
    expect(invariant.violations).toEqual([expect.stringContaining('replaced')]);
    invariant.changed!(node, { ...change, change: 'tombstoned' });
    invariant.changed!(node, { ...change, change: 'changed' });
    expect(invariant.violations).toHaveLength(2);
  });

  it('of budgets hears of agents, decoded agents, requests and messages beyond them, and of a refusal', () => {
    const invariant = withinBudgets({ ...peerConfigDefault, agentsMax: 10, cachedAgentsMax: 4 }, false);
    const fine = {
      ...{ index: 1, agents: 10, cachedAgents: 6, waitingRequests: 2, neighbours: 20 },
      ...{ sentMessages: 1_000, seconds: 0.5, mostRequestsOfOnePeer: requestsOfOnePeerMax },
    };
    invariant.passed!([fine]);
    invariant.counted!(node, 'requests_refused', 'not-canonical');
    expect(invariant.violations).toEqual([]);
    const beyond = { agents: 11, cachedAgents: 7, mostRequestsOfOnePeer: 257, sentMessages: 1e6 };
    for (const [name, value] of Object.entries(beyond)) invariant.passed!([{ ...fine, [name]: value }]);
    expect(invariant.violations).toHaveLength(4);
    invariant.counted!(node, 'requests_refused', 'over-quota');
    expect(invariant.violations).toHaveLength(5);
  });

  it('of duplicity hears of a node that says nothing in time, and of one that says it without reason', () => {
    let nowMs = 0;
    const invariant = duplicityIsFlagged(
      () => nowMs,
      () => 1_000,
    );
    const nodes = [1, 2, 3, 4].map((index) => ({ index, isUp: index !== 4, store: new Map() }));
    const { agentId, state } = agent;
    invariant.forked!(agent);
    invariant.changed!(nodes[0]!, { agentId, state, change: 'forked' });
    nowMs = 10_999;
    invariant.changed!(nodes[1]!, { agentId, state, change: 'forked' });
    invariant.ended!({ nodes });
    expect(invariant.violations).toEqual([]);
    nowMs = 11_001;
    invariant.changed!(nodes[2]!, { agentId, state, change: 'forked' });
    invariant.ended!({ nodes });
    expect(invariant.violations).toEqual([expect.stringContaining('node 3')]);
    invariant.changed!(nodes[2]!, { agentId: author.born(2, nowSeconds).agentId, state, change: 'forked' });
    expect(invariant.violations).toHaveLength(2);
  });

  it('of merges hears of a join that depends on the order', () => {
    const entry = (of: typeof agent): Uint8Array =>
      encodeEntry({ isHeld: true, learnedAt: nowSeconds, expiresAt: 0, mark: null, bundle: of.bundle });
    const key = agentKey(agent.agentId);
    const nodes = [agent, later].map((of, index) => ({
      index,
      isUp: true,
      store: new Map([[key, entry(of)]]),
    }));
    const right = mergesAgree(() => nowSeconds + 20);
    right.ended!({ nodes });
    expect(right.violations).toEqual([]);
    const lastWins = mergesAgree(
      () => nowSeconds + 20,
      (_left, incoming) => incoming,
    );
    lastWins.ended!({ nodes });
    expect(lastWins.violations).toHaveLength(1);
  });

  it('of signatures hears of a record that no author made', () => {
    const invariant = onlyWhatWasSigned();
    invariant.authored!(agent);
    invariant.resolved!(node, resolution(agent));
    expect(invariant.violations).toEqual([]);
    invariant.resolved!(node, resolution(later));
    expect(invariant.violations).toHaveLength(1);
  });

  it('of the mark hears of an older record after a newer one', () => {
    const invariant = markNeverBack();
    for (const one of [agent, later]) invariant.resolved!(node, resolution(one));
    expect(invariant.violations).toEqual([]);
    invariant.resolved!(node, resolution(agent));
    expect(invariant.violations).toHaveLength(1);
  });

  it('of what was acknowledged, and that of replicas, look into the stores of the nodes that are up', async () => {
    const network = { latency: 5, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };
    const listeners = { changed() {}, alarmed() {} };
    const world = createWorld({ nodes: 4, seed: 1, start: 'settled', network, peer: {} }, listeners);
    const [kept, agree] = [acknowledgedIsKept(), replicasAgree()];
    kept.acknowledged!(agent);
    world.nodes[0]!.publish(agent.bundle, () => {});
    world.run(2_000);
    for (const invariant of [kept, agree]) invariant.ended!(world);
    expect([...kept.violations, ...agree.violations]).toEqual([]);
    const ended = author.ended(agent, nowSeconds + 1);
    for (const other of [1, 2, 3]) world.crash(other);
    world.nodes[0]!.publish(ended.bundle, () => {});
    world.run(20_000);
    for (const other of [1, 2, 3]) world.nodes[other]!.restart();
    for (const invariant of [kept, agree]) invariant.ended!(world);
    expect(kept.violations).toEqual([]);
    expect(agree.violations).toEqual([expect.stringContaining(agentKey(agent.agentId).slice(0, 12))]);
    world.crash(0);
    kept.acknowledged!(ended);
    kept.ended!(world);
    expect(kept.violations).toHaveLength(1);
    await world.close();
  });
});
