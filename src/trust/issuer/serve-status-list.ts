/** The signed form of a status list that is served now: the one there is while it says what the bits do and half its life is left. */
import type { Signer } from '../../core/ed25519.ts';
import { isProtocolError } from '../../core/errors.ts';
import { type AgentId, formatAgentDid } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { currentSignerOf } from '../../facts/host/statement-signer.ts';
import { methodOfAgent } from '../../facts/issuer-keys.ts';
import { issueStatusList, type SignedStatusList } from '../status-list.ts';
import { statusTtlSecondsDefault } from '../trust-limits.ts';
import { noteVersion, type ShelvedList } from './status-shelf.ts';

export interface ServeParts {
  readonly agentId: AgentId;
  readonly nowSeconds: number;
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  readonly findSigner: (agentId: AgentId) => Promise<Signer | null>;
  /** Makes the list durable with the version that is about to be served. */
  readonly write: () => Promise<void>;
}

/** @throws FactsError `issuer-unknown`, `key-not-current` where it cannot be signed */
export async function serveStatusList(list: ShelvedList, parts: ServeParts): Promise<SignedStatusList> {
  const { agentId, nowSeconds } = parts;
  const { signed } = list;
  const isLate = signed === null || signed.validUntil - nowSeconds < statusTtlSecondsDefault;
  const signer = await signerOf(parts, isLate);
  const method = signer === null ? null : methodOfAgent(agentId, signer.publicKey);
  if (signed !== null && !isLate && (method === null || signed.text.includes(method))) return signed;
  const made = issueStatusList({
    ...{ url: list.url, purpose: list.purpose, bitstring: list.bits, nowSeconds },
    ...{ issuer: formatAgentDid(agentId), verificationMethod: method!, signer: signer! },
  });
  noteVersion(list, made, nowSeconds);
  // Whoever reads it must be told when it is over: it is known before it is out.
  await parts.write();
  return made;
}

/** Null: not to be had now, and what there is will do. */
async function signerOf(parts: ServeParts, isNeeded: boolean): Promise<Signer | null> {
  try {
    return await currentSignerOf(parts, parts.agentId);
  } catch (error) {
    if (!isNeeded && (error instanceof FactsError || isProtocolError(error))) return null;
    throw error;
  }
}
