/** A node that answers from memory and records what it was asked, for tests of routing and of error mapping. */

import { Readable } from 'node:stream';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { encodeArchive } from '../../src/archive/archive-format.ts';
import { recordValuesDefault } from '../../src/core/author/record-values.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import { grantBelow } from '../../src/core/author/subgrant.ts';
import { bytesEqual } from '../../src/core/bytes.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import type { Grant } from '../../src/core/identity/delegation-grant.ts';
import { signNameRecord } from '../../src/core/name/name-record.ts';
import { kadIdOfAgent } from '../../src/core/overlay/distance.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import { addrExpiresAt } from '../../src/core/record/agent-addr.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';
import type { PublishedName } from '../../src/custody/name-service.ts';
import { createFactsHost } from '../../src/facts/host/facts-host.ts';
import type {
  AgentChange,
  AgentResult,
  FoundCapabilities,
  NodeStatus,
  WeftNode,
} from '../../src/node/node-types.ts';
import type { QueryAnswer } from '../../src/query/query-types.ts';
import { createAdaptiveResolver } from '../../src/resolution/adaptive/adaptive-resolver.ts';
import { createEndpointResolver } from '../../src/resolution/endpoint-resolver.ts';
import { createResolutionPorts } from '../../src/resolution/resolution-ports.ts';
import { createMemoryTrust } from '../trust/memory-trust.ts';
import { recordedAudit } from './recorded-audit.ts';

/** One registered agent, the same in every run. */
export function sampleState(nowSeconds = Math.floor(Date.now() / 1000)): AgentState {
  const key = (fill: number) => createSigner(new Uint8Array(32).fill(fill));
  return registerAgent({
    signer: key(1),
    rotationKey: key(2).publicKey,
    recoveryKey: key(3).publicKey,
    values: {
      ...recordValuesDefault,
      primary: 'https://agents.example/facts',
      adaptive: 'https://agents.example/resolve',
    },
    nowSeconds,
    nonce: new Uint8Array(16).fill(7),
  });
}

/** The sample's controller lets another key sign facts, and grant that on, for an hour. */
export function sampleGrant(state: AgentState, nowSeconds = Math.floor(Date.now() / 1000)): Grant {
  return grantBelow({
    ...{ state, parent: null, signer: createSigner(new Uint8Array(32).fill(1)), nowSeconds },
    audience: createSigner(new Uint8Array(32).fill(9)).publicKey,
    rights: rightBits.sub + rightBits.facts,
    notBefore: nowSeconds - 60,
    expiresAt: nowSeconds + 3600,
    nonce: new Uint8Array(8).fill(5),
  });
}

/** What that agent, as a namespace, says of a label. */
export function sampleName(state: AgentState, label: string): PublishedName {
  const profile = { policy: 'open' as const, claims: ['example.com'], target: null };
  const record = signNameRecord({
    ...{ keyState: state.keyState, signer: createSigner(new Uint8Array(32).fill(1)), label },
    meaning:
      label === '_' ? { kind: 'profile', profile } : { kind: 'target', target: { agentId: state.agentId } },
    issuedAt: 1_800_000_000,
  });
  const publish = { holders: 18, displaced: 0, asked: 20, refusal: null, isOvertaken: false };
  return { namespace: state.agentId, label, record, publish };
}

export interface RecordedNode extends WeftNode {
  /** Method and arguments of each call, in order. */
  readonly calls: (readonly [string, ...unknown[]])[];
  /** Thrown by every method from now on. */
  failure: unknown;
  resolution: Resolution;
  found: FoundCapabilities;
  /** Of a query. */
  answer: QueryAnswer;
  nodeState: NodeStatus['state'];
  /** Hands a change to every open stream. */
  announce(change: AgentChange): void;
  /** True while a stream that names its agents is open. */
  isWatched(): boolean;
}

