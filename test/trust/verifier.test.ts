/** Issuers and verifiers together: issuing, renewing, revoking by name and by list, hearing of it, and never forgetting it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { revokeCredential } from '../../src/core/author/subgrant.ts';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import type { Store } from '../../src/ports/store.ts';
import { createCredentialIssuer } from '../../src/trust/issuer/credential-issuer.ts';
import type { CredentialIssuer, CredentialWish } from '../../src/trust/issuer/issuer-types.ts';
import { createConfirmedResolve } from '../../src/trust/verifier/confirmed-resolve.ts';
import type { HeardChange } from '../../src/trust/verifier/trust-network.ts';
import {
  createTrustVerifier,
  type DroppedCredential,
  type TrustVerifier,
} from '../../src/trust/verifier/trust-verifier.ts';
import { resolverOf } from '../facts/sample-facts.ts';
import { rotated, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { agentOf, didOf, nowSeconds, policyOf, throwing } from './scene.ts';

const agent = agentOf('held');
const base = 'https://issuer.example';
let nowMs: number;
let issuing: TestAgent;
let issuerStore: Store;
let verifierStore: Store;
let issuer: CredentialIssuer;
let verifiers: TrustVerifier[];
let dropped: DroppedCredential[];
let watches: Map<string, Set<(change: HeardChange) => void>>;
let isHostDown: boolean;
let isCutOff: boolean;
let fetches: string[];

const clock = { nowMs: () => nowMs, schedule: () => () => undefined };
const audit = (changes: Partial<CredentialWish> = {}): CredentialWish => ({
  ...{
    types: ['SecurityAuditCredential'],
    subject: didOf(agent),
    claims: { result: 'pass' },
    validitySeconds: 3600,
  },
  ...changes,
});
const documentsOf = (all: readonly { readonly document: JsonObject }[]) =>
  all.map(({ document }) => document);

/** The network as everybody sees it now, and what was there before it was cut. */
let seenByCut: AgentState;
const resolve = (agentId: Uint8Array) =>
  resolverOf(isCutOff ? seenByCut : issuing.state, agent.state)(agentId);

function tell(change: HeardChange['change']): void {
  if (isCutOff) return;
  for (const listener of watches.get(agentKey(issuing.agentId)) ?? [])
    listener({ agentId: issuing.agentId, change, state: issuing.state });
}

function watch(agentIds: readonly Uint8Array[], signal: AbortSignal): AsyncIterable<HeardChange> {
  const queue: HeardChange[] = [];
  let wake = (): void => undefined;
  const listener = (change: HeardChange): void => {
    queue.push(change);
    wake();
  };
  const key = agentKey(agentIds[0]!);
  watches.set(key, (watches.get(key) ?? new Set()).add(listener));
  signal.addEventListener('abort', () => {
    watches.get(key)?.delete(listener);
    wake();
  });
  return (async function* () {
    while (!signal.aborted) {
      const change = queue.shift();
      if (change !== undefined) yield change;
      else
        await new Promise<void>((resolved) => {
          wake = resolved;
        });
    }
  })();
}

function openIssuer(): CredentialIssuer {
  return createCredentialIssuer({
    ...{ store: issuerStore, clock, entropy: createSystemEntropy() },
    resolve: (agentId) => resolverOf(issuing.state, agent.state)(agentId),
    findSigner: async () => signingKeyOf(issuing),
    async announceRevocation(_agentId, digest, expiresAt, reason) {
      const now = Math.floor(nowMs / 1000);
      const state = revokeCredential({
        state: issuing.state,
        grant: null,
        signer: signingKeyOf(issuing),
        digest,
        expiresAt,
        reason,
        nowSeconds: now,
      });
      issuing = { ...issuing, state };
      tell('credential-revoked');
      return 5;
    },
  });
}

