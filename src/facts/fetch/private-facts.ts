/**
 * From an agent id to verified facts by its private pointer: resolve, follow what the record leads to, verify. Decides what
 * a pointer leads to; who is asked, and how secretly, is up to what it is given.
 */
import { bytesEqual } from '../../core/bytes.ts';
import { type AgentId, formatAgentId } from '../../core/identity/agent-id.ts';
import { materialise } from '../../core/record/merge.ts';
import { blindDigest } from '../../core/record/pointer.ts';
import { parseJsonObject } from '../bounded-json.ts';
import { FactsError } from '../facts-error.ts';
import { activeState } from '../issuer-keys.ts';
import { type VerifyContext, verifyFacts } from '../verify-facts.ts';
import { fetchFactsBytes, type SourceOptions } from './facts-source.ts';
import type { FetchedFacts } from './fetch-facts.ts';

/** What a reader of a blinded pointer was given. */
export interface BlindedPlace {
  readonly url: string;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

export interface PrivateFactsOptions extends Omit<VerifyContext, 'subject'>, SourceOptions {
  readonly blinded?: BlindedPlace;
  /** Hears of each step as it is done. */
  readonly step?: (name: 'resolved' | 'fetched' | 'verified', what: string) => void;
}

/** @throws FactsError, and what the resolve throws */
export async function fetchPrivateFacts(
  agentId: AgentId,
  options: PrivateFactsOptions,
): Promise<FetchedFacts> {
  const { step = () => undefined, resolve, blinded } = options;
  const resolution = await resolve(agentId);
  const state = activeState(resolution, 'subject-not-active');
  const { status } = resolution;
  if (status !== 'ok')
    throw new FactsError('no-facts-url', `the record of the agent is ${status}`, { status });
  const url = privateUrlOf(agentId, materialise(state).fields.private.value, blinded);
  step('resolved', `${formatAgentId(agentId)} → ${url}`);
  const { bytes, servedFrom, description } = await fetchFactsBytes(url, options);
  step('fetched', description);
  const verified = await verifyFacts(parseJsonObject(bytes), { ...options, subject: agentId });
  step('verified', `signed by ${verified.verificationMethod}`);
  return { ...verified, url, servedFrom };
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
