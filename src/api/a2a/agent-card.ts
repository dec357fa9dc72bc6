/**
 * AgentFacts as an agent card of A2A 1.0. Says only what the facts say, their extension for cards included (card-extension):
 * methods of authentication are names there, without the token URL or the header that a security scheme of A2A needs, so
 * they stand in the pointers and no scheme is made up.
 *
 * Members with the default value of protobuf are left out: A2A §8.4.1 signs a card without them, so that what is sent
 * and what is signed are the same text. Security schemes are a `oneof`, and verifiers disagree on how to canonicalise those:
 * a card that has some from the extension is not signed.
 */
import { formatAgentDid, formatAgentId } from '../../core/identity/agent-id.ts';
import { type AgentFacts, endpointUrl } from '../../facts/agent-facts.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { tagOf } from '../../facts/facts-summary.ts';
import type { HostedFacts } from '../../facts/host/hosted-facts.ts';
import type { Json, JsonObject } from '../views.ts';
import { extrasOfFacts } from './card-extension.ts';

/** Of the extension that leads back to the index: its params are below. */
export const pointersExtension = 'urn:nanda:agent-pointers:1';
const protocolVersion = '1.0';
/** What an endpoint speaks when its facts do not say. */
const bindingDefault = 'JSONRPC';

/** Where else the agent is known. */
export interface CardPointers {
  /** Of this host: the credential that the card was made from. */
  readonly factsUrl: string;
  /** As the record on the index has them; null: none. */
  readonly primaryFactsUrl: string | null;
  readonly adaptiveResolverUrl: string | null;
}

/** The card, without signatures. @throws FactsError `no-endpoint` */
export function agentCardOf({ agentId, facts, digest }: HostedFacts, pointers: CardPointers): JsonObject {
  const interfaces = interfacesOf(facts);
  if (interfaces.length === 0)
    throw new FactsError('no-endpoint', 'the facts name no endpoint that an agent card could show');
  const { streaming } = facts.capabilities;
  const extras = extrasOfFacts(facts);
  const skills = facts.skills.map((skill) => ({ ...skillOf(skill), ...extras.skillOf(skill) }));
  const modes = (name: 'inputModes' | 'outputModes'): string[] => [
    ...new Set(facts.skills.flatMap((skill) => skill[name])),
  ];
  const said = withoutDefaults({
    name: facts.label,
    description: facts.description,
    supportedInterfaces: interfaces,
    provider: { organization: facts.provider.name, url: facts.provider.url },
    version: facts.version,
    documentationUrl: facts.documentationUrl ?? null,
    capabilities: {
      ...extras.capabilities,
      // An optional member: false is not the same as nothing.
      ...(streaming !== undefined && { streaming }),
      extensions: [...extras.extensions, pointersOf(agentId, digest, facts, pointers)],
    },
    defaultInputModes: modes('inputModes'),
    defaultOutputModes: modes('outputModes'),
    skills,
  });
  // As they came: entries of a map stand there also when they are empty.
  return { ...extras.card, ...said };
}

/** False for what verifiers do not canonicalise alike: a signature would be refused by some of them. */
export function isSignable(card: JsonObject): boolean {
  return card['securitySchemes'] === undefined && card['securityRequirements'] === undefined;
}

function interfacesOf(facts: AgentFacts): JsonObject[] {
  const { endpoints } = facts;
  const { interfaceOf } = extrasOfFacts(facts);
  return [...endpoints.static, ...(endpoints.rotating ?? [])]
    .map((entry) => ({
      url: endpointUrl(entry),
      protocolBinding: (typeof entry === 'string' ? undefined : entry.protocol) ?? bindingDefault,
      protocolVersion,
      ...interfaceOf(endpointUrl(entry)),
    }))
    .filter(({ url }) => /^https?:/.test(url));
}

function skillOf(skill: AgentFacts['skills'][number]): JsonObject {
  const { id, description, inputModes, outputModes } = skill;
  const words = tagOf(id)
    .split('/')
    .filter((part) => part !== '');
  return {
    id,
    name: id,
    description,
    tags: [...new Set([...words, ...(skill.supportedLanguages ?? [])])],
    inputModes,
    outputModes,
  };
}

function pointersOf(
  agentId: Uint8Array,
  digest: string,
  { capabilities }: AgentFacts,
  { factsUrl, primaryFactsUrl, adaptiveResolverUrl }: CardPointers,
): JsonObject {
  const { methods, requiredScopes = [] } = capabilities.authentication;
  return {
    uri: pointersExtension,
    description:
      'Where this agent stands on the NANDA index, and the credential that this card was made from',
    params: {
      did: formatAgentDid(agentId),
      agentId: formatAgentId(agentId),
      factsUrl,
      factsDigest: digest,
      ...(primaryFactsUrl !== null && { primaryFactsUrl }),
      ...(adaptiveResolverUrl !== null && { adaptiveResolverUrl }),
      ...(methods.length > 0 && { authenticationMethods: methods }),
      ...(requiredScopes.length > 0 && { requiredScopes }),
    },
  };
}

/** Nulls, empty texts, lists and objects are what protobuf leaves out. */
function withoutDefaults(card: Readonly<Record<string, Json>>): JsonObject {
  const kept = Object.entries(card).map(([name, value]) => [name, filled(value)] as const);
  return Object.fromEntries(kept.filter(([, value]) => !isEmpty(value)));
}

function filled(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => filled(item as Json));
  return typeof value === 'object' && value !== null ? withoutDefaults(value as JsonObject) : value;
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
