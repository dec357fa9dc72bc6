/**
 * The way from a name to an agent, step by step: who owns the namespace and says so, what its record says, whom a registry
 * or a DID names. Keeps account of the steps, of how long they count, and of where it has been, so that no circle is walked.
 */

import { isProtocolError } from '../core/errors.ts';
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import { admitName } from '../core/name/admit.ts';
import { apexLabel, namePoint } from '../core/name/label.ts';
import type { NameRecord, NamespaceProfile, NameTarget } from '../core/name/name-record.ts';
import type { NameLookUp, Resolution } from '../core/peer/effects.ts';
import { FactsError } from '../facts/facts-error.ts';
import { type AgentName, formatName, parseNamespace } from './agent-name.ts';
import {
  answerSecondsMax,
  type NameGrade,
  type NamePorts,
  type NameStep,
  type ResolveNameOptions,
} from './name-types.ts';
import { NamesError } from './names-error.ts';
import { askRegistry } from './registry.ts';
import { readDidKey, readDidWeb } from './web-did.ts';

/** Where the way ends. */
export interface NameEnd {
  readonly agentId: AgentId | null;
  readonly registry: string | null;
  readonly did: string | null;
}

export interface NameWalk {
  tell(kind: NameStep['kind'], text: string, expiresAt: number | null): void;
  /** @throws NamesError, and what the ports throw */
  go(name: AgentName): Promise<NameEnd>;
  summary(): { readonly label: NameGrade; readonly expiresAt: number; readonly steps: readonly NameStep[] };
}

/** Registries and DIDs asked one after another. */
const hopsMax = 4;
const timeoutMsDefault = 5_000;
/** The weaker first. */
const grades: readonly NameGrade[] = ['dns', 'dnssec', 'self'];

export function createNameWalk(ports: NamePorts, options: ResolveNameOptions): NameWalk {
  const { follow = true, timeoutMs = timeoutMsDefault, signal } = options;
  const call = { timeoutMs, ...(signal !== undefined && { signal }) };
  const needsDnssec = ports.needsDnssec === true || options.needsDnssec === true;
  const steps: NameStep[] = [];
  const visited = new Set<string>();
  let grade: NameGrade = 'self';
  let endsAt = ports.nowSeconds() + answerSecondsMax;

  function tell(kind: NameStep['kind'], text: string, expiresAt: number | null): void {
    if (expiresAt !== null) endsAt = Math.min(endsAt, expiresAt);
    steps.push({ kind, text, expiresAt });
  }

  function weaken(other: NameGrade): void {
    if (other === 'dns' && needsDnssec)
      throw new NamesError(
        'not-validated',
        'the name rests on the DNS, and nobody validated what it said: DNSSEC is required here',
      );
    if (grades.indexOf(other) < grades.indexOf(grade)) grade = other;
  }

  async function targetOf(name: AgentName): Promise<NameTarget> {
    const { namespace, label } = name;
    switch (namespace.kind) {
      case 'agent':
        return recordTarget(namespace.agentId, label, null);
      case 'did':
        return { url: namespace.did };
      case 'home':
        return atHome(label);
      case 'word': {
        const owner = await atHome(namespace.word);
        return 'agentId' in owner ? recordTarget(owner.agentId, label, null) : owner;
      }
      case 'dns': {
        const zone = await ports.zones.read(namespace.name);
        const aliased = zone.aliases.length === 0 ? '' : ` by way of ${zone.aliases.join(', ')}`;
        tell(
          'zone',
          `${namespace.name} names ${formatAgentId(zone.agentId)}${aliased} (${zone.grade})`,
          zone.expiresAt,
        );
        weaken(zone.grade);
        return recordTarget(zone.agentId, label, namespace.name);
      }
    }
  }

  /** Sources are asked in the order of the setting: the first that has the word decides. */
  async function atHome(word: string): Promise<NameTarget> {
    if (ports.home.length === 0)
      throw new NamesError(
        'no-home',
        `"${word}" alone has no namespace: set names.home, or write @namespace:label`,
      );
    for (const text of ports.home) {
      const namespace = parseNamespace(text);
      // A word at home would be looked up at home.
      if (namespace.kind === 'word') throw new NamesError('bad-name', `names.home holds no words: ${text}`);
      try {
        return await targetOf({ namespace, label: word });
      } catch (error) {
        if (!(error instanceof NamesError) || error.code !== 'no-such-name') throw error;
        tell('record', `${text} has no ${word}`, null);
      }
    }
    throw new NamesError('no-such-name', `none of the namespaces at home has "${word}"`);
  }

  /** What the owner says of the label. @param claim what it has to say of itself as well, or null */
  async function recordTarget(owner: AgentId, label: string, claim: string | null): Promise<NameTarget> {
    const lookUp = (which: string): Promise<NameLookUp> => ports.lookUp(owner, namePoint(owner, which), call);
    const [resolution, found, apex] = await Promise.all([
      ports.resolve(owner, call),
      label === apexLabel ? null : lookUp(label),
      claim !== null || label === apexLabel ? lookUp(apexLabel) : null,
    ]);
    assertNamespaceActive(owner, resolution);
    const profile = apex === null ? null : profileOf(standing(apex, resolution));
    if (claim !== null) assertClaimed(owner, claim, profile, apex!, resolution);
    if (label === apexLabel) {
      const said = apex === null ? null : standing(apex, resolution);
      const target = profile?.target ?? { agentId: owner };
      tell('record', `the namespace itself is ${describe(target)}`, said?.expiresAt ?? null);
      return target;
    }
    const record = standing(found!, resolution);
    if (record === null || record.meaning.kind !== 'target') throw missing(label, owner, found!);
    const { target } = record.meaning;
    tell('record', `${formatAgentId(owner)} says that ${label} is ${describe(target)}`, record.expiresAt);
    return target;
  }

  function assertClaimed(
    owner: AgentId,
    claim: string,
    profile: NamespaceProfile | null,
    apex: NameLookUp,
    resolution: Resolution,
  ): void {
    if (profile === null || !profile.claims.includes(claim)) {
      if (apex.record === null && !apex.isComplete) throw unsettled(claim);
      throw new NamesError(
        'not-claimed',
        `${claim} names ${formatAgentId(owner)}, which does not say that it is ${claim}`,
        {
          claim,
        },
      );
    }
    tell('claim', `${formatAgentId(owner)} says that it is ${claim}`, standing(apex, resolution)!.expiresAt);
  }

  async function end(target: NameTarget, name: AgentName, isHearsay: boolean): Promise<NameEnd> {
    if ('agentId' in target) {
      if (isHearsay) assertAgentActive(target.agentId, await ports.resolve(target.agentId, call));
      return { agentId: target.agentId, registry: null, did: null };
    }
    const { url } = target;
    if (visited.has(url))
      throw new NamesError('registry-loop', `${url} was asked already: the way is a circle`);
    visited.add(url);
    if (visited.size > hopsMax)
      throw new NamesError('too-many-hops', `more than ${hopsMax} registries, one naming the next`);
    return url.startsWith('did:') ? atDid(url, name) : atRegistry(url, name);
  }

  async function atDid(did: string, name: AgentName): Promise<NameEnd> {
    const namespace = parseNamespace(did);
    if (namespace.kind === 'agent') return end({ agentId: namespace.agentId }, name, true);
    if (did.startsWith('did:key:')) {
      readDidKey(did);
      tell('did', `${did} is a key, and no agent of the index`, null);
      return { agentId: null, registry: null, did };
    }
    weaken('dns');
    if (!follow || ports.getDocument === null) return { agentId: null, registry: null, did };
    const entry = await reached(did, readDidWeb(did, ports.getDocument));
    if (entry.kind === 'alone') {
      tell('did', `${did} names no agent and no registry`, null);
      return { agentId: null, registry: null, did };
    }
    if (entry.kind === 'registry') {
      tell('did', `${did} names the registry ${entry.url}`, null);
      return end({ url: entry.url }, name, true);
    }
    tell('did', `${did} names ${formatAgentId(entry.agentId)}`, null);
    await recordTarget(entry.agentId, apexLabel, did);
    return { agentId: entry.agentId, registry: null, did };
  }

  async function atRegistry(url: string, name: AgentName): Promise<NameEnd> {
    const { getDocument } = ports;
    if (!follow || getDocument === null) {
      tell('registry', `the answer is at ${url}`, null);
      return { agentId: null, registry: url, did: null };
    }
    const question = { name: formatName(name), label: name.label };
    const answer = await reached(url, askRegistry(url, question, getDocument));
    if (answer === null) throw new NamesError('no-such-name', `${url} knows nothing of ${question.name}`);
    tell('registry', `${url} (${answer.by}) says that it is ${describe(answer.target)}`, null);
    return end(answer.target, name, true);
  }

  return {
    tell,
    go: async (name) => end(await targetOf(name), name, false),
    summary: () => ({ label: grade, expiresAt: endsAt, steps }),
  };
}

