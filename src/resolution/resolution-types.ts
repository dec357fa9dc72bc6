/** What a resolution is asked, what it answers, and what it stands on. */
import type { SignatureCheck } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { BlindedPlace } from '../facts/fetch/private-facts.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';

/** How an endpoint is reached: by public facts, by facts that the agent's host does not see asked, by its resolver. */
export type EndpointPath = 'direct' | 'private' | 'adaptive';
export const endpointPaths: readonly EndpointPath[] = ['direct', 'private', 'adaptive'];

/** How long endpoints last (docs/protocol.md §7). */
export type EndpointClass = 'adaptive' | 'rotating' | 'static';
/** What a resolver may fall back to. */
export type FallbackClass = Exclude<EndpointClass, 'adaptive'>;

export interface EndpointRequest {
  /** Default `direct`. */
  readonly path?: EndpointPath;
  /** A trust zone, by the name that its policy has here; left out: nobody but the agent and `issuers` is asked. */
  readonly trust?: string;
  /** DIDs that may have signed the facts beside the agent. */
  readonly issuers?: readonly string[];
  /** For private facts whose place the record does not show: what the reader was given. */
  readonly blinded?: BlindedPlace;
  /** Nothing is used that was confirmed longer ago; left out: as long as its ttl allows. */
  readonly maxStalenessSeconds?: number;
  /** Where the caller is, such as `eu-west`: endpoints near to it come first. */
  readonly region?: string;
  /** What is needed: the id of a skill, or the beginning of its path. */
  readonly skill?: string;
  /** Who asks, as it will stand in tokens; left out: a random name of this process. */
  readonly client?: string;
  /** Endpoints that have just failed. */
  readonly avoid?: readonly string[];
  /** Default 10 s, for all steps together. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Hears of each step as it is done. */
  readonly step?: (step: TraceStep) => void;
}

export interface LiveEndpoint {
  readonly url: string;
  readonly class: EndpointClass;
  readonly region: string | null;
  readonly protocol: string | null;
  readonly version: string | null;
  /** Milliseconds since 1970: no later than the end of each layer above it. */
  readonly expiresAtMs: number;
  /** To be shown to the endpoint, where a resolver gave one. */
  readonly token: string | null;
}

export interface EndpointAnswer {
  readonly agentId: AgentId;
  /** As it was asked for, where that was a name. */
  readonly name: string | null;
  /** The path that led there in the end. */
  readonly path: EndpointPath;
  /** The best first; at least one. */
  readonly endpoints: readonly LiveEndpoint[];
  /** The facts that were read on the way; null where none were needed. */
  readonly facts: VerifiedFacts | null;
  readonly trace: readonly TraceStep[];
  readonly tookMs: number;
}

/** Name → id → AgentAddr → facts → endpoint. */
export type StepName = 'name' | 'record' | 'facts' | 'trust' | 'resolver' | 'endpoint';
/** `cached`: answered from what was held. `refused`: an answer came and does not hold. `failed`: none came. */
export type StepOutcome = 'ok' | 'cached' | 'missing' | 'refused' | 'failed';

/** One step of a resolution, for people and machines. */
export interface TraceStep {
  readonly step: StepName;
  readonly outcome: StepOutcome;
  /** What was asked for. */
  readonly asked: string;
  /** Who was asked. */
  readonly from: string;
  /** What came of it. */
  readonly said: string;
  readonly tookMs: number;
  /** What proves it; null where nothing came. */
  readonly verifiedBy: string | null;
  /** Milliseconds since 1970, with the ends of the layers above; null where nothing came. */
  readonly holdsUntilMs: number | null;
  /** Of the error that ended it. */
  readonly code: string | null;
}

export interface FindOptions {
  /** So that nobody outside learns who asks for what. */
  readonly isPrivate: boolean;
  /** Ask the network even when something within its ttl is at hand. */
  readonly fresh: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What is known of the agent from before: nothing older is taken. */
  readonly held: AgentState | null;
}

/** An index that can be asked for agents. */
export interface IndexSource {
  readonly kind: 'overlay' | 'weft-api';
  /** For the trace. */
  readonly name: string;
  /** @throws whatever keeps it from answering */
  find(agentId: AgentId, options: FindOptions): Promise<Resolution>;
}

/** What a name leads to. */
export interface NamedAgent {
  readonly agentId: AgentId;
  /** Such as the zone that was asked. */
  readonly from: string;
  /** Such as `dnssec`, `dns`, `self`. */
  readonly verifiedBy: string;
  readonly holdsUntilMs: number;
  readonly cached: boolean;
  /** The URL of a registry that the name leads to, asked for the agent before all others. */
  readonly registry?: string;
}

export interface StepOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a zone says of an agent. */
export interface TrustVerdict {
  readonly isTrusted: boolean;
  /** In words: which rule, whose word. */
  readonly reason: string;
  readonly holdsUntilMs: number;
}

/** What the workflow stands on; a node brings all of it (src/node/node-endpoints.ts). */
export interface ResolutionPorts {
  nowMs(): number;
  randomBytes(count: number): Uint8Array;
  /** The one verification rule (docs/protocol.md §1), key admission included. */
  check(check: SignatureCheck): boolean;
  /** Issuers of facts, and whether anything is known against an agent. */
  resolve(
    agentId: AgentId,
    options?: { readonly fresh?: boolean; readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<Resolution>;
  /** Issuers on the private path. Left out: asked in the open. */
  readonly resolvePrivately?: ResolutionPorts['resolve'];
  /** A registry that a name led to: a stranger chose it. Left out: none is asked. */
  registryAt?(url: string): IndexSource;
  /** In the order in which they are asked: private registries, then the overlay. */
  readonly sources: readonly IndexSource[];
  /** The text behind a URL, past the guard. @throws FactsError */
  fetchText(
    url: string,
    options: StepOptions & { readonly bytesMax: number; readonly accept: string },
  ): Promise<{ readonly bytes: Uint8Array; readonly contentType: string; readonly url: string }>;
  /** The bytes of facts, wherever the URL leads: a host, past the guard, or content of the overlay, by a relay. @throws FactsError */
  fetchFacts(
    url: string,
    options: { readonly timeoutMs: number; readonly isPrivate: boolean },
  ): Promise<{ readonly bytes: Uint8Array; readonly servedFrom: string }>;
  /** Looks the status of a credential up. Left out: facts with a status are refused. */
  readonly checkStatus?: StatusCheck;
  /** Left out: names are not known here. */
  resolveName?(name: string, options: StepOptions & { readonly fresh: boolean }): Promise<NamedAgent>;
  /** Left out: no zone is known here. */
  judge?(zone: string, facts: VerifiedFacts, options: StepOptions): Promise<TrustVerdict>;
}

/** The workflow over its ports, with the layers that it keeps. */
export interface EndpointResolver {
  /** @throws ResolutionError, FactsError, and what the ports throw; `traceOf` says how far it came. */
  resolve(nameOrId: string, request?: EndpointRequest): Promise<EndpointAnswer>;
  /**
   * To be told of each change that a node accepts. Everything that the change may have made void is gone when it returns.
   * @param isAuthority true for new keys, ends and revocations; false where only the record changed
   */
  changed(agentId: AgentId, isAuthority: boolean): void;
  /** What is kept. */
  readonly kept: { readonly agents: number; readonly names: number; readonly sizeBytes: number };
}
