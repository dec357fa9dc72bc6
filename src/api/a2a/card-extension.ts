/**
 * An agent card of A2A as an extension of AgentFacts, and back. Facts say of an agent what the index needs; what only a card
 * says stands in their member `a2a`: of the agent its security schemes, icon and extensions, of each skill its name, tags and
 * examples. Both are signed with the facts. Whatever the facts say themselves counts, and not what stands in the extension.
 */
import type { AgentFacts } from '../../facts/agent-facts.ts';
import type { Json, JsonObject } from '../views.ts';

/** Names the extension in facts. */
const cardExtension = 'urn:nanda:a2a-card:1';

/** Members of a card that facts have no place for. */
const cardMembers = ['securitySchemes', 'securityRequirements', 'iconUrl'] as const;
const capabilityMembers = ['pushNotifications', 'extendedAgentCard'] as const;
const skillMembers = ['name', 'tags', 'examples'] as const;
const interfaceMembers = ['protocolBinding', 'protocolVersion', 'tenant'] as const;

export interface CardExtras {
  readonly card: JsonObject;
  readonly capabilities: JsonObject;
  readonly extensions: readonly JsonObject[];
  /** By URL. */
  interfaceOf(url: string): JsonObject;
  skillOf(skill: AgentFacts['skills'][number]): JsonObject;
}

/** The extension of facts that were made of this card; of the agent, and of each skill in its order. */
export function extensionOfCard(card: JsonObject): {
  readonly agent: JsonObject;
  readonly skills: readonly JsonObject[];
} {
  const capabilities = objectOf(card['capabilities']);
  const extensions = objectsOf(capabilities['extensions']);
  return {
    agent: {
      extension: cardExtension,
      ...picked(card, cardMembers),
      interfaces: objectsOf(card['supportedInterfaces']).map((one) => ({
        ...picked(one, ['url']),
        ...picked(one, interfaceMembers),
      })),
      capabilities: {
        ...picked(capabilities, capabilityMembers),
        ...(extensions.length > 0 && { extensions }),
      },
    },
    skills: objectsOf(card['skills']).map((skill) => picked(skill, skillMembers)),
  };
}

/** What a card can take from the extension of these facts; nothing where they have none. */
export function extrasOfFacts(facts: AgentFacts): CardExtras {
  const given = objectOf((facts as JsonObject)['a2a']);
  const extension = given['extension'] === cardExtension ? given : {};
  const capabilities = objectOf(extension['capabilities']);
  const interfaces = objectsOf(extension['interfaces']);
  return {
    card: picked(extension, cardMembers),
    capabilities: picked(capabilities, capabilityMembers),
    extensions: objectsOf(capabilities['extensions']),
    interfaceOf: (url) => picked(interfaces.find((one) => one['url'] === url) ?? {}, interfaceMembers),
    skillOf: (skill) => picked(objectOf((skill as unknown as JsonObject)['a2a']), skillMembers),
  };
}

function picked(from: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}

/** An empty one for what is no object. */
export function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The objects of a list; none for what is no list. */
export function objectsOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value)
    ? (value as readonly Json[]).filter((one): one is JsonObject => Object.keys(objectOf(one)).length > 0)
    : [];
}
