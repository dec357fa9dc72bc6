/** A world for resolutions: an index, hosts, a clock that stands until it is moved, and a note of whoever was asked. */
import { expect } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import { agentKey, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { resolveStatus } from '../../src/core/resolve/verdict.ts';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import {
  type AdaptiveResolver,
  createAdaptiveResolver,
} from '../../src/resolution/adaptive/adaptive-resolver.ts';
import { createEndpointResolver } from '../../src/resolution/endpoint-resolver.ts';
import { createOverlaySource } from '../../src/resolution/index-sources.ts';
import type { EndpointResolver, ResolutionPorts } from '../../src/resolution/resolution-types.ts';
import { nowSeconds, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf, type TestAgent, updated } from '../helpers/test-agent.ts';

export interface Answer {
  readonly text: string;
  readonly contentType: string;
}
type Host = (url: URL) => Answer | Promise<Answer>;

export interface World {
  /** Milliseconds since 1970, moved by hand. */
  nowMs: number;
  /** Places that were asked, in order: `overlay`, or a URL without its query. */
  readonly asked: string[];
  readonly hosts: Map<string, Host>;
  readonly ports: ResolutionPorts;
  readonly resolver: EndpointResolver;
  readonly adaptive: AdaptiveResolver;
  /** What the index shows from now on. */
  show(state: AgentState): void;
  forget(agentId: Uint8Array): void;
  /** An agent on the index with facts at their host, and routing where it has a resolver. */
  agent(label: string, options?: AgentOptions): TestAgent;
  /** Facts at the host of that agent, signed now. */
  publish(agent: TestAgent, changes?: Partial<AgentFacts>, validitySeconds?: number): void;
  /** The adaptive resolver of an agent answers at its address. */
  route(agent: TestAgent, routing: object): Promise<void>;
  seconds(): number;
}

export interface AgentOptions {
  readonly facts?: Partial<AgentFacts>;
  readonly ttlCode?: number;
  readonly adaptive?: boolean;
  readonly private?: string;
}

export const vcType = 'application/vc+json';
export const factsUrl = (label: string): string => `https://${label}.example/facts`;
export const resolverUrl = (label: string): string => `https://resolve.${label}.example/adaptive`;

export function createWorld(more: Partial<ResolutionPorts> = {}): World {
  const states = new Map<string, AgentState>();
  const hosts = new Map<string, Host>();
  const asked: string[] = [];
  const agents = new Map<string, TestAgent>();
  const { verify } = createNodeCryptoVerifier();
  /** What the node has seen of an agent since it started: that is cached, as in a node. */
  const known = new Set<string>();
  let random = 0;

  async function resolve(
    agentId: Uint8Array,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<Resolution> {
    const key = agentKey(agentId);
    const cached = !fresh && known.has(key);
    if (!cached) asked.push('overlay');
    const state = states.get(key) ?? null;
    if (state !== null) known.add(key);
    return {
      status: resolveStatus(state, null, world.seconds()),
      agentId,
      state,
      ageSeconds: 0,
      responders: ['a', 'b', 'c'],
      holders: state === null ? 0 : 3,
      cached,
    };
  }

  async function answerOf(url: string): Promise<Answer> {
    const place = new URL(url);
    const name = place.origin + place.pathname;
    asked.push(name);
    const host = hosts.get(name);
    if (host === undefined) throw new FactsError('unreachable', `${place.host} does not answer`);
    return host(place);
  }

  const randomBytes = (count: number): Uint8Array => {
    random++;
    return new Uint8Array(count).map((_byte, index) => (random * 31 + index * 7) & 255);
  };
  const ports: ResolutionPorts = {
    nowMs: () => world.nowMs,
    randomBytes,
    check: verify,
    resolve,
    sources: [createOverlaySource(resolve)],
    async fetchText(url) {
      const { text, contentType } = await answerOf(url);
      return { bytes: utf8ToBytes(text), contentType, url };
    },
    async fetchFacts(url) {
      const { text } = await answerOf(url);
      return { bytes: utf8ToBytes(text), servedFrom: url };
    },
    ...more,
  };
  const clock = { nowMs: () => world.nowMs, schedule: () => () => undefined };
  const adaptive = createAdaptiveResolver({
    store: createMemoryStore(),
    resolve: (agentId) => resolve(agentId),
    check: verify,
    findSigners: async (agentId) => {
      const agent = agents.get(agentKey(agentId));
      return agent === undefined ? [] : [signingKeyOf(agent)];
    },
    clock,
    entropy: { randomBytes },
  });

  const world: World = {
    nowMs: nowSeconds * 1000,
    asked,
    hosts,
    ports,
    resolver: createEndpointResolver(ports),
    adaptive,
    seconds: () => Math.floor(world.nowMs / 1000),
    show: (state) => void states.set(agentKey(state.agentId), state),
    forget: (agentId) => void states.delete(agentKey(agentId)),
    agent(label, options = {}) {
      const { ttlCode, private: hidden, adaptive: hasResolver = false } = options;
      const born = bornAgent(label, world.seconds() - 60, { primary: factsUrl(label) });
      const changes = {
        ...(hasResolver && { adaptive: resolverUrl(label) }),
        ...(hidden !== undefined && { private: hidden }),
        ...(ttlCode !== undefined && { ttlCode }),
      };
      const agent = Object.keys(changes).length === 0 ? born : updated(born, changes, world.seconds());
      agents.set(agentKey(agent.agentId), agent);
      world.show(agent.state);
      world.publish(agent, options.facts);
      return agent;
    },
    publish(agent, changes, validitySeconds) {
      const facts = sampleFacts(agent.agentId, changes);
      const signer = signingKeyOf(agent);
      const by = { agentId: agent.agentId, signer, at: world.seconds() };
      const credential = signedFacts(validitySeconds === undefined ? by : { ...by, validitySeconds }, facts);
      hosts.set(factsUrl(agent.label), () => ({ text: JSON.stringify(credential), contentType: vcType }));
    },
    async route(agent, routing) {
      await adaptive.setRouting(agent.agentId, routing);
      hosts.set(resolverUrl(agent.label), async ({ searchParams }) => {
        const { text } = await adaptive.answer(agent.agentId, {
          client: searchParams.get('client')!,
          nonce: searchParams.get('nonce')!,
          skill: searchParams.get('skill'),
          region: searchParams.get('region'),
          address: '192.0.2.7',
        });
        return { text, contentType: 'application/jwt' };
      });
    },
  };
  return world;
}

export const idOf = (agent: TestAgent): string => formatAgentId(agent.agentId);
export const throwing = (code: string) => expect.objectContaining({ name: 'ResolutionError', code });