async function openVerifier(store: Store = verifierStore): Promise<TrustVerifier> {
  const verifier = await createTrustVerifier({
    ...{ store, clock, check: createNodeCryptoVerifier().verify, network: { resolve, watch } },
    async fetch(url) {
      fetches.push(url);
      if (isHostDown) throw Object.assign(new Error('down'), { name: 'unplanned' });
      const number = Number(url.slice(url.lastIndexOf('/') + 1));
      return utf8ToBytes((await issuer.statusList(issuing.agentId, number)).text);
    },
  });
  verifier.onDropped((one) => dropped.push(one));
  verifiers.push(verifier);
  return verifier;
}

/** What was told has been heard: each watch is read in microtasks. */
const settled = () => new Promise<void>((resolved) => setImmediate(resolved));

beforeEach(() => {
  nowMs = nowSeconds * 1000;
  issuing = agentOf('issuing');
  seenByCut = issuing.state;
  issuerStore = createMemoryStore();
  verifierStore = createMemoryStore();
  [verifiers, dropped, fetches, watches] = [[], [], [], new Map()];
  [isHostDown, isCutOff] = [false, false];
  issuer = openIssuer();
});
afterEach(() => {
  for (const verifier of verifiers) verifier.stop();
});

describe('an issuer', { timeout: 30_000 }, () => {
  it('keeps what it issues, over a restart, with a place of its own in a status list', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, () => issuer.issue(issuing.agentId, audit(), base)),
    );
    issuer = openIssuer();
    const kept = await issuer.list(issuing.agentId);
    expect(new Set(kept.map(({ serial }) => serial))).toEqual(new Set(made.map(({ serial }) => serial)));
    const places = kept.map(
      ({ document }) => (document['credentialStatus'] as JsonObject[])[0]!['statusListIndex'],
    );
    expect(new Set(places).size).toBe(5);
    expect(await issuer.find(issuing.agentId, made[0]!.digest)).toMatchObject({ serial: made[0]!.serial });
    expect(await issuer.find(agent.agentId, made[0]!.digest)).toBeUndefined();
    await expect(issuer.read(issuing.agentId, '00'.repeat(16))).rejects.toThrow(throwing('not-issued'));
    await expect(issuer.statusList(issuing.agentId, 7)).rejects.toThrow(throwing('not-issued'));
  });

  it('renews one that lives for two minutes, under one serial, until it is revoked', async () => {
    const made = await issuer.issue(issuing.agentId, audit({ validitySeconds: 120, renews: true }), base);
    nowMs += 60_000;
    expect((await issuer.read(issuing.agentId, made.serial)).digest).toBe(made.digest);
    nowMs += 40_000;
    const again = await issuer.read(issuing.agentId, made.serial);
    expect(again.digest).not.toBe(made.digest);
    expect(again.validUntil).toBe(Math.floor(nowMs / 1000) + 120);
    const verifier = await openVerifier();
    await verifier.accept(again.document);
    const { revoked, pushed } = await issuer.revoke(issuing.agentId, [made.serial], 'privilegeWithdrawn');
    expect([revoked.length, pushed]).toEqual([1, 'credential']);
    await settled();
    expect(dropped).toMatchObject([{ digest: again.digest, why: 'revoked' }]);
    await expect(issuer.read(issuing.agentId, made.serial)).rejects.toThrow(throwing('revoked'));
    // Both versions that were alive are gone.
    for (const { document } of [made, again])
      await expect(verifier.accept(document)).rejects.toThrow(throwing('revoked'));
  });

  it('signs what it issued again after a rotation, to the same end', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    const verifier = await openVerifier();
    await verifier.accept(made.document);
    issuing = rotated(issuing, nowSeconds);
    tell('rotated');
    await settled();
    expect(dropped).toMatchObject([{ digest: made.digest, why: 'issuer-changed' }]);
    await expect(verifier.accept(made.document)).rejects.toThrow(throwing('key-not-current'));
    const again = await issuer.read(issuing.agentId, made.serial);
    expect(again.validUntil).toBe(made.validUntil);
    await expect(verifier.accept(again.document)).resolves.toMatchObject({ digest: again.digest });
  });

  it('suspends for a while and no longer, and only what has a place for it', async () => {
    const made = await issuer.issue(issuing.agentId, audit({ status: ['revocation', 'suspension'] }), base);
    const plain = await issuer.issue(issuing.agentId, audit(), base);
    const verifier = await openVerifier();
    await verifier.accept(made.document);
    await issuer.suspend(issuing.agentId, made.serial, true);
    nowMs += 301_000;
    await expect(verifier.accept(made.document)).rejects.toThrow(throwing('suspended'));
    await issuer.suspend(issuing.agentId, made.serial, false);
    nowMs += 301_000;
    await expect(verifier.accept(made.document)).resolves.toMatchObject({ digest: made.digest });
    await expect(issuer.suspend(issuing.agentId, plain.serial, true)).rejects.toThrow(throwing('no-status'));
  });

  it('lists what it issued in that order', async () => {
    const serials: string[] = [];
    for (let round = 0; round < 5; round++, nowMs += 1000)
      serials.push((await issuer.issue(issuing.agentId, audit({ status: [] }), base)).serial);
    expect((await issuer.list(issuing.agentId)).map(({ serial }) => serial)).toEqual(serials);
  });

  it('refuses what no reader would take', async () => {
    const bad: readonly Partial<CredentialWish>[] = [
      { types: ['lower case'] },
      { subject: 'https://a.example' },
      { validitySeconds: 5 },
      { claims: { x: 'y'.repeat(40_000) } },
    ];
    for (const changes of bad)
      await expect(issuer.issue(issuing.agentId, audit(changes), base)).rejects.toThrow(
        expect.objectContaining({ name: 'FactsError' }),
      );
    expect(await issuer.list(issuing.agentId)).toEqual([]);
  });
});