export function createRecordedNode(): RecordedNode {
  const state = sampleState();
  const listeners = new Set<(change: AgentChange) => void>();
  let watching = 0;
  const result: AgentResult = {
    agentId: state.agentId,
    publish: { status: 'stored', acknowledgements: 5, asked: 8, refusal: null, state },
    state,
    recordBytes: state.addr!.bytes.length,
    expiresAtSeconds: addrExpiresAt(state.addr!),
  };
  const said = {
    agentId: state.agentId,
    tags: ['/chat', '/translate/en-es'],
    expiresAtSeconds: 1_900_000_000,
    announce: { holders: 18, displaced: 2, asked: 20, refusal: null },
  };
  const answer =
    <Value>(name: string, value: () => Value) =>
    async (...given: unknown[]): Promise<Value> => {
      node.calls.push([name, ...given]);
      if (node.failure !== null) throw node.failure;
      return value();
    };
  const node: RecordedNode = {
    calls: [],
    failure: null,
    nodeState: 'ready',
    resolution: {
      status: 'ok',
      agentId: state.agentId,
      state,
      ageSeconds: 0,
      responders: ['a', 'b', 'c'],
      holders: 3,
      cached: false,
    },
    audit: recordedAudit(state, answer as never),
    announce: (change) => {
      for (const listener of listeners) listener(change);
    },
    found: {
      results: [
        {
          ...{ agentId: state.agentId, tags: ['/translate/en-es'], expiresAtSeconds: 1_900_000_000 },
          ...{ score: 50, shownBy: 5, verified: false, source: 'announcement' },
        },
      ],
      ...{ asked: 6, responders: 5, isComplete: true },
    },
    answer: {
      results: [],
      horizon: {
        ...{ overlay: null, candidates: 0, checked: 0, fetched: 0, isTimedOut: false },
        seen: { agents: 0, facts: 0, sinceMs: null, forgotten: 0 },
      },
    },
    isWatched: () => watching > 0,
    peer: '12D3KooWNode',
    addresses: () => ['/ip4/127.0.0.1/tcp/4801/p2p/12D3KooWNode'],
    start: answer('start', () => undefined),
    stop: answer('stop', () => undefined),
    status: answer('status', () => statusOf(node)),
    peers: () => [],
    facts: createFactsHost({
      store: createMemoryStore(),
      resolve: (agentId) => node.resolve(agentId),
      check: createNodeCryptoVerifier().verify,
      clock: createSystemClock(),
      entropy: createSystemEntropy(),
      findSigner: async (agentId) =>
        bytesEqual(agentId, state.agentId) ? createSigner(new Uint8Array(32).fill(1)) : null,
    }),
    trust: createMemoryTrust({
      resolve: (agentId) => node.resolve(agentId),
      findSigner: async (agentId) =>
        bytesEqual(agentId, state.agentId) ? createSigner(new Uint8Array(32).fill(1)) : null,
      announceRevocation: answer('revokeCredential', () => 5),
      signFacts: (agentId, given, validity) => node.facts.sign(agentId, given, validity),
    }),
    endpoints: createEndpointResolver(
      createResolutionPorts({
        resolve: (agentId) => node.resolve(agentId),
        check: createNodeCryptoVerifier().verify,
        allowPrivate: true,
        userAgent: 'weft/test',
      }),
    ),
    adaptive: createAdaptiveResolver({
      store: createMemoryStore(),
      resolve: (agentId) => node.resolve(agentId),
      check: createNodeCryptoVerifier().verify,
      clock: createSystemClock(),
      entropy: createSystemEntropy(),
      findSigners: async (agentId) =>
        bytesEqual(agentId, state.agentId) ? [createSigner(new Uint8Array(32).fill(1))] : [],
    }),
    overlayFacts: {
      publish: answer('keepInOverlay', () => ({
        agentId: state.agentId,
        digest: new Uint8Array(32).fill(5),
        url: 'ipfs://bafkreib',
        holders: 18,
        asked: 20,
        refusal: null,
        validUntil: 1_900_000_000,
        pointer: 'blinded' as const,
        salt: new Uint8Array(16).fill(6),
        isPointed: true,
      })),
      release: answer('releaseFromOverlay', () => true),
    },
    resolvePrivately: answer('resolvePrivately', () => node.resolution),
    fetchFactsPrivately: answer('fetchFactsPrivately', () => new TextEncoder().encode('{}')),
    fetchFacts: answer('fetchFacts', () => null),
    keyspace: () => ({ self: kadIdOfAgent(state.agentId), peers: [], held: Array<number>(256).fill(0) }),
    samples: () => ({ intervalMs: 5000, timesMs: [], series: {} as never }),
    archive: () => encodeArchive(Readable.from([encodeState(state)]), 0),
    metrics: answer('metrics', () => '# HELP weft_agents Agents\nweft_agents 1\n'),
    resolve: answer('resolve', () => node.resolution),
    publish: answer('publish', () => result.publish),
    changes(options) {
      if (options?.agents !== undefined) {
        watching++;
        options.signal?.addEventListener('abort', () => watching--);
      }
      return streamOf(listeners, options?.signal);
    },
    names: {
      resolve: answer('resolveName', () => ({
        ...{ name: 'urn:agent:example.com:shop', agentId: state.agentId, registry: null, did: null },
        ...{ label: 'dnssec' as const, expiresAt: 1_900_000_000 },
        steps: [{ kind: 'zone' as const, text: 'example.com names it (dnssec)', expiresAt: 1_900_000_000 }],
      })),
      publish: answer('publishName', () => sampleName(state, 'shop')),
      withdraw: answer('withdrawName', () => sampleName(state, 'shop')),
      describe: answer('describeNamespace', () => sampleName(state, '_')),
      profile: () => ({ policy: 'open', claims: ['example.com'], target: null }),
      claimants: (claim) => (claim === 'example.com' ? [state.agentId] : []),
      list: () => [
        {
          ...{ label: 'shop', target: { agentId: state.agentId } },
          ...{ issuedAt: 1_800_000_000, expiresAt: 1_900_000_000 },
        },
      ],
    },
    capabilities: {
      announce: answer('announceCapabilities', () => said),
      withdraw: answer('withdrawCapabilities', () => ({ ...said, tags: [] })),
      announced: () => said.tags,
      search: answer('search', () => node.found),
    },
    query: answer('query', () => node.answer),
    agents: {
      list: answer('list', () => [{ agentId: state.agentId, roles: ['signing'] }]),
      register: answer('register', () => result),
      update: answer('update', () => result),
      refence: answer('refence', () => result),
      rotate: answer('rotate', () => result),
      recover: answer('recover', () => result),
      delegate: answer('delegate', () => ({ ...result, delegation: new Uint8Array([1, 2]), slot: 3 })),
      grant: answer('grant', () => sampleGrant(state)),
      keepGrant: answer('keepGrant', () => ({ grant: sampleGrant(state), isHeld: true })),
      grants: answer('grants', () => [{ grant: sampleGrant(state), isHeld: true }]),
      heldGrant: answer('heldGrant', () => null),
      revokeCredential: answer('revokeCredential', () => result),
      createDelegateKey: answer('createDelegateKey', () => new Uint8Array(32).fill(9)),
      revokeDelegation: answer('revokeDelegation', () => result),
      revoke: answer('revoke', () => ({ ...result, expiresAtSeconds: null })),
    },
  };
  return node;
}

function statusOf(node: RecordedNode): NodeStatus {
  return {
    version: '0.0.0',
    peer: node.peer,
    addresses: node.addresses(),
    network: { protocolPrefix: '/weft', profile: 'private', isNew: true },
    state: node.nodeState,
    startedAtMs: 0,
    connectedPeers: 0,
    knownPeers: 0,
    agents: { stored: 1, known: 1, custodial: 1 },
    store: { entries: 1, sizeBytes: 10, freeBytes: 1000, full: false, quarantined: 0 },
    memory: { residentBytes: 1, heapUsedBytes: 1 },
  };
}

async function* streamOf(
  listeners: Set<(change: AgentChange) => void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<AgentChange> {
  const queue: AgentChange[] = [];
  let wake = (): void => {};
  const listener = (change: AgentChange): void => {
    queue.push(change);
    wake();
  };
  listeners.add(listener);
  signal?.addEventListener('abort', () => wake());
  try {
    while (!signal?.aborted) {
      const change = queue.shift();
      if (change !== undefined) yield change;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    listeners.delete(listener);
  }
}
