import { describe, expect, it } from 'vitest';
import { recordValuesOf } from '../../src/core/author/record-values.ts';
import { refenceAgent } from '../../src/core/author/refence.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { updateAgent } from '../../src/core/author/update.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { encodeCanonical } from '../../src/core/cbor.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import type { AgentId } from '../../src/core/identity/agent-id.ts';
import { decodeDelegation, delegationValue, readDelegation } from '../../src/core/identity/delegation.ts';
import { createGrant } from '../../src/core/identity/delegation-grant.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import type { AgentService } from '../../src/node/node-types.ts';
import {
  createDisk,
  createFakeNetwork,
  createFakeNode,
  type Disk,
  type FakeNetwork,
  settled,
} from './fake-network.ts';

const draft = {
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
const hourMs = 3600 * 1000;

const valuesOf = (network: FakeNetwork, agentId: AgentId) => recordValuesOf(network.stateOf(agentId)!)!;

/** A delegate on a node of its own, of an agent on another. */
async function withDelegate(rights: Parameters<AgentService['delegate']>[1]['rights'] = ['op']) {
  const network = createFakeNetwork();
  const disk = createDisk();
  const controller = createFakeNode(network, 'controller', disk);
  const delegate = createFakeNode(network, 'delegate');
  const { agentId } = await controller.service.register(draft);
  const audience = await delegate.service.createDelegateKey(agentId);
  const granted = await controller.service.delegate(agentId, { ...grant, rights, audience });
  return { network, disk, controller, delegate, agentId, granted };
}

const nowSecondsOf = (network: FakeNetwork): number => Math.floor(network.clock.nowMs() / 1000);

/** The controller by its own hand: what a copy of its keys can sign behind the back of the service. */
async function controllerBy(disk: Disk, network: FakeNetwork, agentId: AgentId) {
  const { signing, rotation } = await disk.keys.read(agentId);
  const state = network.stateOf(agentId)!;
  const nowSeconds = nowSecondsOf(network);
  const writer = controllerOf(state.keyState, createSigner(signing!));
  return {
    fenced: () => refenceAgent({ state: network.stateOf(agentId)!, writer, nowSeconds }),
    rotated: () =>
      rotateAgent({
        state,
        rotationSigner: createSigner(rotation!),
        signer: createSigner(new Uint8Array(32).fill(1)),
        nextRotationKey: createSigner(new Uint8Array(32).fill(2)).publicKey,
        nowSeconds,
      }),
  };
}

describe('an agent in custody', () => {
  it('is registered with durable keys and a record that says when it ends', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service, watched } = createFakeNode(network, 'one', disk);
    const result = await service.register(draft);
    expect(result.publish.status).toBe('stored');
    expect(result.recordBytes).toBe(120);
    expect(result.expiresAtSeconds).toBe(network.clock.nowMs() / 1000 + 48 * 3600);
    expect(await service.list()).toEqual([
      { agentId: result.agentId, roles: ['signing', 'rotation', 'recovery'] },
    ]);
    expect(watched).toEqual([result.agentId]);
    expect(valuesOf(network, result.agentId).ttlCode).toBe(10);
  });

  it('has its keys durable before anything is published', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    let keysBefore = 0;
    network.beforeNextPut(() => {
      void disk.keys.list().then((held) => {
        keysBefore = held.length;
      });
    });
    await service.register(draft);
    expect(keysBefore).toBe(1);
  });

  it('holds one key when it is ephemeral, and cannot rotate', async () => {
    const { service } = createFakeNode(createFakeNetwork(), 'one');
    const { agentId } = await service.register({ ...draft, ephemeral: true });
    await expect(service.rotate(agentId)).rejects.toMatchObject({ code: 'no-key' });
  });

  it('changes what the update names and leaves the rest', async () => {
    const network = createFakeNetwork();
    const { service } = createFakeNode(network, 'one');
    const { agentId } = await service.register(draft);
    await service.update(agentId, {
      primaryFactsUrl: 'https://new.example/',
      privateFactsUrl: null,
      ttlSeconds: 59,
    });
    expect(valuesOf(network, agentId)).toMatchObject({
      primary: 'https://new.example/',
      private: null,
      adaptive: draft.adaptiveResolverUrl,
      ttlCode: 3,
    });
  });

  it('is unknown to a node without its keys', async () => {
    const network = createFakeNetwork();
    const { agentId } = await createFakeNode(network, 'one').service.register(draft);
    const other = createFakeNode(network, 'two').service;
    await expect(other.update(agentId, { ttlSeconds: 5 })).rejects.toMatchObject({ code: 'not-custodial' });
    await expect(other.rotate(agentId)).rejects.toMatchObject({ code: 'not-custodial' });
  });

  it('ends for good, and answers later calls with that', async () => {
    const network = createFakeNetwork();
    const { service } = createFakeNode(network, 'one');
    const { agentId } = await service.register(draft);
    const result = await service.revoke(agentId, 'cessationOfOperation');
    expect(result.state.keyState.status).toBe('tombstoned');
    expect(result.expiresAtSeconds).toBeNull();
    for (const call of [service.update(agentId, { ttlSeconds: 5 }), service.revoke(agentId, 'unspecified')]) {
      await expect(call).rejects.toMatchObject({ code: 'agent-not-active' });
    }
  });

  it('takes calls of one agent one after another', async () => {
    const network = createFakeNetwork();
    const { service } = createFakeNode(network, 'one');
    const { agentId } = await service.register(draft);
    const urls = ['https://a.example/', 'https://b.example/', 'https://c.example/'];
    const calls = urls.map((primaryFactsUrl) => service.update(agentId, { primaryFactsUrl }));
    await Promise.all([
      ...calls,
      service.rotate(agentId),
      service.update(agentId, { adaptiveResolverUrl: null }),
    ]);
    expect(valuesOf(network, agentId)).toMatchObject({ primary: 'https://c.example/', adaptive: null });
    expect(network.stateOf(agentId)!.keyState.sequence).toBe(1);
  });
});

