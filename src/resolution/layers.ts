/**
 * The layers of what is kept of one agent: record, facts, routes, each with an end of its own. Decides how long a layer may
 * be used: no longer than itself, than what was signed, and than each layer above it. Knows nothing of what they say.
 */
import type { AgentState } from '../core/record/agent-state.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import type { Route } from './adaptive/route.ts';
import { cachedAgentsMax, cachedBytesMax, cachedNamesMax, cachedRoutesMax } from './resolution-limits.ts';

/** When a layer was confirmed, and its own end: milliseconds since 1970. */
export interface Layer {
  readonly fetchedMs: number;
  /** Of its ttl and its signed end, the sooner. */
  readonly endMs: number;
}

export interface RecordLayer extends Layer {
  readonly state: AgentState;
  /** The source that showed it, by its place in the order. */
  readonly from: string;
  readonly isOverlay: boolean;
}

export interface FactsLayer extends Layer {
  readonly facts: VerifiedFacts;
  /** The pointer that led there: of another one they are not the facts. */
  readonly pointer: string;
  readonly from: string;
  readonly sizeBytes: number;
  /** The states under which it was verified: under others it is verified again. */
  readonly subject: AgentState;
  readonly issuer: AgentState | null;
  /** DIDs that the one who asked for it trusted beside the agent. */
  readonly issuers: string;
}

export interface RouteLayer extends Layer {
  readonly route: Route;
  readonly from: string;
  readonly sizeBytes: number;
  readonly subject: AgentState;
}

export interface AgentLayers {
  record: RecordLayer | null;
  readonly facts: Map<'primary' | 'private', FactsLayer>;
  readonly routes: Map<string, RouteLayer>;
}

export interface NameLayer extends Layer {
  readonly agentKey: string;
  readonly from: string;
  readonly verifiedBy: string;
}

/** A shorter layer never outlives a longer one: the end of all of these together. */
export function endOf(...layers: readonly (Pick<Layer, 'endMs'> | null)[]): number {
  return layers.reduce(
    (end, layer) => (layer === null ? end : Math.min(end, layer.endMs)),
    Number.POSITIVE_INFINITY,
  );
}

/** True while it may be used, by its own end and by how old the caller lets it be. */
export function isLive(layer: Layer, nowMs: number, maxStalenessMs: number): boolean {
  return nowMs < layer.endMs && nowMs - layer.fetchedMs <= maxStalenessMs;
}

/** What is kept, bounded in agents and in bytes: whoever was not asked for longest goes first. */
export interface LayerCache {
  /** The layers of an agent, to be filled; made where there are none. */
  of(agentKey: string): AgentLayers;
  peek(agentKey: string): AgentLayers | undefined;
  putFacts(agentKey: string, path: 'primary' | 'private', layer: FactsLayer): void;
  putRoute(agentKey: string, key: string, layer: RouteLayer): void;
  name(name: string): NameLayer | undefined;
  putName(name: string, layer: NameLayer): void;
  /** Everything of that agent. */
  evict(agentKey: string): void;
  /** Only what stands on the record. */
  evictRecord(agentKey: string): void;
  /** Facts that this agent issued for others. */
  evictIssued(agentKey: string, keyOfIssuer: (layer: FactsLayer) => string | null): void;
  readonly agents: number;
  readonly names: number;
  readonly sizeBytes: number;
}

/** A record with its log, decoded. */
const recordSizeBytes = 4096;

export function createLayerCache(): LayerCache {
  const layersByAgent = new Map<string, AgentLayers>();
  const names = new Map<string, NameLayer>();
  let sizeBytes = 0;

  function evict(agentKey: string): void {
    const layers = layersByAgent.get(agentKey);
    if (layers !== undefined) {
      sizeBytes -= sizeOf(layers);
      layersByAgent.delete(agentKey);
    }
    for (const [name, layer] of names) if (layer.agentKey === agentKey) names.delete(name);
  }

  function makeRoom(keep: string): void {
    for (const key of layersByAgent.keys()) {
      if (layersByAgent.size <= cachedAgentsMax && sizeBytes <= cachedBytesMax) return;
      if (key === keep) continue;
      sizeBytes -= sizeOf(layersByAgent.get(key)!);
      layersByAgent.delete(key);
    }
  }

  /** Moved to the end: the order of the map is that of the last use. */
  function of(agentKey: string): AgentLayers {
    const known = layersByAgent.get(agentKey);
    const layers = known ?? { record: null, facts: new Map(), routes: new Map() };
    layersByAgent.delete(agentKey);
    layersByAgent.set(agentKey, layers);
    if (known === undefined) sizeBytes += recordSizeBytes;
    makeRoom(agentKey);
    return layers;
  }

  /** Changes layers and keeps the count of their bytes. */
  function change(agentKey: string, layers: AgentLayers, alter: () => void): void {
    sizeBytes -= sizeOf(layers);
    alter();
    sizeBytes += sizeOf(layers);
    makeRoom(agentKey);
  }

  return {
    of,
    peek: (agentKey) => layersByAgent.get(agentKey),
    putFacts(agentKey, path, layer) {
      const layers = of(agentKey);
      change(agentKey, layers, () => layers.facts.set(path, layer));
    },
    putRoute(agentKey, key, layer) {
      const layers = of(agentKey);
      change(agentKey, layers, () => {
        layers.routes.delete(key);
        layers.routes.set(key, layer);
        if (layers.routes.size > cachedRoutesMax) layers.routes.delete(layers.routes.keys().next().value!);
      });
    },
    name: (name) => names.get(name),
    putName(name, layer) {
      names.delete(name);
      names.set(name, layer);
      if (names.size > cachedNamesMax) names.delete(names.keys().next().value!);
    },
    evict,
    evictRecord(agentKey) {
      const layers = layersByAgent.get(agentKey);
      if (layers === undefined) return;
      change(agentKey, layers, () => {
        layers.record = null;
        layers.routes.clear();
      });
    },
    evictIssued(agentKey, keyOfIssuer) {
      for (const [subjectKey, layers] of layersByAgent)
        for (const [path, layer] of layers.facts)
          if (keyOfIssuer(layer) === agentKey) change(subjectKey, layers, () => layers.facts.delete(path));
    },
    get agents() {
      return layersByAgent.size;
    },
    get names() {
      return names.size;
    },
    get sizeBytes() {
      return sizeBytes;
    },
  };
}

function sizeOf({ facts, routes }: AgentLayers): number {
  let bytes = recordSizeBytes;
  for (const layer of facts.values()) bytes += layer.sizeBytes;
  for (const layer of routes.values()) bytes += layer.sizeBytes;
  return bytes;
}
