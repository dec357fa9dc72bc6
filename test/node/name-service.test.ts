/** Names of namespaces in custody, kept alive over time, restarts and new keys (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { delegateAgent } from '../../src/core/author/grant.ts';
import { recordValuesDefault } from '../../src/core/author/record-values.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../src/core/author/tombstone.ts';
import { createSigner, verifyAdmitted } from '../../src/core/ed25519.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import { admitName } from '../../src/core/name/admit.ts';
import { decodeNameRecord, type NameRecord } from '../../src/core/name/name-record.ts';
import type { ChangeKind } from '../../src/core/peer/effects.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { createNameJournal } from '../../src/custody/name-journal.ts';
import { createNameService, type RunningNameService } from '../../src/custody/name-service.ts';
import type { AgentSeeds } from '../../src/ports/keystore.ts';
import type { Log } from '../../src/ports/log.ts';
import { createFakeNetwork, createMemoryKeys, settled, startMs } from './fake-network.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const key = (fill: number) => createSigner(seedOf(fill));
const target = { agentId: new Uint8Array(32).fill(7) };
const ownKeys: AgentSeeds = { signing: seedOf(1), rotation: seedOf(2), recovery: seedOf(3) };

interface Sent {
  readonly atMs: number;
  readonly record: NameRecord;
}

async function world(
  secrets: AgentSeeds = ownKeys,
  prepare: (state: AgentState) => AgentState = (state) => state,
) {
  const network = createFakeNetwork();
  const keys = createMemoryKeys();
  const store = createMemoryStore();
  const sent: Sent[] = [];
  const warnings: string[] = [];
  let holders = 5;
  const quiet = (): void => {};
  const log: Log = {
    ...{ trace: quiet, debug: quiet, info: quiet, error: (_, message) => void warnings.push(message) },
    warn: (_, message) => void warnings.push(message),
    child: () => log,
  };
  const state = prepare(
    registerAgent({
      signer: key(1),
      rotationKey: key(2).publicKey,
      recoveryKey: key(3).publicKey,
      values: { ...recordValuesDefault, primary: 'https://agents.example/f' },
      nowSeconds: startMs / 1000,
      nonce: new Uint8Array(16),
    }),
  );
  network.put(state);
  await keys.add(state.agentId, secrets);
  const create = (): RunningNameService =>
    createNameService({
      keys,
      journal: createNameJournal(store),
      clock: network.clock,
      createSigner,
      createSecret: () => seedOf(9),
      changes: (options) => network.bus.read(options),
      resolve: network.resolve,
      async publishName(bytes) {
        sent.push({ atMs: network.clock.nowMs() - startMs, record: decodeNameRecord(bytes) });
        return { holders, displaced: 0, asked: 5, refusal: null, isOvertaken: false };
      },
      log,
    });
  const service = create();
  await service.start();
  return {
    ...{ network, sent, warnings, service, create, state, keys, agentId: state.agentId },
    setHolders(count: number) {
      holders = count;
    },
    async heard(next: AgentState, change: ChangeKind) {
      const joined = network.put(next);
      network.bus.emit({
        ...{ agentId: next.agentId, change, state: joined, source: 'gossip' },
        acceptedAtMs: network.clock.nowMs(),
      });
      await settled();
    },
  };
}

const holds = (record: NameRecord, state: AgentState): boolean =>
  admitName(record, state).checks.every(verifyAdmitted);

describe('names in custody', () => {
  it('are signed for a week, sent again ever more rarely, and signed anew in the middle', async () => {
    const { service, sent, network, agentId, state } = await world();
    await service.publish(agentId, 'shop', target);
    expect(sent[0]!.record.expiresAt - sent[0]!.record.issuedAt).toBe(168 * 3600);
    await network.clock.advance(84 * hourMs - minuteMs);
    const [first] = sent;
    expect(sent.every(({ record }) => record.bytes.length === first!.record.bytes.length)).toBe(true);
    expect(new Set(sent.map(({ record }) => record.issuedAt)).size).toBe(1);
    const pauses = sent.slice(1).map(({ atMs }, index) => atMs - sent[index]!.atMs);
    expect(pauses.every((pause, index) => index === 0 || pause >= pauses[index - 1]!)).toBe(true);
    expect(Math.max(...pauses)).toBe(4 * hourMs);
    await network.clock.advance(5 * hourMs);
    expect(sent.at(-1)!.record.issuedAt).toBeGreaterThan(first!.record.issuedAt);
    expect(holds(sent.at(-1)!.record, state)).toBe(true);
    await service.stop();
  });

  it('go on after a restart with the very record; under new keys when they changed meanwhile', async () => {
    const { service, sent, create, network, agentId, state, keys } = await world();
    await service.publish(agentId, 'shop', target);
    await service.describe(agentId, { claims: ['example.com'] });
    await service.stop();
    const again = create();
    await again.start();
    await network.clock.advance(1);
    expect(
      sent
        .slice(2)
        .map(({ record }) => record.issuedAt)
        .sort(),
    ).toEqual(
      sent
        .slice(0, 2)
        .map(({ record }) => record.issuedAt)
        .sort(),
    );
    expect(again.list(agentId)).toMatchObject([{ label: 'shop', target }]);
    expect(again.claimants('example.com')).toEqual([agentId]);
    await again.stop();
    const rotated = rotatedOf(state);
    network.put(rotated);
    await keys.stage(agentId, { ...ownKeys, signing: seedOf(4) });
    await keys.promote(agentId);
    const third = create();
    await third.start();
    await network.clock.advance(1);
    expect(sent.slice(-2).every(({ record }) => holds(record, rotated))).toBe(true);
    await third.stop();
  });

  it('are signed anew at once when the keys change, later than before', async () => {
    const { service, sent, agentId, state, heard, keys, network } = await world();
    await service.publish(agentId, 'shop', target);
    const rotated = rotatedOf(state);
    await keys.stage(agentId, { ...ownKeys, signing: seedOf(4) });
    await keys.promote(agentId);
    await heard(rotated, 'rotated');
    await network.clock.advance(1);
    expect(sent).toHaveLength(2);
    expect(holds(sent[1]!.record, rotated)).toBe(true);
    expect(sent[1]!.record.issuedAt).toBeGreaterThan(sent[0]!.record.issuedAt);
    await service.stop();
  });

  it('stay withdrawn until nothing older can stand, and are forgotten then', async () => {
    const { service, sent, agentId, network, create } = await world();
    await service.publish(agentId, 'shop', target);
    await service.withdraw(agentId, 'shop');
    expect(service.list(agentId)).toEqual([]);
    await expect(service.withdraw(agentId, 'shop')).rejects.toMatchObject({ code: 'no-such-name' });
    await network.clock.advance(167 * hourMs);
    expect(sent.slice(1).every(({ record }) => record.meaning.kind === 'withdrawn')).toBe(true);
    expect(sent.at(-1)!.atMs).toBeGreaterThan(160 * hourMs);
    await network.clock.advance(12 * hourMs);
    const count = sent.length;
    await network.clock.advance(100 * hourMs);
    expect(sent).toHaveLength(count);
    await service.stop();
    const again = create();
    await again.start();
    await network.clock.advance(hourMs);
    expect(sent).toHaveLength(count);
    await again.stop();
  });

  it('of a namespace that ended are over', async () => {
    const { service, sent, agentId, state, heard, network } = await world();
    await service.publish(agentId, 'shop', target);
    await heard(
      tombstoneAgent({
        state,
        signer: key(2),
        reason: 'cessationOfOperation',
        nowSeconds: startMs / 1000 + 9,
      }),
      'tombstoned',
    );
    await network.clock.advance(24 * hourMs);
    expect(sent).toHaveLength(1);
    expect(service.list(agentId)).toEqual([]);
    await service.stop();
  });

  it('are sent again soon, and at least twice a minute, before somebody has them', async () => {
    const { service, sent, agentId, network, setHolders } = await world();
    setHolders(0);
    await service.publish(agentId, 'shop', target);
    await network.clock.advance(16_000);
    expect(sent.length).toBe(5);
    await network.clock.advance(5 * minuteMs);
    expect(sent.length).toBe(15);
    await service.stop();
  });

  it('show points in place of labels from when the namespace is hidden, and labels again when it is not', async () => {
    const { service, sent, agentId, network } = await world();
    await service.publish(agentId, 'shop', target);
    await service.describe(agentId, { policy: 'hidden' });
    await network.clock.advance(1);
    expect(sent.map(({ record }) => record.label)).toEqual(['shop', '_', null]);
    expect(sent[2]!.record.key).toBe(sent[0]!.record.key);
    await service.publish(agentId, 'other', target);
    expect(sent.at(-1)!.record.label).toBeNull();
    await service.describe(agentId, { policy: 'open' });
    await network.clock.advance(1);
    expect(
      sent
        .slice(-2)
        .map(({ record }) => record.label)
        .sort(),
    ).toEqual(['other', 'shop']);
    expect(service.profile(agentId)).toEqual({ policy: 'open', claims: [], target: null });
    await service.stop();
  });

  it('a delegate with the right "publish" signs them; one without does not, nor does a stranger', async () => {
    const grant = (rights: number) => (state: AgentState) =>
      delegateAgent({
        ...{ state, signer: key(1), audience: key(8).publicKey, rights, fieldMask: 15 },
        ...{ notBefore: startMs / 1000, expiresAt: startMs / 1000 + 86_400, nonce: new Uint8Array(8) },
        nowSeconds: startMs / 1000,
      }).state;
    const allowed = await world({ delegate: seedOf(8) }, grant(rightBits.publish));
    const { record } = await allowed.service.publish(allowed.agentId, 'shop', target);
    expect(record.token?.audience).toEqual(key(8).publicKey);
    expect(holds(record, allowed.state)).toBe(true);
    const weak = await world({ delegate: seedOf(8) }, grant(rightBits.op));
    await expect(weak.service.publish(weak.agentId, 'shop', target)).rejects.toMatchObject({
      code: 'bad-delegation',
    });
    const stranger = new Uint8Array(32).fill(3);
    await expect(weak.service.publish(stranger, 'shop', target)).rejects.toMatchObject({
      code: 'not-custodial',
    });
    await Promise.all([allowed.service.stop(), weak.service.stop()]);
  });

  it('refuses labels and targets that are none, and signs nothing then', async () => {
    const { service, sent, agentId } = await world();
    await expect(service.publish(agentId, 'Shop', target)).rejects.toMatchObject({ code: 'bad-name' });
    await expect(service.publish(agentId, '_', target)).rejects.toMatchObject({ code: 'bad-name' });
    await expect(service.publish(agentId, 'shop', { url: 'file:///etc' })).rejects.toMatchObject({
      code: 'bad-url',
    });
    await expect(service.describe(agentId, { claims: ['com'] })).rejects.toMatchObject({ code: 'bad-name' });
    expect(sent).toEqual([]);
    expect(service.list(agentId)).toEqual([]);
  });
});

const rotatedOf = (state: AgentState): AgentState =>
  rotateAgent({
    ...{ state, rotationSigner: key(2), signer: key(4), nextRotationKey: key(5).publicKey },
    nowSeconds: startMs / 1000 + 5,
  });
