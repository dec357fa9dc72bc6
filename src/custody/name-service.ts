/**
 * Names of namespaces in custody: signed by their current key or as their delegate, published, sent again now and then,
 * signed anew in the middle of their time and whenever the keys change, and over with the agent. What is withdrawn is kept
 * withdrawn until nothing older can stand. Source: docs/protocol.md §7. A namespace without names costs nothing.
 */
import { mayPublish } from '../core/author/writer.ts';
import { ProtocolError } from '../core/errors.ts';
import { type AgentId, agentKey, formatAgentId } from '../core/identity/agent-id.ts';
import { apexLabel, assertNameLabel } from '../core/name/label.ts';
import {
  type NameMeaning,
  type NameRecord,
  type NamespaceProfile,
  type NameTarget,
  signNameRecord,
} from '../core/name/name-record.ts';
import type { NamePublication } from '../core/peer/effects.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import { NodeError } from '../driver/node-error.ts';
import { createCustodySigners, nodeErrorOf } from './custody-signers.ts';
import type { CustodyParts } from './custody-types.ts';
import type { NameJournal, SignedName } from './name-journal.ts';
import { createPublications, firstPauses, type Pauses } from './publications.ts';

export interface NameOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface PublishedName {
  readonly namespace: AgentId;
  readonly label: string;
  readonly record: NameRecord;
  readonly publish: NamePublication;
}

