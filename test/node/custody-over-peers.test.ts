/** Custody on top of the product's own peers, in virtual time: what the network really answers to its writes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { recordValuesOf } from '../../src/core/author/record-values.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import type { AgentId } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { createChangeBus } from '../../src/driver/change-bus.ts';
import { createTestNetwork, type TestNetwork } from '../helpers/peer-network.ts';
import { createDisk, createFakeNode, type NetworkView } from './fake-network.ts';

const seed = 20_260_401;
const draft = {
  primaryFactsUrl: 'https://facts.example/primary',
  privateFactsUrl: 'https://facts.example/private',
  adaptiveResolverUrl: 'https://resolver.example/dispatch',
};

/** One peer of the network as its node's custody sees it. */
function viewOf(net: TestNetwork, index: number): NetworkView {
  const peer = net.peers[index]!;
  return {
    clock: { nowMs: net.nowMs, schedule: () => () => {} },
    resolve: async (agentId) => net.resolve(peer, agentId),
    publish: async (bundle) => net.publish(peer, bundle),
    bus: createChangeBus(),
  };
}

describe(`custody over 6 peers (seed ${seed})`, () => {
  let net: TestNetwork;
  const nodeAt = (index: number, disk = createDisk()) =>
    createFakeNode(viewOf(net, index), `node ${index}`, disk).service;

  /** What every peer that is up shows; they must all show the same. */
  function shown(agentId: AgentId) {
    const resolutions = net.peers.filter(({ isUp }) => isUp).map((peer) => net.resolve(peer, agentId));
    const bundles = new Set(resolutions.map(({ state }) => bytesToHex(encodeState(state!))));
    expect(bundles.size).toBe(1);
    const [{ status, state }] = resolutions as [(typeof resolutions)[number]];
    return { status, state: state!, values: recordValuesOf(state!) };
  }

  beforeEach(() => {
    net = createTestNetwork({ count: 6, seed, verifier: createNodeCryptoVerifier() });
    net.connectAll();
    net.run(2_000);
  });

  it('registers, updates from two nodes, rotates and ends an agent', async () => {
    const controller = nodeAt(0);
    const delegate = nodeAt(1);
    const { agentId, publish } = await controller.register(draft);
    expect(publish.status).toBe('stored');
    expect(publish.acknowledgements).toBeGreaterThanOrEqual(5);
    const audience = await delegate.createDelegateKey(agentId);
    const fields = ['primary', 'private', 'adaptive', 'ttl'] as const;
    await controller.delegate(agentId, { audience, rights: ['op'], fields, expiresInSeconds: 3600 });
    await delegate.update(agentId, { privateFactsUrl: 'https://delegate.example/private' });
    await controller.update(agentId, { primaryFactsUrl: 'https://controller.example/primary' });
    net.run(1_000);
    const merged = {
      primary: 'https://controller.example/primary',
      private: 'https://delegate.example/private',
    };
    expect(shown(agentId).values).toMatchObject(merged);
    net.run(2_000);
    const rotated = await controller.rotate(agentId);
    expect(rotated.publish.status).toBe('stored');
    net.run(1_000);
    expect(shown(agentId)).toMatchObject({ status: 'ok', values: merged });
    await expect(delegate.update(agentId, { ttlSeconds: 5 })).rejects.toMatchObject({
      code: 'bad-delegation',
    });
    await controller.revoke(agentId, 'cessationOfOperation');
    net.run(1_000);
    expect(shown(agentId).status).toBe('tombstoned');
  });

  it('revokes a delegate whose word goes everywhere', async () => {
    const controller = nodeAt(0);
    const delegate = nodeAt(1);
    const { agentId } = await controller.register(draft);
    const audience = await delegate.createDelegateKey(agentId);
    const rights = ['publish'] as const;
    const granted = await controller.delegate(agentId, {
      audience,
      rights,
      fields: [],
      expiresInSeconds: 3600,
    });
    await delegate.update(agentId, { primaryFactsUrl: 'https://delegate.example/', validitySeconds: 7200 });
    net.run(2_000);
    expect(shown(agentId).state.addr!.slot).toBe(1);
    await controller.revokeDelegation(agentId, { slot: granted.slot }, 'keyCompromise');
    net.run(1_000);
    expect(shown(agentId).values).toMatchObject({ primary: draft.primaryFactsUrl });
    await expect(delegate.refence(agentId)).rejects.toMatchObject({ code: 'bad-delegation' });
  });

  it('recovers out of a fork, and a later theft in the same place changes nothing', async () => {
    const disk = createDisk();
    const controller = nodeAt(0, disk);
    const { agentId, state } = await controller.register(draft);
    const { rotation } = await disk.keys.read(agentId);
    const steal = (label: number) =>
      encodeState(
        rotateAgent({
          state,
          rotationSigner: createSigner(rotation!),
          signer: createSigner(new Uint8Array(32).fill(label)),
          nextRotationKey: createSigner(new Uint8Array(32).fill(label + 1)).publicKey,
          nowSeconds: net.nowSeconds(),
        }),
      );
    await controller.rotate(agentId);
    net.publish(net.peers[3]!, steal(1));
    net.run(1_000);
    expect(shown(agentId).status).toBe('forked');
    await expect(controller.rotate(agentId)).rejects.toMatchObject({ code: 'agent-not-active' });
    const recovered = await controller.recover(agentId);
    expect(recovered.publish.status).toBe('stored');
    net.run(1_000);
    net.publish(net.peers[4]!, steal(7));
    net.run(1_000);
    expect(shown(agentId)).toMatchObject({ status: 'ok', values: { primary: draft.primaryFactsUrl } });
    await controller.update(agentId, { ttlSeconds: 5 });
    await controller.rotate(agentId);
    net.run(1_000);
    expect(shown(agentId)).toMatchObject({ status: 'ok', values: { ttlCode: 1 } });
  });

  it('repeats a rotation that a crash cut off, after its node comes back, and forks nothing', async () => {
    const disk = createDisk();
    const first = nodeAt(0, disk);
    const { agentId } = await first.register(draft);
    const view = viewOf(net, 0);
    const dying = createFakeNode(
      {
        ...view,
        publish: async (bundle) => {
          await view.publish(bundle);
          throw new Error('the process ends here');
        },
      },
      'dying',
      disk,
    ).service;
    await expect(dying.rotate(agentId)).rejects.toThrow('the process ends here');
    net.crash(net.peers[0]!);
    net.run(5_000);
    net.restart(net.peers[0]!);
    net.run(1_000);
    const back = nodeAt(0, disk);
    await back.update(agentId, { primaryFactsUrl: 'https://after.example/' });
    net.run(1_000);
    const { status, state, values } = shown(agentId);
    expect({ status, sequence: state.keyState.sequence }).toEqual({ status: 'ok', sequence: 1 });
    expect(values!.primary).toBe('https://after.example/');
  });

  it('brings back a record that ended while its node was away', async () => {
    const controller = nodeAt(0);
    const { agentId } = await controller.register({ ...draft, validitySeconds: 3600 });
    net.run(2 * 3600_000);
    const again = await controller.refence(agentId);
    expect(again.publish.status).toBe('stored');
    expect(shown(agentId)).toMatchObject({ status: 'ok', values: { primary: draft.primaryFactsUrl } });
  });
});
