/** What agents in custody announce, kept announced over time, restarts and new keys (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { recordValuesDefault } from '../../src/core/author/record-values.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../src/core/author/tombstone.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { admitCapabilities } from '../../src/core/capability/admit.ts';
import { type CapabilityAnnouncement, decodeCapabilities } from '../../src/core/capability/announcement.ts';
import { createSigner, verifyAdmitted } from '../../src/core/ed25519.ts';
import type { ChangeKind } from '../../src/core/peer/effects.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { createCapabilityJournal } from '../../src/custody/capability-journal.ts';
import {
  createCapabilityService,
  type RunningCapabilityService,
} from '../../src/custody/capability-service.ts';
import type { Log } from '../../src/ports/log.ts';
import { createFakeNetwork, createMemoryKeys, settled, startMs } from './fake-network.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const key = (fill: number) => createSigner(seedOf(fill));

interface Sent {
  readonly atMs: number;
  readonly said: CapabilityAnnouncement;
  readonly formerTags: readonly string[];
}

async function world(agentCount = 1) {
  const network = createFakeNetwork();
  const keys = createMemoryKeys();
  const store = createMemoryStore();
  const sent: Sent[] = [];
  const warnings: string[] = [];
  let failure: Error | null = null;
  let inFlight = 0;
  let inFlightMax = 0;
  const quiet = (): void => {};
  const log: Log = {
    ...{ trace: quiet, debug: quiet, info: quiet, error: (_, message) => void warnings.push(message) },
    warn: (_, message) => void warnings.push(message),
    child: () => log,
  };
  const states: AgentState[] = [];
  for (let index = 0; index < agentCount; index++) {
    const state = registerAgent({
      signer: key(1),
      rotationKey: key(2).publicKey,
      recoveryKey: key(3).publicKey,
      values: { ...recordValuesDefault, primary: 'https://agents.example/f' },
      nowSeconds: startMs / 1000,
      nonce: new Uint8Array(16).fill(index),
    });
    network.put(state);
    await keys.add(state.agentId, { signing: seedOf(1), rotation: seedOf(2), recovery: seedOf(3) });
    states.push(state);
  }
  const create = (): RunningCapabilityService =>
    createCapabilityService({
      keys,
      journal: createCapabilityJournal(store),
      clock: network.clock,
      createSigner,
      createSecret: () => seedOf(9),
      changes: (options) => network.bus.read(options),
      resolve: network.resolve,
      search: async () => ({ hits: [], asked: 0, responders: 0, isComplete: true }),
      async announce(bytes, { formerTags = [] } = {}) {
        inFlightMax = Math.max(inFlightMax, ++inFlight);
        await Promise.resolve();
        inFlight--;
        if (failure !== null) throw failure;
        sent.push({ atMs: network.clock.nowMs() - startMs, said: decodeCapabilities(bytes), formerTags });
        return { holders: 5, displaced: 0, asked: 5, refusal: null };
      },
      log,
    });
  const service = create();
  await service.start();
  return {
    ...{ network, keys, sent, warnings, service, create, states, agentId: states[0]!.agentId },
    inFlightMax: () => inFlightMax,
    fail(error: Error | null) {
      failure = error;
    },
    /** As the node hears it: the network's state and what changed. */
    async heard(state: AgentState, change: ChangeKind) {
      const joined = network.put(state);
      network.bus.emit({
        ...{ agentId: state.agentId, change, state: joined, source: 'gossip' },
        acceptedAtMs: network.clock.nowMs(),
      });
      await settled();
    },
  };
}

const rotatedOf = (state: AgentState): AgentState =>
  rotateAgent({
    ...{ state, rotationSigner: key(2), signer: key(4), nextRotationKey: key(5).publicKey },
    nowSeconds: startMs / 1000 + 5,
  });

const holds = (said: CapabilityAnnouncement, state: AgentState): boolean =>
  admitCapabilities(said, state.keyState).checks.every(verifyAdmitted);