/** What a place of others says; that it cannot be reached is said of it. */
async function reached<Answer>(place: string, asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof FactsError)) throw error;
    const { code, message } = error;
    throw new NamesError('registry-failed', `${place} cannot be asked: ${message}`, { reason: code });
  }
}

/** The record, unless what is known of the namespace now makes it void. */
function standing({ record }: NameLookUp, { state }: Resolution): NameRecord | null {
  if (record === null) return null;
  try {
    admitName(record, state);
    return record;
  } catch (error) {
    if (isProtocolError(error)) return null;
    throw error;
  }
}

function profileOf(record: NameRecord | null): NamespaceProfile | null {
  return record?.meaning.kind === 'profile' ? record.meaning.profile : null;
}

function missing(label: string, owner: AgentId, { record, isComplete }: NameLookUp): NamesError {
  if (record === null && !isComplete) return unsettled(label);
  return new NamesError('no-such-name', `${formatAgentId(owner)} has no name ${label}`, { label });
}

function unsettled(what: string): NamesError {
  return new NamesError('unsettled', `too few of those who keep "${what}" answered`);
}

function assertNamespaceActive(owner: AgentId, { state }: Resolution): void {
  const status = state?.keyState.status ?? 'active';
  if (status !== 'active')
    throw new NamesError('namespace-not-active', `the namespace ${formatAgentId(owner)} is ${status}`, {
      status,
    });
}

/** What somebody else says is an agent has to be one. */
function assertAgentActive(agentId: AgentId, { state, status }: Resolution): void {
  const found = state?.keyState.status ?? status;
  if (found !== 'active')
    throw new NamesError('agent-not-active', `the index shows ${formatAgentId(agentId)} as ${found}`, {
      status: found,
    });
}

function describe(target: NameTarget): string {
  return 'agentId' in target ? formatAgentId(target.agentId) : target.url;
}
