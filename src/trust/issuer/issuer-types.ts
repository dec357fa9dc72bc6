/** The surface of issuing, as the node shows it. */
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { ReasonCode } from '../../core/identity/reason-code.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import type { StatusPurpose } from '../../facts/status-entry.ts';
import type { SignedStatusList } from '../status-list.ts';

/** A credential as it is asked for. */
export interface CredentialWish {
  /** Beside VerifiableCredential. */
  readonly types: readonly string[];
  /** The DID of whom it is about. */
  readonly subject: string;
  readonly claims: JsonObject;
  readonly links?: readonly { readonly url: string; readonly digest: string }[];
  readonly validitySeconds?: number;
  /** Signed again before it ends, until it is revoked; for those that live minutes. */
  readonly renews?: boolean;
  /** A place in a status list for each; none: it is revoked by gossip alone. Left out: for revocation. */
  readonly status?: readonly StatusPurpose[];
}

/** One that this node issued. */
export interface IssuedCredential {
  /** 32 hexadecimal characters: its name at this node, over all its versions. */
  readonly serial: string;
  readonly document: JsonObject;
  /** Of the present version, hexadecimal. */
  readonly digest: string;
  readonly types: readonly string[];
  readonly subject: string;
  readonly url: string;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly renews: boolean;
  readonly hasStatus: boolean;
  readonly isSuspended: boolean;
  readonly revoked: { readonly at: number; readonly reason: ReasonCode } | null;
}

/** How a revocation reached the readers. */
export interface RevocationOutcome {
  readonly revoked: readonly IssuedCredential[];
  /**
   * `credential`: each by name, at once. `list`: the status lists that readers hold are over, at once, and the new ones say
   * it. `none`: there was no room, or nobody to tell; the lists say it, at the latest when a kept one ends.
   */
  readonly pushed: 'credential' | 'list' | 'none';
  /** Peers that hold the push. */
  readonly acknowledgements: number;
  /** How late a reader is at most that hears no gossip, seconds; null: until it resolves the issuer anew. */
  readonly lateSecondsMax: number | null;
}

export interface CredentialIssuer {
  /**
   * Signs and keeps a credential by an agent in custody.
   * @param base URL under which this node is called, without a slash at its end: where status lists are found
   * @throws FactsError `bad-credential`, `issuer-unknown`, `key-not-current`; TrustError `issued-full`, `lists-full`
   */
  issue(agentId: AgentId, wish: CredentialWish, base: string): Promise<IssuedCredential>;
  /** The present version, signed again where that is due. @throws TrustError `not-issued`, FactsError `revoked`, `expired` */
  read(agentId: AgentId, serial: string): Promise<IssuedCredential>;
  /** By serial or by the digest of a version; undefined: not of this node. */
  find(agentId: AgentId, name: string): Promise<IssuedCredential | undefined>;
  /** The oldest first. */
  list(agentId: AgentId): Promise<readonly IssuedCredential[]>;
  /**
   * For ever: durable in the status list first, then told to the network.
   * @param names serials, or digests of versions
   * @throws TrustError `not-issued`, `revocations-full` before anything is changed
   */
  revoke(agentId: AgentId, names: readonly string[], reason: ReasonCode): Promise<RevocationOutcome>;
  /** For a while, or no longer. @throws TrustError `not-issued`, `no-status` */
  suspend(agentId: AgentId, name: string, isSuspended: boolean): Promise<IssuedCredential>;
  /** @throws TrustError `not-issued` */
  statusList(agentId: AgentId, number: number): Promise<SignedStatusList>;
}