describe('the capabilities of an agent in custody', () => {
  it('are signed by its key, and sent again soon after and then at least once an hour', async () => {
    const { service, agentId, sent, network, states } = await world();
    const said = await service.announce(agentId, ['/B', 'a/x']);
    expect(said).toMatchObject({ tags: ['/a/x', '/b'], announce: { holders: 5 } });
    await network.clock.advance(6 * hourMs);
    expect(sent.every((one) => holds(one.said, states[0]!))).toBe(true);
    expect(new Set(sent.map((one) => bytesToHex(one.said.bytes))).size).toBe(1);
    const times = sent.map((one) => one.atMs);
    expect(times[1]).toBe(30_000);
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(Math.max(...pauses)).toBeLessThan(hourMs);
    expect(times.filter((time) => time > 3 * hourMs).length).toBeLessThan(5);
    await service.stop();
  });

  it('are signed anew in the middle of their time, so that they never end', async () => {
    const { service, agentId, sent, network } = await world();
    await service.announce(agentId, ['/a']);
    await network.clock.advance(72 * hourMs);
    const distinct = new Set(sent.map((one) => one.said.issuedAt));
    expect(distinct.size).toBe(6);
    for (const { atMs, said } of sent) {
      expect(said.expiresAt * 1000 - (startMs + atMs)).toBeGreaterThan(11 * hourMs);
    }
    await service.stop();
  });

  it('are told to those that stored the former tags, until they have heard', async () => {
    const { service, agentId, sent, network } = await world();
    await service.announce(agentId, ['/a']);
    await service.announce(agentId, ['/b']);
    expect(sent.at(-1)!.formerTags).toEqual(['/a']);
    expect(sent.at(-1)!.said.issuedAt).toBeGreaterThan(sent[0]!.said.issuedAt);
    await network.clock.advance(minuteMs);
    expect(sent.at(-1)!.formerTags).toEqual(['/a']);
    await network.clock.advance(5 * hourMs);
    expect(sent.at(-1)!.formerTags).toEqual([]);
    await service.stop();
  });

  it('are withdrawn by an announcement without tags, and not sent again', async () => {
    const { service, agentId, sent, network } = await world();
    await service.announce(agentId, ['/a']);
    await service.withdraw(agentId);
    expect(sent.at(-1)).toMatchObject({ said: { tags: [] }, formerTags: ['/a'] });
    expect(service.announced(agentId)).toEqual([]);
    const count = sent.length;
    await network.clock.advance(30 * hourMs);
    expect(sent).toHaveLength(count);
    await service.stop();
  });

  it('go on after a restart, with a later announcement', async () => {
    const { service, agentId, sent, create, network } = await world();
    await service.announce(agentId, ['/a']);
    await service.stop();
    const again = create();
    await again.start();
    await network.clock.advance(1);
    expect(again.announced(agentId)).toEqual(['/a']);
    expect(sent).toHaveLength(2);
    expect(sent[1]!.said.tags).toEqual(['/a']);
    expect(sent[1]!.said.issuedAt).toBeGreaterThan(sent[0]!.said.issuedAt);
    await again.stop();
  });

  it('are forgotten by a restart once they were withdrawn', async () => {
    const { service, agentId, sent, create, network } = await world();
    await service.announce(agentId, ['/a']);
    await service.withdraw(agentId);
    await service.stop();
    const again = create();
    await again.start();
    await network.clock.advance(hourMs);
    expect(sent).toHaveLength(2);
    await again.stop();
  });

  it('are signed by the new key as soon as it is in use', async () => {
    const { service, agentId, sent, network, keys, states, heard } = await world();
    await service.announce(agentId, ['/a']);
    const turned = rotatedOf(states[0]!);
    await heard(turned, 'rotated');
    await network.clock.advance(1_000);
    expect(sent).toHaveLength(1);
    await keys.add(agentId, { signing: seedOf(4), rotation: seedOf(5) });
    await network.clock.advance(5_000);
    expect(sent).toHaveLength(2);
    expect(holds(sent[1]!.said, turned)).toBe(true);
    await service.stop();
  });

  it('end with the agent', async () => {
    const { service, agentId, sent, network, states, heard } = await world();
    await service.announce(agentId, ['/a']);
    const nowSeconds = startMs / 1000 + 9;
    await heard(
      tombstoneAgent({ state: states[0]!, signer: key(2), reason: 'cessationOfOperation', nowSeconds }),
      'tombstoned',
    );
    expect(service.announced(agentId)).toEqual([]);
    await network.clock.advance(30 * hourMs);
    expect(sent).toHaveLength(1);
    await expect(service.announce(agentId, ['/a'])).rejects.toMatchObject({ code: 'agent-not-active' });
    await service.stop();
  });

  it('are tried again ever more rarely while the network takes none', async () => {
    const { service, agentId, sent, network, fail, warnings } = await world();
    await service.announce(agentId, ['/a']);
    fail(new Error('no network'));
    await network.clock.advance(3 * hourMs);
    expect(warnings.length).toBeGreaterThan(8);
    expect(warnings.length).toBeLessThan(20);
    fail(null);
    await network.clock.advance(hourMs);
    expect(sent.length).toBeGreaterThan(1);
    await service.stop();
  });

  it('are given up with the keys', async () => {
    const { service, agentId, keys, network, warnings } = await world();
    await service.announce(agentId, ['/a']);
    keys.read = async () => ({});
    await network.clock.advance(13 * hourMs);
    expect(service.announced(agentId)).toEqual([]);
    expect(warnings).toEqual(['the keys of an agent are gone: its capabilities are no longer published']);
    await service.stop();
  });

  it('are sent a few at a time, however many agents there are', async () => {
    const { service, create, states, sent, inFlightMax, network } = await world(40);
    for (const { agentId } of states) await service.announce(agentId, ['/many']);
    await service.stop();
    const again = create();
    await again.start();
    await network.clock.advance(10);
    expect(sent).toHaveLength(80);
    expect(inFlightMax()).toBeLessThanOrEqual(4);
    await again.stop();
  });

  it('cost nothing where nobody announces: no timer, no reader of changes, no entry', async () => {
    const { service, network, sent, keys } = await world();
    const read = keys.read;
    let reads = 0;
    keys.read = async (agentId) => {
      reads++;
      return read(agentId);
    };
    await network.clock.advance(48 * hourMs);
    expect({ reads, sent }).toEqual({ reads: 0, sent: [] });
    await service.stop();
  });

  it('are refused before anything is kept', async () => {
    const { service, agentId, sent } = await world();
    await expect(service.announce(agentId, ['/a/b/c/d/e'])).rejects.toMatchObject({ code: 'bad-tag' });
    const five = ['/a', '/b', '/c', '/d', '/e'];
    await expect(service.announce(agentId, five)).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(service.announce(seedOf(8), ['/a'])).rejects.toMatchObject({ code: 'not-custodial' });
    expect(service.announced(agentId)).toEqual([]);
    expect(sent).toEqual([]);
    await service.stop();
  });
});