describe('a revocation', { timeout: 30_000 }, () => {
  it('reaches a verifier that holds the credential at once, and nobody else’s', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => issuer.issue(issuing.agentId, audit(), base)));
    const verifier = await openVerifier();
    for (const one of [first!, second!]) await verifier.accept(one.document);
    expect(verifier.issuersWatched).toBe(1);
    await issuer.revoke(issuing.agentId, [first!.serial], 'keyCompromise');
    await settled();
    expect([verifier.holds(first!.digest), verifier.holds(second!.digest)]).toEqual([false, true]);
    expect(dropped).toEqual([{ digest: first!.digest, issuer: didOf(issuing), why: 'revoked' }]);
  });

  it('of thousands takes one push: the list that readers hold is over, and the new one is read', async () => {
    const many = await Promise.all(
      Array.from({ length: 40 }, () => issuer.issue(issuing.agentId, audit(), base)),
    );
    const verifier = await openVerifier();
    for (const document of documentsOf(many)) await verifier.accept(document);
    expect(fetches).toHaveLength(1);
    const gone = many.slice(0, 30);
    const outcome = await issuer.revoke(
      issuing.agentId,
      gone.map(({ serial }) => serial),
      'superseded',
    );
    expect(outcome).toMatchObject({ pushed: 'list', acknowledgements: 5, lateSecondsMax: 300 });
    expect(issuing.state.revocations).toHaveLength(1);
    await settled();
    expect(verifier.held()).toEqual([]);
    expect(new Set(dropped.map(({ why }) => why))).toEqual(new Set(['status-list']));
    nowMs += 1000;
    for (const document of documentsOf(gone))
      await expect(verifier.accept(document)).rejects.toThrow(throwing('revoked'));
    for (const document of documentsOf(many.slice(30))) await verifier.accept(document);
    expect(verifier.held()).toHaveLength(10);
    expect(fetches).toHaveLength(2);
  });

  it('without a status list is refused once the network carries its twelve, and changes nothing', async () => {
    const many = await Promise.all(
      Array.from({ length: 13 }, () => issuer.issue(issuing.agentId, audit({ status: [] }), base)),
    );
    for (const { serial } of many.slice(0, 12)) await issuer.revoke(issuing.agentId, [serial], 'unspecified');
    await expect(issuer.revoke(issuing.agentId, [many[12]!.serial], 'unspecified')).rejects.toThrow(
      throwing('revocations-full'),
    );
    expect(await issuer.find(issuing.agentId, many[12]!.serial)).toMatchObject({ revoked: null });
    await expect((await openVerifier()).accept(many[12]!.document)).resolves.toBeDefined();
  });

  it('is remembered over a restart, also when the network forgets it', async () => {
    const made = await issuer.issue(issuing.agentId, audit({ status: [] }), base);
    const verifier = await openVerifier();
    await verifier.accept(made.document);
    const before = issuing;
    await issuer.revoke(issuing.agentId, [made.serial], 'unspecified');
    await settled();
    verifier.stop();
    // A network that has lost it, or that lies.
    issuing = before;
    const again = await openVerifier();
    await expect(again.accept(made.document)).rejects.toThrow(throwing('revoked'));
    // Whoever never heard of it believes that network.
    await expect((await openVerifier(createMemoryStore())).accept(made.document)).resolves.toBeDefined();
  });

  it('that was missed while cut off is learned before the credential is taken again', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    const verifier = await openVerifier();
    await verifier.accept(made.document);
    isCutOff = true;
    await issuer.revoke(issuing.agentId, [made.serial], 'unspecified');
    isCutOff = false;
    await expect(verifier.accept(made.document)).rejects.toThrow(throwing('revoked'));
    expect(verifier.holds(made.digest)).toBe(false);
    isCutOff = true;
    await expect(verifier.accept(made.document)).rejects.toThrow(throwing('revoked'));
  });

  it('in the status list alone is enough, and is remembered too', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    isCutOff = true;
    await issuer.revoke(issuing.agentId, [made.serial], 'unspecified');
    const verifier = await openVerifier();
    await expect(verifier.accept(made.document)).rejects.toThrow(throwing('revoked'));
    verifier.stop();
    isHostDown = true;
    await expect((await openVerifier()).accept(made.document)).rejects.toThrow(throwing('revoked'));
  });
});

