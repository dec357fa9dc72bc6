/** One agent's whole life over five full nodes: every step, as each of them hears and resolves it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordValuesOf } from '../../src/core/author/record-values.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { createSigner, type Signer } from '../../src/core/ed25519.ts';
import type { Resolution, ResolveStatus } from '../../src/core/peer/effects.ts';
import { type AgentState, encodeState, stateDigest } from '../../src/core/record/agent-state.ts';
import {
  connected,
  createLiveNetwork,
  eventually,
  everyoneHears,
  type LiveNetwork,
  type LiveNode,
  meshed,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';

const table3 = {
  primaryFactsUrl: 'https://facts.example/primary',
  privateFactsUrl: 'https://facts.example/private',
  adaptiveResolverUrl: 'https://resolver.example/dispatch',
  ttlSeconds: 3600,
};
const grant = {
  rights: ['op'],
  fields: ['primary', 'private', 'adaptive', 'ttl'],
  expiresInSeconds: 86_400,
} as const;

describe('the life of one agent over five nodes', () => {
  let network: LiveNetwork;
  let nodes: readonly LiveNode[];
  let first: LiveNode;
  let home: LiveNode;
  let branch: LiveNode;
  let agentId: Uint8Array;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeAll(async () => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    nodes = await network.startMany(5);
    [first, home, branch] = nodes as [LiveNode, LiveNode, LiveNode];
    await meshed(nodes);
  });

  afterEach(() => {
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([]);
  });

  afterAll(async () => {
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  const resolveAll = (among = nodes): Promise<Resolution[]> =>
    Promise.all(among.map(({ node }) => node.resolve(agentId, { fresh: true })));

  /** Every node says this status, and the same state to the byte. */
  async function agreed(status: ResolveStatus, among = nodes): Promise<AgentState> {
    let seen: readonly Resolution[] = [];
    await eventually(
      async () => {
        seen = await resolveAll(among);
        const digests = seen.map(({ state }) => (state === null ? '' : bytesToHex(stateDigest(state))));
        return seen.every((one) => one.status === status) && new Set(digests).size === 1;
      },
      { what: () => `${status} everywhere, not ${seen.map((one) => one.status)}` },
    );
    return seen[0]!.state!;
  }

  it('begins on one node, and is resolved on all', async () => {
    const registered = await home.node.agents.register(table3);
    agentId = registered.agentId;
    expect(registered.publish).toMatchObject({ status: 'stored', acknowledgements: 5 });
    expect(registered.recordBytes).toBe(120);
    for (const { status, state } of await resolveAll()) {
      expect(status).toBe('ok');
      expect(encodeState(state!)).toEqual(encodeState(registered.state));
    }
  });

  it('is written by its controller and a delegate at once, and merges to the same everywhere (§3)', async () => {
    const audience = await branch.node.agents.createDelegateKey(agentId);
    await home.node.agents.delegate(agentId, { ...grant, audience });
    await Promise.all([
      home.node.agents.update(agentId, {
        primaryFactsUrl: 'https://facts.example/of-home',
        privateFactsUrl: 'https://facts.example/both-home',
      }),
      branch.node.agents.update(agentId, {
        adaptiveResolverUrl: 'https://resolver.example/of-branch',
        privateFactsUrl: 'https://facts.example/both-branch',
      }),
    ]);
    const values = recordValuesOf(await agreed('ok'))!;
    expect(values).toMatchObject({
      primary: 'https://facts.example/of-home',
      adaptive: 'https://resolver.example/of-branch',
      private: expect.stringMatching(/both-(home|branch)$/),
    });
  });

  let stolen: { readonly state: AgentState; readonly rotationSigner: Signer };

  it('rotates its key, and every node hears it (§5)', async () => {
    const { rotation } = await home.keys.read(agentId);
    stolen = { state: await agreed('ok'), rotationSigner: createSigner(rotation!) };
    const rotated = await home.node.agents.rotate(agentId);
    expect(rotated.state.keyState.sequence).toBe(1);
    await everyoneHears(nodes, agentId, 'rotated');
    const state = await agreed('ok');
    expect(state.delegations).toEqual([]);
    expect(recordValuesOf(state)!.primary).toBe('https://facts.example/of-home');
    await expect(branch.node.agents.update(agentId, { ttlSeconds: 60 })).rejects.toThrow();
  });

  it('is forked on every node by a second rotation with the stolen key, and frozen (§1)', async () => {
    const theft = rotateAgent({
      ...stolen,
      signer: createSigner(new Uint8Array(32).fill(1)),
      nextRotationKey: createSigner(new Uint8Array(32).fill(2)).publicKey,
      nowSeconds: nowSeconds(),
    });
    await nodes[3]!.node.publish(encodeState(theft));
    await everyoneHears(nodes, agentId, 'forked');
    const state = await agreed('forked');
    expect(state.keyState.proof).toHaveLength(2);
    expect(state.addr).toBeNull();
    await expect(home.node.agents.update(agentId, { ttlSeconds: 60 })).rejects.toMatchObject({
      code: 'agent-not-active',
    });
  });

  it('recovers with the key that no rotation touches, as it was', async () => {
    const recovered = await home.node.agents.recover(agentId);
    expect(recovered.state.keyState.status).toBe('active');
    await everyoneHears(nodes, agentId, 'recovered');
    const state = await agreed('ok');
    expect(recordValuesOf(state)!.primary).toBe('https://facts.example/of-home');
  });

  it('loses what a delegate wrote when the delegate is revoked, on every node (§3, §5)', async () => {
    const audience = await branch.node.agents.createDelegateKey(agentId);
    const granted = await home.node.agents.delegate(agentId, { ...grant, audience });
    await branch.node.agents.update(agentId, { adaptiveResolverUrl: 'https://resolver.example/again' });
    expect(recordValuesOf(await agreed('ok'))!.adaptive).toBe('https://resolver.example/again');
    await home.node.agents.revokeDelegation(agentId, { slot: granted.slot }, 'keyCompromise');
    await everyoneHears(nodes, agentId, 'delegation-revoked');
    const state = await agreed('ok');
    expect(state.operations.filter(({ slot }) => slot === granted.slot)).toEqual([]);
    expect(recordValuesOf(state)!.adaptive).not.toBe('https://resolver.example/again');
    await expect(branch.node.agents.update(agentId, { ttlSeconds: 60 })).rejects.toThrow();
  });

  it('ends, and a node that was away rejoins without its bootstrap peer and knows (§6)', async () => {
    const away = nodes[4]!;
    await away.stop();
    await home.node.agents.revoke(agentId, 'cessationOfOperation');
    const present = nodes.slice(0, 4);
    await everyoneHears(present, agentId, 'tombstoned');
    await agreed('tombstoned', present);
    expect(away.heard(agentId, 'tombstoned')).toBe(false);

    await first.stop();
    const bootstrap = [first.address];
    await away.start(bootstrap);
    const left = nodes.slice(1);
    await connected(left);
    await everyoneHears([away], agentId, 'tombstoned');
    await agreed('tombstoned', left);

    await first.start();
    await everyoneHears([first], agentId, 'tombstoned');
    await connected(nodes);
    await agreed('tombstoned');
  });
});