describe('a write that others overtook', () => {
  it('is issued again on the fence that came meanwhile', async () => {
    const { network, disk, delegate, agentId } = await withDelegate();
    const controller = await controllerBy(disk, network, agentId);
    const before = network.published.length;
    network.beforeNextPut(() => network.put(controller.fenced()));
    const result = await delegate.service.update(agentId, { primaryFactsUrl: 'https://delegate.example/' });
    expect(result.publish.status).toBe('stored');
    expect(network.published.length - before).toBe(2);
    expect(valuesOf(network, agentId).primary).toBe('https://delegate.example/');
  });

  it('is issued again under another place when a twin took it', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const twins = [createFakeNode(network, 'one', disk), createFakeNode(network, 'two', disk)] as const;
    const { agentId } = await twins[0].service.register(draft);
    // Both sign n = 1 for different fields; whichever has the higher hash loses its place.
    const before = network.stateOf(agentId)!;
    const { signing } = await disk.keys.read(agentId);
    const writer = controllerOf(before.keyState, createSigner(signing!));
    const nowSeconds = nowSecondsOf(network);
    const rivals = Array.from({ length: 8 }, (_, index) => {
      const changes = { primary: `https://rival-${index}.example/` };
      return updateAgent({ state: before, writer, changes, nowSeconds }).state;
    });
    network.beforeNextPut(() => {
      for (const rival of rivals) network.put(rival);
    });
    const published = network.published.length;
    await twins[1].service.update(agentId, { adaptiveResolverUrl: 'https://mine.example/' });
    expect(valuesOf(network, agentId).adaptive).toBe('https://mine.example/');
    expect(valuesOf(network, agentId).primary).toMatch(/rival/);
    expect(network.published.length - published).toBeGreaterThanOrEqual(1);
  });

  it('gives up after some rounds, with a word that says to try again', async () => {
    const { network, disk, delegate, agentId } = await withDelegate();
    const controller = await controllerBy(disk, network, agentId);
    const overtake = (): void => {
      network.put(controller.fenced());
      network.beforeNextPut(overtake);
    };
    network.beforeNextPut(overtake);
    await expect(delegate.service.update(agentId, { ttlSeconds: 5 })).rejects.toMatchObject({
      code: 'publish-failed',
    });
  });

  it('is issued again when a fence that had not seen it drops it after it was acknowledged', async () => {
    const { network, disk, delegate, agentId } = await withDelegate();
    await delegate.service.start();
    const unseen = (await controllerBy(disk, network, agentId)).fenced();
    await delegate.service.update(agentId, { primaryFactsUrl: 'https://delegate.example/' });
    network.put(unseen);
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
    await settled();
    expect(valuesOf(network, agentId).primary).toBe('https://delegate.example/');
    await delegate.service.stop();
  });

  it('is let go when the fence came much later, or another writer stood before it', async () => {
    const { network, disk, controller, delegate, agentId } = await withDelegate();
    await delegate.service.start();
    await delegate.service.update(agentId, { primaryFactsUrl: 'https://delegate.example/' });
    await controller.service.update(agentId, { primaryFactsUrl: 'https://controller.example/' });
    await settled();
    network.put((await controllerBy(disk, network, agentId)).fenced());
    await settled();
    expect(valuesOf(network, agentId).primary).toBe('https://controller.example/');
    await delegate.service.stop();
  });
});

