/**
 * Hosted facts as an entry of an AI Catalog, as ARD 0.9 has it: what it is, where its card and its credential are.
 *
 * The publisher in an identifier is the host that serves the entry: of that name alone this node can speak. Whose agent it
 * is stands in the trust manifest as a DID, with the credential that proves it. Who provides it is a claim, and is shown
 * as metadata.
 */
import { toBase32 } from '../../core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../core/identity/agent-id.ts';
import { tagsOf } from '../../facts/facts-summary.ts';
import type { HostedFacts } from '../../facts/host/hosted-facts.ts';
import { factsPath } from '../routes/facts.ts';
import { type JsonObject, timeView } from '../views.ts';

const cardType = 'application/a2a-agent-card+json';
export const registryType = 'application/ai-registry+json';
const credentialType = 'application/vc+json';
/** ARD asks for two to five. */
const queriesMax = 5;

/** The name of a host in a URN: without port and brackets. */
function publisherOf(base: string): string {
  const { hostname } = new URL(base);
  return /^[a-z0-9.-]+$/.test(hostname) ? hostname : 'localhost';
}

/** @param base URL of this API, without a slash at its end */
export function catalogEntryOf(hosted: HostedFacts, base: string): JsonObject {
  const { agentId, facts, digest, validUntil, publishedAt } = hosted;
  const place = `${base}/agents/${formatAgentId(agentId)}/agent-card.json`;
  const queries = representativeQueries(hosted);
  return {
    identifier: identifierOf(agentId, base),
    displayName: facts.label,
    type: cardType,
    url: place,
    description: facts.description,
    tags: tagsOf(facts),
    capabilities: facts.skills.map((skill) => skill.id),
    ...(queries.length >= 2 && { representativeQueries: queries }),
    version: facts.version,
    updatedAt: timeView(publishedAt),
    metadata: {
      did: formatAgentDid(agentId),
      agentName: facts.agent_name,
      provider: facts.provider.name,
      providerUrl: facts.provider.url,
      validUntil: timeView(validUntil),
      ...(facts.jurisdiction !== undefined && { jurisdiction: facts.jurisdiction }),
    },
    trustManifest: {
      identity: formatAgentDid(agentId),
      identityType: 'did',
      attestations: [
        {
          type: 'AgentFacts',
          uri: `${base}${factsPath(agentId)}`,
          mediaType: credentialType,
          digest: `sha256:${digest}`,
        },
      ],
    },
  };
}

/** The entry by which a catalog names the search of this host. */
function registryEntryOf(base: string): JsonObject {
  return {
    identifier: `urn:air:${publisherOf(base)}:registry:weft`,
    displayName: 'weft',
    type: registryType,
    url: `${base}/`,
    description: 'Search over the agents whose facts this node serves',
    tags: ['registry', 'search'],
  };
}

/** The whole catalog. */
export function catalogOf(all: readonly HostedFacts[], base: string): JsonObject {
  return {
    specVersion: '1.0',
    host: { displayName: publisherOf(base) },
    entries: [...all.map((hosted) => catalogEntryOf(hosted, base)), registryEntryOf(base)],
  };
}

/** `urn:air:<host>:nanda:<52 characters>`. */
function identifierOf(agentId: Uint8Array, base: string): string {
  return `urn:air:${publisherOf(base)}:nanda:${toBase32(agentId)}`;
}

/** What the skills say they do: facts have no examples of questions. */
function representativeQueries({ facts }: HostedFacts): string[] {
  const texts = [...facts.skills.map((skill) => skill.description), facts.description];
  return [...new Set(texts.map((text) => text.slice(0, 300)))].slice(0, queriesMax);
}