/** A name that this node keeps alive. */
export interface OwnName {
  readonly label: string;
  readonly target: NameTarget;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Namespaces whose signing key, or that of a publishing delegate, this node holds. */
export interface NameService {
  /**
   * Says what a label stands for, in place of what it stood for, and keeps it alive.
   * @throws ProtocolError `bad-name`, `bad-url`, `bad-delegation`; NodeError `not-custodial`, `no-key`, `too-many-names`
   */
  publish(
    namespace: AgentId,
    label: string,
    target: NameTarget,
    options?: NameOptions,
  ): Promise<PublishedName>;
  /** @throws as publish; NodeError `no-such-name` */
  withdraw(namespace: AgentId, label: string, options?: NameOptions): Promise<PublishedName>;
  /** What the namespace says of itself, each part as before where it is left out. */
  describe(
    namespace: AgentId,
    profile: Partial<NamespaceProfile>,
    options?: NameOptions,
  ): Promise<PublishedName>;
  /** What it says of itself, or what holds while it says nothing. */
  profile(namespace: AgentId): NamespaceProfile;
  /** Namespaces here that say they are that DNS name or DID. */
  claimants(claim: string): readonly AgentId[];
  /** By label. */
  list(namespace: AgentId): readonly OwnName[];
}

export interface RunningNameService extends NameService {
  /** Goes on with what the journal knows; returns before the network has answered. */
  start(): Promise<void>;
  /** Waits for the calls under way; nothing is sent afterwards. */
  stop(): Promise<void>;
}

/** Names that one node keeps alive. */
const ownNamesMax = 10_000;
/** Storing peers keep a name alive among themselves. */
const longestPauseMs = 4 * 3_600_000;

interface Entry extends SignedName, Pauses {
  label: string;
  record: NameRecord;
  /** To be signed anew whatever its age. */
  isVoid: boolean;
}

type Parts<Secret> = Pick<
  CustodyParts<Secret>,
  'keys' | 'createSigner' | 'createSecret' | 'clock' | 'log' | 'changes'
> &
  Pick<NetworkCalls, 'publishName' | 'resolve'> & { readonly journal: NameJournal };

const profileDefault: NamespaceProfile = { policy: 'throttled', claims: [], target: null };

export function createNameService<Secret>(parts: Parts<Secret>): RunningNameService {
  const { journal, clock } = parts;
  const signers = createCustodySigners(parts);
  // Bounded by ownNamesMax.
  const publications = createPublications<Entry>(parts, {
    ...{ what: 'names', longestPauseMs },
    agentOf: ({ record }) => record.agentId,
    keysOf: (namespace) => entriesOf(namespace).map(([key]) => key),
    send,
    void(entry) {
      entry.isVoid = true;
    },
    remove: journal.remove,
  });
  const { entryByKey } = publications;

  const placeOf = (namespace: AgentId, label: string): string => `${agentKey(namespace)}/${label}`;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

  async function sign(
    namespace: AgentId,
    label: string,
    meaning: NameMeaning,
    before: NameRecord | undefined,
    options: NameOptions,
  ): Promise<NameRecord> {
    const { state } = await parts.resolve(namespace, options);
    if (state === null)
      throw new NodeError('not-custodial', `nothing is known of ${formatAgentId(namespace)} in the network`);
    const writer = await signers.writerOf(state, nowSeconds());
    if (!mayPublish(writer))
      throw new ProtocolError(
        'bad-delegation',
        'names are signed under a delegation with the right "publish"',
      );
    return signNameRecord({
      keyState: state.keyState,
      signer: writer.signer,
      token: writer.token,
      label,
      isBlinded: profileOf(namespace).policy === 'hidden',
      meaning,
      issuedAt: Math.max(nowSeconds(), (before?.issuedAt ?? 0) + 1),
    });
  }

  function write(
    namespace: AgentId,
    label: string,
    meaningOf: (before: NameRecord | undefined) => NameMeaning,
    options: NameOptions,
  ): Promise<PublishedName> {
    const key = placeOf(namespace, label);
    return publications.run(key, async () => {
      const before = entryByKey.get(key);
      const meaning = meaningOf(before?.record);
      if (before === undefined && entryByKey.size >= ownNamesMax)
        throw new NodeError('too-many-names', `this node keeps ${ownNamesMax} names alive and no more`);
      let record: NameRecord;
      try {
        record = await sign(namespace, label, meaning, before?.record, options);
      } catch (error) {
        throw nodeErrorOf(error);
      }
      const entry: Entry = { label, record, isVoid: false, ...firstPauses };
      await journal.write(entry);
      publications.keep(key, entry);
      const publish = await parts.publishName(record.bytes, options);
      publications.plan(key, entry, publish);
      return { namespace, label, record, publish };
    });
  }

  /** The same bytes again, or new ones in the middle of their time; null once nothing that it withdrew can stand. */
  async function send(entry: Entry, signal: AbortSignal): Promise<NamePublication | null> {
    const { issuedAt, expiresAt, meaning } = entry.record;
    const isWithdrawn = meaning.kind === 'withdrawn';
    if (isWithdrawn && expiresAt <= nowSeconds()) return null;
    const isOld = !isWithdrawn && nowSeconds() >= (issuedAt + expiresAt) / 2;
    if (entry.isVoid || isOld || (await isOvertaken(entry.record, signal))) {
      entry.record = await sign(entry.record.agentId, entry.label, meaning, entry.record, { signal });
      entry.isVoid = false;
      await journal.write(entry);
    }
    return parts.publishName(entry.record.bytes, { signal });
  }

  /** The keys may have changed while this node was away. */
  async function isOvertaken({ agentId, keyEvents }: NameRecord, signal: AbortSignal): Promise<boolean> {
    const { state } = await parts.resolve(agentId, { signal });
    return state !== null && state.keyState.head.key !== keyEvents.at(-1)!.key;
  }

  function entriesOf(namespace: AgentId): (readonly [string, Entry])[] {
    const prefix = `${agentKey(namespace)}/`;
    return [...entryByKey].filter(([key]) => key.startsWith(prefix));
  }

  function profileOf(namespace: AgentId): NamespaceProfile {
    const meaning = entryByKey.get(placeOf(namespace, apexLabel))?.record.meaning;
    return meaning?.kind === 'profile' ? meaning.profile : profileDefault;
  }

  function claimants(claim: string): AgentId[] {
    return [...entryByKey.values()].flatMap(({ record: { meaning, agentId } }) =>
      meaning.kind === 'profile' && meaning.profile.claims.includes(claim) ? [agentId] : [],
    );
  }

  async function publish(
    namespace: AgentId,
    label: string,
    target: NameTarget,
    options: NameOptions = {},
  ): Promise<PublishedName> {
    assertNameLabel(label);
    if (label === apexLabel) throw new ProtocolError('bad-name', '"_" is the namespace itself: describe it');
    return write(namespace, label, () => ({ kind: 'target', target }), options);
  }

  async function withdraw(
    namespace: AgentId,
    label: string,
    options: NameOptions = {},
  ): Promise<PublishedName> {
    assertNameLabel(label);
    const meaningOf = (before: NameRecord | undefined): NameMeaning => {
      if (before === undefined || before.meaning.kind === 'withdrawn')
        throw new NodeError('no-such-name', `this node keeps no name ${label} of that namespace`);
      return { kind: 'withdrawn' };
    };
    return write(namespace, label, meaningOf, options);
  }

  async function describe(
    namespace: AgentId,
    changes: Partial<NamespaceProfile>,
    options: NameOptions = {},
  ): Promise<PublishedName> {
    const before = profileOf(namespace);
    const profile = { ...before, ...changes };
    const published = await write(namespace, apexLabel, () => ({ kind: 'profile', profile }), options);
    // Hidden names show no label, and others do.
    if ((before.policy === 'hidden') !== (profile.policy === 'hidden'))
      for (const [key, { label }] of entriesOf(namespace)) if (label !== apexLabel) publications.renew(key);
    return published;
  }

  function list(namespace: AgentId): readonly OwnName[] {
    const own = entriesOf(namespace).flatMap(([, { label, record }]) => {
      const { meaning, issuedAt, expiresAt } = record;
      return meaning.kind === 'target' ? [{ label, target: meaning.target, issuedAt, expiresAt }] : [];
    });
    return own.sort((left, right) => (left.label < right.label ? -1 : 1));
  }

  async function start(): Promise<void> {
    for (const { label, record } of await journal.all()) {
      const key = placeOf(record.agentId, label);
      publications.restore(key, { label, record, isVoid: false, ...firstPauses });
    }
  }

  return { publish, withdraw, describe, profile: profileOf, claimants, list, start, stop: publications.stop };
}
