/** Each invariant of a simulation is itself shown what breaks it. */
import { describe, expect, it } from 'vitest';
import { createAgentAuthor } from '../../simulations/lib/agents.ts';
import { createChance } from '../../simulations/lib/chance.ts';
import { acknowledgedIsKept } from '../../simulations/lib/invariants/acknowledged-is-kept.ts';
import { markNeverBack } from '../../simulations/lib/invariants/mark-never-back.ts';
import { nothingAfterRevocation } from '../../simulations/lib/invariants/nothing-after-revocation.ts';
import { onlyWhatWasSigned } from '../../simulations/lib/invariants/only-what-was-signed.ts';
import { replicasAgree } from '../../simulations/lib/invariants/replicas-agree.ts';
import type { SimulatedNode } from '../../simulations/lib/node-shell.ts';
import { createWorld } from '../../simulations/lib/world.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';

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