describe('keys in custody', () => {
  it('rotate, and the record goes on under the new one', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const before = await disk.keys.read(agentId);
    const result = await service.rotate(agentId);
    const after = await disk.keys.read(agentId);
    expect(result.state.keyState.sequence).toBe(1);
    expect(result.state.keyState.signingKey).toEqual(createSigner(after.signing!).publicKey);
    expect(after.recovery).toEqual(before.recovery);
    for (const role of ['signing', 'rotation'] as const) expect(after[role]).not.toEqual(before[role]);
    expect(await disk.keys.readStaged(agentId)).toEqual({});
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
    await service.rotate(agentId);
    await service.update(agentId, { ttlSeconds: 5 });
    expect(network.stateOf(agentId)!.keyState.sequence).toBe(2);
  });

  it('publish the very same rotation after a crash before the answer, and fork nothing', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const first = createFakeNode(network, 'one', disk);
    const { agentId } = await first.service.register(draft);
    network.afterNextPut(() => {
      throw new Error('the process ends here');
    });
    await expect(first.service.rotate(agentId)).rejects.toThrow('the process ends here');
    await network.clock.advance(5_000);
    const second = createFakeNode(network, 'two', disk);
    await second.service.start();
    await network.clock.advance(2_000);
    const state = network.stateOf(agentId)!;
    expect(state.keyState.status).toBe('active');
    expect(state.keyState.sequence).toBe(1);
    expect(state.keyState.signingKey).toEqual(
      createSigner((await disk.keys.read(agentId)).signing!).publicKey,
    );
    await second.service.update(agentId, { ttlSeconds: 5 });
    await second.service.stop();
  });

  it('publish it also when the crash came before anything was sent', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const first = createFakeNode(network, 'one', disk);
    const { agentId } = await first.service.register(draft);
    network.beforeNextPut(() => {
      throw new Error('the process ends here');
    });
    await expect(first.service.rotate(agentId)).rejects.toThrow('the process ends here');
    expect(network.stateOf(agentId)!.keyState.sequence).toBe(0);
    // The next call settles it, start() or not.
    const second = createFakeNode(network, 'two', disk);
    await second.service.update(agentId, { ttlSeconds: 5 });
    expect(network.stateOf(agentId)!.keyState.sequence).toBe(1);
    expect(valuesOf(network, agentId).ttlCode).toBe(1);
  });

  it('come into force also when the record of that rotation ended before the node was back', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const first = createFakeNode(network, 'one', disk);
    const { agentId } = await first.service.register(draft);
    network.afterNextPut(() => {
      throw new Error('the process ends here');
    });
    await expect(first.service.rotate(agentId)).rejects.toThrow('the process ends here');
    await network.clock.advance(60 * hourMs);
    const second = createFakeNode(network, 'two', disk);
    await second.service.start();
    await network.clock.advance(2_000);
    const { keyState } = network.stateOf(agentId)!;
    expect([keyState.status, keyState.sequence]).toEqual(['active', 1]);
    expect(keyState.signingKey).toEqual(createSigner((await disk.keys.read(agentId)).signing!).publicKey);
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
    await second.service.stop();
  });

  it('are born late when the node died before it could say so', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    network.beforeNextPut(() => {
      throw new Error('the process ends here');
    });
    const first = createFakeNode(network, 'one', disk);
    await expect(first.service.register(draft)).rejects.toThrow('the process ends here');
    await network.clock.advance(60 * hourMs);
    const second = createFakeNode(network, 'two', disk);
    await second.service.start();
    await network.clock.advance(2_000);
    const [held] = await second.service.list();
    const { agentId } = held!;
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
    await second.service.stop();
  });

  it('of an agent that nobody knows are said once and let be', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    await disk.keys.add(new Uint8Array(32).fill(4), { signing: new Uint8Array(32).fill(5) });
    const { service, lines } = createFakeNode(network, 'one', disk);
    await service.start();
    await network.clock.advance(hourMs);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    await service.stop();
  });

  it('drop staged keys that were never part of a signed rotation', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { agentId } = await createFakeNode(network, 'one', disk).service.register(draft);
    await disk.keys.stage(agentId, { signing: new Uint8Array(32).fill(5) });
    await createFakeNode(network, 'two', disk).service.update(agentId, { ttlSeconds: 5 });
    expect(await disk.keys.readStaged(agentId)).toEqual({});
    expect(valuesOf(network, agentId).ttlCode).toBe(1);
  });

  it('recover out of a fork that a stolen rotation key made', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const theft = (await controllerBy(disk, network, agentId)).rotated();
    await service.rotate(agentId);
    network.put(theft);
    expect(network.stateOf(agentId)!.keyState.status).toBe('forked');
    await expect(service.update(agentId, { ttlSeconds: 5 })).rejects.toMatchObject({
      code: 'agent-not-active',
    });
    const result = await service.recover(agentId);
    expect(result.state.keyState.status).toBe('active');
    expect(valuesOf(network, agentId)).toMatchObject({ primary: draft.primaryFactsUrl, ttlCode: 10 });
    await service.update(agentId, { ttlSeconds: 5 });
    await service.rotate(agentId);
    expect(valuesOf(network, agentId).ttlCode).toBe(1);
  });

  it('recover with a seed that was kept elsewhere', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { agentId } = await createFakeNode(network, 'one', disk).service.register(draft);
    const { recovery } = await disk.keys.read(agentId);
    const other = createFakeNode(network, 'two').service;
    await expect(other.recover(agentId)).rejects.toMatchObject({ code: 'not-custodial' });
    const wrong = new Uint8Array(32).fill(1);
    await expect(other.recover(agentId, { recoverySeed: wrong })).rejects.toMatchObject({ code: 'no-key' });
    const result = await other.recover(agentId, { recoverySeed: recovery! });
    expect(result.state.keyState.head.body.type).toBe('rec');
    await other.update(agentId, { ttlSeconds: 5 });
    expect(valuesOf(network, agentId).ttlCode).toBe(1);
  });

  it('say that a rotation was overruled by another in the same place', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const theft = (await controllerBy(disk, network, agentId)).rotated();
    network.beforeNextPut(() => network.put(theft));
    await expect(service.rotate(agentId)).rejects.toMatchObject({ code: 'agent-not-active' });
    expect(await disk.keys.readStaged(agentId)).toEqual({});
    expect((await service.recover(agentId)).state.keyState.status).toBe('active');
  });

  it('end a forked agent by the recovery key', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const theft = (await controllerBy(disk, network, agentId)).rotated();
    await service.rotate(agentId);
    network.put(theft);
    expect((await service.revoke(agentId, 'keyCompromise')).state.keyState.status).toBe('tombstoned');
  });
});

