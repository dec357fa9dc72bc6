/** What a node hosts, and the surface of hosting as the node shows it. */
import type { Signer } from '../../core/ed25519.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { AgentFacts } from '../agent-facts.ts';
import type { JsonObject } from '../bounded-json.ts';
import type { IndexHit, IndexQuery } from '../facts-index.ts';

/** One credential, verified when it came and still good. */
export interface HostedFacts {
  readonly agentId: AgentId;
  readonly credential: JsonObject;
  /** The same as canonical JSON: what is served. */
  readonly text: string;
  readonly facts: AgentFacts;
  /** SHA-256 of the text, hexadecimal. */
  readonly digest: string;
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly publishedAt: number;
  /** Signed by this node, which signs it again in time. */
  readonly isSignedHere: boolean;
}

export interface FactsHost {
  /**
   * Verifies a credential and serves it from now on, in place of an older one of that agent.
   * @param issuers DIDs that may sign beside the agent itself
   * @throws FactsError `hosting-full`, and every verdict of verifyFacts
   */
  publish(agentId: AgentId, credential: unknown, issuers?: readonly string[]): Promise<HostedFacts>;
  /** Signs facts with the key in custody and serves them, signed again before they end and after a rotation. */
  publishOwn(agentId: AgentId, facts: unknown, validitySeconds?: number): Promise<HostedFacts>;
  /** Signs facts with the key in custody and keeps nothing. @throws FactsError, `issuer-unknown` without the key */
  sign(agentId: AgentId, facts: unknown, validitySeconds?: number): Promise<JsonObject>;
  /** @throws FactsError `not-hosted`, `expired`, `subject-not-active`, `key-not-current` */
  read(agentId: AgentId): Promise<HostedFacts>;
  /** All that is served and has not ended, in the order of agent ids. */
  list(): Promise<readonly HostedFacts[]>;
  /** False when there was nothing. */
  remove(agentId: AgentId): Promise<boolean>;
  /** Of what is served: by words and tags, the best first. */
  search(query: IndexQuery): Promise<readonly IndexHit[]>;
  /** For other statements about the agent; null when its key is not here. It signs nothing that the protocol would. */
  statementSigner(agentId: AgentId): Promise<Signer | null>;
}
