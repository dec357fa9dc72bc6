/** From an agent id to verified facts: resolve, follow the URL of the record, verify. Tells each step. */
import { type AgentId, formatAgentId } from '../../core/identity/agent-id.ts';
import { type Materialised, materialise } from '../../core/record/merge.ts';
import { parseJsonObject } from '../bounded-json.ts';
import { FactsError } from '../facts-error.ts';
import { activeState } from '../issuer-keys.ts';
import { type VerifiedFacts, type VerifyContext, verifyFacts } from '../verify-facts.ts';
import { fetchFactsBytes, type SourceOptions } from './facts-source.ts';

export interface FetchFactsOptions extends Omit<VerifyContext, 'subject'>, SourceOptions {
  /** Hears of each step as it is done. */
  readonly step?: (name: 'resolved' | 'fetched' | 'verified', what: string) => void;
}

export interface FetchedFacts extends VerifiedFacts {
  /** As the record has it, and where it led. */
  readonly url: string;
  readonly servedFrom: string;
}

/** @throws FactsError, and what the resolve throws */
export async function fetchFacts(agentId: AgentId, options: FetchFactsOptions): Promise<FetchedFacts> {
  return fetchFactsAt(agentId, await factsUrlOf(agentId, options.resolve), options);
}

/** Facts of that agent at that URL, as its record has it. @throws FactsError */
export async function fetchFactsAt(
  agentId: AgentId,
  url: string,
  options: FetchFactsOptions,
): Promise<FetchedFacts> {
  const { step = () => undefined } = options;
  step('resolved', `${formatAgentId(agentId)} → ${url}`);
  const { bytes, servedFrom, description } = await fetchFactsBytes(url, options);
  step('fetched', description);
  const verified = await verifyFacts(parseJsonObject(bytes), { ...options, subject: agentId });
  step('verified', `signed by ${verified.verificationMethod}`);
  return { ...verified, url, servedFrom };
}

/** Where the record says that the facts are. @throws FactsError `no-facts-url`, and those of activeState */
export async function factsUrlOf(agentId: AgentId, resolve: FetchFactsOptions['resolve']): Promise<string> {
  const { primary } = await recordFields(agentId, resolve);
  if (typeof primary.value === 'string') return primary.value;
  throw new FactsError('no-facts-url', 'the record of the agent names no facts');
}

/** What a record that stands says. @throws FactsError `no-facts-url`, and those of activeState */
export async function recordFields(
  agentId: AgentId,
  resolve: FetchFactsOptions['resolve'],
): Promise<Materialised['fields']> {
  const resolution = await resolve(agentId);
  const state = activeState(resolution, 'subject-not-active');
  const { status } = resolution;
  if (status !== 'ok')
    throw new FactsError('no-facts-url', `the record of the agent is ${status}`, { status });
  return materialise(state).fields;
}