describe('delegates', () => {
  it('write from a node that holds nothing but the delegate’s key', async () => {
    const { network, delegate, agentId, granted } = await withDelegate();
    expect(granted.slot).toBe(1);
    expect(await delegate.service.list()).toEqual([{ agentId, roles: ['delegate'] }]);
    await delegate.service.update(agentId, { adaptiveResolverUrl: 'https://delegate.example/' });
    expect(valuesOf(network, agentId).adaptive).toBe('https://delegate.example/');
    await expect(delegate.service.rotate(agentId)).rejects.toMatchObject({ code: 'no-key' });
    await expect(delegate.service.refence(agentId)).rejects.toMatchObject({ code: 'bad-delegation' });
  });

  it('keep one key for an agent, so that a grant under way is not lost', async () => {
    const { delegate, agentId } = await withDelegate();
    const once = await delegate.service.createDelegateKey(agentId);
    expect(await delegate.service.createDelegateKey(agentId)).toEqual(once);
  });

  it('are revoked by slot or by hash, and cannot write again', async () => {
    const { network, controller, delegate, agentId, granted } = await withDelegate();
    await delegate.service.update(agentId, { adaptiveResolverUrl: 'https://delegate.example/' });
    await controller.service.revokeDelegation(agentId, { slot: granted.slot }, 'privilegeWithdrawn');
    expect(valuesOf(network, agentId).adaptive).toBe(draft.adaptiveResolverUrl);
    await expect(delegate.service.update(agentId, { ttlSeconds: 5 })).rejects.toMatchObject({
      code: 'bad-delegation',
    });
    const auditor = await controller.service.delegate(agentId, {
      ...grant,
      rights: ['revoke'],
      audience: new Uint8Array(32).fill(3),
    });
    expect(auditor.slot).toBe(0);
    expect(network.stateOf(agentId)!.delegations).toEqual([]);
    const { hash: target } = decodeDelegation(auditor.delegation);
    const result = await controller.service.revokeDelegation(agentId, { hash: target }, 'superseded');
    expect(result.state.revocations.map((one) => bytesToHex(one.target))).toContain(bytesToHex(target));
    await expect(
      controller.service.revokeDelegation(agentId, { slot: 5 }, 'superseded'),
    ).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('that published leave the controller’s last word behind when they are revoked', async () => {
    const { network, controller, delegate, agentId, granted } = await withDelegate(['publish']);
    await delegate.service.update(agentId, { primaryFactsUrl: 'https://d.example/', validitySeconds: 3600 });
    expect(network.stateOf(agentId)!.addr!.slot).toBe(1);
    await controller.service.revokeDelegation(agentId, { slot: granted.slot }, 'keyCompromise');
    expect(network.stateOf(agentId)!.addr!.slot).toBe(0);
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
  });

  it('are refused a slot that is taken', async () => {
    const { controller, agentId } = await withDelegate();
    const audience = new Uint8Array(32).fill(3);
    await expect(controller.service.delegate(agentId, { ...grant, audience, slot: 1 })).rejects.toMatchObject(
      {
        code: 'slot-taken',
      },
    );
    await expect(
      controller.service.delegate(agentId, { ...grant, audience, expiresInSeconds: 0 }),
    ).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

describe('upkeep', () => {
  it('signs a new fence at 22 hours, and again', async () => {
    const network = createFakeNetwork();
    const { service } = createFakeNode(network, 'one');
    await service.start();
    const { agentId, state } = await service.register(draft);
    const issuedAt = state.addr!.issuedAt;
    await network.clock.advance(21.5 * hourMs);
    expect(network.stateOf(agentId)!.addr!.issuedAt).toBe(issuedAt);
    await network.clock.advance(hourMs);
    const second = network.stateOf(agentId)!.addr!.issuedAt;
    expect(second).toBeGreaterThanOrEqual(issuedAt + Math.floor(0.45 * 48 * 3600));
    expect(second).toBeLessThanOrEqual(issuedAt + 22 * 3600 + 1);
    await network.clock.advance(23 * hourMs);
    expect(network.stateOf(agentId)!.addr!.issuedAt).toBeGreaterThan(second);
    await service.stop();
  });

  it('signs earlier when the record lives shorter', async () => {
    const network = createFakeNetwork();
    const { service } = createFakeNode(network, 'one');
    await service.start();
    const { agentId, state } = await service.register({ ...draft, validitySeconds: 3600 });
    await network.clock.advance(28 * 60_000);
    expect(network.stateOf(agentId)!.addr!.issuedAt).toBeGreaterThan(state.addr!.issuedAt);
    await service.stop();
  });

  it('fences what is due when the node comes back, also what has ended meanwhile', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { agentId } = await createFakeNode(network, 'one', disk).service.register(draft);
    await network.clock.advance(60 * hourMs);
    network.forget(agentId);
    const { service } = createFakeNode(network, 'two', disk);
    await service.start();
    await network.clock.advance(2_000);
    expect(valuesOf(network, agentId).primary).toBe(draft.primaryFactsUrl);
    expect(network.stateOf(agentId)!.addr!.issuedAt).toBeGreaterThanOrEqual(nowSecondsOf(network) - 2);
    await service.stop();
  });

  it('folds the operations of a busy slot soon', async () => {
    const { network, controller, delegate, agentId } = await withDelegate();
    await controller.service.start();
    for (let index = 0; index < 5; index++) {
      await delegate.service.update(agentId, { primaryFactsUrl: `https://p${index}.example/` });
    }
    expect(network.stateOf(agentId)!.operations).toHaveLength(5);
    await settled();
    await network.clock.advance(2_000);
    expect(network.stateOf(agentId)!.operations).toEqual([]);
    expect(valuesOf(network, agentId).primary).toBe('https://p4.example/');
    await controller.service.stop();
  });

  it('tries again when the network was away', async () => {
    const network = createFakeNetwork();
    const { service, lines } = createFakeNode(network, 'one');
    await service.start();
    const { agentId, state } = await service.register(draft);
    network.beforeNextPut(() => {
      throw new Error('no route');
    });
    await network.clock.advance(21.7 * hourMs);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(network.stateOf(agentId)!.addr!.issuedAt).toBeGreaterThan(state.addr!.issuedAt);
    await service.stop();
  });

  it('leaves ended agents and those of others alone, and signs nothing after stop', async () => {
    const { network, controller, delegate, agentId } = await withDelegate();
    await delegate.service.start();
    await controller.service.start();
    const other = await controller.service.register(draft);
    await controller.service.revoke(agentId, 'unspecified');
    await controller.service.stop();
    await delegate.service.stop();
    const before = encodeState(network.stateOf(other.agentId)!);
    const published = network.published.length;
    await network.clock.advance(60 * hourMs);
    expect(network.published.length).toBe(published);
    expect(encodeState(network.stateOf(other.agentId)!)).toEqual(before);
  });
});

describe('grants that travel by hand', () => {
  const handRights = ['sub', 'facts'] as const;

  /** The controller, a delegate with a grant that it keeps, and a helper below it. */
  async function withChain() {
    const network = createFakeNetwork();
    const [controller, middle] = [createFakeNode(network, 'top'), createFakeNode(network, 'middle')];
    const { agentId } = await controller.service.register(draft);
    const audience = await middle.service.createDelegateKey(agentId);
    const wish = { rights: handRights, expiresInSeconds: 3600 };
    const root = await controller.service.grant(agentId, { ...wish, audience });
    await middle.service.keepGrant(root);
    const helper = new Uint8Array(32).fill(77);
    const below = await middle.service.grant(agentId, { ...wish, audience: helper, expiresInSeconds: 300 });
    return { network, controller, middle, agentId, root, below, helper };
  }

  it('are issued without a word to the network, and kept by who issued or received them', async () => {
    const { network, controller, middle, agentId, root, below } = await withChain();
    expect(network.published).toHaveLength(1);
    expect((await controller.service.grants(agentId)).map(({ grant, isHeld }) => [grant, isHeld])).toEqual([
      [root, false],
    ]);
    expect((await middle.service.grants(agentId)).map(({ grant, isHeld }) => [grant, isHeld])).toEqual([
      [root, true],
      [below, false],
    ]);
    expect(below.chain).toEqual([...root.chain, below.token]);
    expect((await middle.service.heldGrant(agentId, 'facts'))?.grant).toEqual(root);
    expect(await middle.service.heldGrant(agentId, 'revoke')).toBeNull();
    expect(await controller.service.heldGrant(agentId, 'facts')).toBeNull();
  });

  it('end by the word of the delegate above, and by the controller that never saw them', async () => {
    const { network, controller, middle, agentId, root, below, helper } = await withChain();
    await middle.service.revokeDelegation(agentId, { hash: below.token.hash }, 'superseded');
    const [revocation] = network.stateOf(agentId)!.revocations;
    expect(revocation).toMatchObject({ depth: 1, target: below.token.hash });
    const again = { audience: helper, rights: ['facts'] as const, expiresInSeconds: 60 };
    const other = await middle.service.grant(agentId, again);
    await controller.service.revokeDelegation(agentId, { grant: other }, 'superseded');
    await controller.service.revokeDelegation(agentId, { hash: root.token.hash }, 'superseded');
    expect(network.stateOf(agentId)!.revocations.map(({ depth }) => depth)).toEqual([0, 0, 1]);
    await expect(middle.service.grant(agentId, again)).rejects.toMatchObject({ code: 'bad-delegation' });
    await expect(middle.service.keepGrant(below)).rejects.toMatchObject({ code: 'revoked' });
  });

  it('are not kept when they are forged', async () => {
    const { network, middle, agentId, root } = await withChain();
    const stranger = createFakeNode(network, 'stranger');
    const forged = {
      ...root,
      chain: root.chain.map((token) => ({ ...token, signature: new Uint8Array(64) })),
    };
    await stranger.service.register(draft);
    const encoded = createGrant(forged.chain.map((token) => readDelegation(delegationValue(token))));
    await expect(middle.service.keepGrant(encoded)).rejects.toMatchObject({ code: 'bad-signature' });
    expect(await middle.service.grants(agentId)).toHaveLength(2);
  });

  it('outlive a restart, leave a day after their end, and are so many at most', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const audience = new Uint8Array(32).fill(77);
    for (let index = 0; index < 130; index++)
      await service.grant(agentId, { audience, rights: ['facts'], expiresInSeconds: 60 + index });
    const kept = await createFakeNode(network, 'two', disk).service.grants(agentId);
    expect(kept).toHaveLength(128);
    expect(kept.at(-1)!.grant.token.expiresAt - kept[0]!.grant.token.expiresAt).toBe(127);
    await network.clock.advance(26 * hourMs);
    await service.grant(agentId, { audience, rights: ['facts'], expiresInSeconds: 60 });
    expect(await service.grants(agentId)).toHaveLength(1);
  });

  it('that the journal of an older version kept as tokens are there as grants', async () => {
    const network = createFakeNetwork();
    const disk = createDisk();
    const { service } = createFakeNode(network, 'one', disk);
    const { agentId } = await service.register(draft);
    const made = await service.grant(agentId, {
      ...{ audience: new Uint8Array(32).fill(77), rights: handRights, expiresInSeconds: 600 },
    });
    const [place] = [...disk.entries.keys()].filter((key) => key.startsWith('custody/')) as [string];
    disk.entries.set(place, encodeCanonical([1, null, null, [made.token.bytes]]));
    expect((await service.grants(agentId)).map(({ grant: kept }) => kept)).toEqual([made]);
  });

  it('let a delegate with "revoke" take back a credential, and no other', async () => {
    const { network, controller, middle, agentId } = await withChain();
    const credential = { digest: new Uint8Array(32).fill(5), expiresAtSeconds: nowSecondsOf(network) + 600 };
    await expect(middle.service.revokeCredential(agentId, credential, 'superseded')).rejects.toMatchObject({
      code: 'bad-delegation',
    });
    const audience = await middle.service.createDelegateKey(agentId);
    const wish = { audience, rights: ['revoke'] as const, expiresInSeconds: 600 };
    await middle.service.keepGrant(await controller.service.grant(agentId, wish));
    await middle.service.revokeCredential(agentId, credential, 'superseded');
    expect(network.stateOf(agentId)!.revocations).toMatchObject([{ kind: 'credential', depth: 1 }]);
    const { digest } = { digest: new Uint8Array(32).fill(6) };
    await controller.service.revokeCredential(agentId, { ...credential, digest }, 'superseded');
    expect(network.stateOf(agentId)!.revocations.map(({ depth }) => depth)).toEqual([0, 1]);
    const outsider = createFakeNode(network, 'outsider');
    await expect(outsider.service.revokeCredential(agentId, credential, 'superseded')).rejects.toMatchObject({
      code: 'not-custodial',
    });
  });
});