describe('a verifier', () => {
  it('judges for a zone, holds what counts, and lets go of it with its issuer', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    const policy = policyOf({
      roots: [{ issuer: didOf(issuing) }],
      rules: [{ id: 'audit', credential: 'SecurityAuditCredential', status: true }],
      facts: { required: false },
    });
    const verifier = await openVerifier();
    const verdict = await verifier.judge(policy, agent.agentId, null, [made.document]);
    expect(verdict.trusted).toBe(true);
    expect(verdict.validUntil).toBe(nowSeconds + 300);
    expect(verifier.holds(made.digest)).toBe(true);
    await issuer.revoke(issuing.agentId, [made.serial], 'unspecified');
    await settled();
    expect((await verifier.judge(policy, agent.agentId, null, [made.document])).trusted).toBe(false);
  });

  it('stops listening to issuers of whom it took nothing', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    const verifier = await openVerifier();
    const forged = { ...made.document, credentialSubject: { id: didOf(agent), result: 'better' } };
    await expect(verifier.accept(forged)).rejects.toThrow(throwing('bad-proof'));
    expect(verifier.issuersWatched).toBe(0);
    expect([...watches.values()].every((set) => set.size === 0)).toBe(true);
  });

  it('cannot be made to forget by forged documents that name a revoked one', async () => {
    const made = await issuer.issue(issuing.agentId, audit(), base);
    const verifier = await openVerifier();
    await verifier.accept(made.document);
    await expect(verifier.accept({ ...made.document, issuer: didOf(agent) })).rejects.toThrow(
      throwing('wrong-issuer'),
    );
    expect(verifier.holds(made.digest)).toBe(true);
  });

  it('asks the network anew when nobody else has confirmed an issuer for a while', async () => {
    const asked: boolean[] = [];
    let responders = ['self'];
    const confirmed = createConfirmedResolve({
      resolve: async (agentId, { fresh }) => {
        asked.push(fresh);
        return { ...(await resolverOf(issuing.state)(agentId)), responders };
      },
      self: 'self',
      nowMs: () => nowMs,
    });
    await confirmed(issuing.agentId);
    await confirmed(issuing.agentId);
    responders = ['self', 'other'];
    await confirmed(issuing.agentId);
    await confirmed(issuing.agentId);
    nowMs += 31_000;
    await confirmed(issuing.agentId);
    expect(asked).toEqual([true, true, true, false, true]);
  });
});
