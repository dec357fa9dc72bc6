/**
 * From an agent id to verified facts by its private pointer: resolve, follow what the record leads to, verify. Decides what
 * a pointer leads to; who is asked, and how secretly, is up to what it is given.
 */
import { bytesEqual } from '../../core/bytes.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import { blindDigest } from '../../core/record/pointer.ts';
import { FactsError } from '../facts-error.ts';
import { type FetchedFacts, type FetchFactsOptions, fetchFactsAt, recordFields } from './fetch-facts.ts';

/** What a reader of a blinded pointer was given. */
export interface BlindedPlace {
  readonly url: string;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

export interface PrivateFactsOptions extends FetchFactsOptions {
  readonly blinded?: BlindedPlace;
}

/** @throws FactsError, and what the resolve throws */
export async function fetchPrivateFacts(
  agentId: AgentId,
  options: PrivateFactsOptions,
): Promise<FetchedFacts> {
  const { private: pointer } = await recordFields(agentId, options.resolve);
  return fetchFactsAt(agentId, privateUrlOf(agentId, pointer.value, options.blinded), options);
}

/** Where the private pointer of a record leads. @throws FactsError `no-facts-url` */
export function privateUrlOf(
  agentId: AgentId,
  pointer: string | Uint8Array | null,
  blinded: BlindedPlace | undefined,
): string {
  if (typeof pointer === 'string') return pointer;
  if (pointer === null)
    throw new FactsError('no-facts-url', 'the record of the agent names no private facts');
  if (blinded === undefined)
    throw new FactsError('no-facts-url', 'its private facts are for those who were given their URL and salt');
  if (!bytesEqual(blindDigest(blinded.salt, agentId, blinded.url), pointer))
    throw new FactsError('no-facts-url', 'the record points elsewhere than this URL and salt');
  return blinded.url;
}
