/**
 * Asks the registry of a namespace what a label stands for: another weft node, an AI Catalog of ARD and its search, or the
 * agent card of A2A, whichever is there. Decides how each says it; what it says is a claim, and is verified by who asked.
 */
import { type AgentId, parseAgentId } from '../core/identity/agent-id.ts';
import { apexLabel } from '../core/name/label.ts';
import type { JsonObject } from '../facts/bounded-json.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { GetDocument } from './web-document.ts';

/** `registry`: ask there next. */
export interface RegistryAnswer {
  readonly by: 'weft' | 'ARD' | 'A2A';
  readonly target: { readonly agentId: AgentId } | { readonly url: string };
}

const pointersExtension = 'urn:nanda:agent-pointers:1';
const registryType = 'application/ai-registry+json';
const agentPattern = /^(?:did:)?nanda:[a-z2-7]{52}$/;
const urlLengthMax = 255;
const accept = 'application/json, application/ai-catalog+json;q=0.9, application/a2a-agent-card+json;q=0.8';
/** Entries of a search, about 2 KiB each: what one answer may have. */
const searchedMax = 20;

type Get = (place: string, question?: JsonObject) => Promise<JsonObject | null>;

/**
 * Null when it answers, and knows nothing of that name.
 * @param name in its normal form
 * @throws FactsError of the fetch
 */
export async function askRegistry(
  url: string,
  { name, label }: { readonly name: string; readonly label: string },
  getDocument: GetDocument,
): Promise<RegistryAnswer | null> {
  // A document itself, or the base of an API.
  if (/\.json(?:[?#]|$)/i.test(url)) {
    const document = await get(url);
    return answerOf(namedIn(document?.['entries'], label)) ?? readCard(document);
  }
  const base = url.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  return (
    readWeft(await get(`${base}/v1/names/resolve?name=${encodeURIComponent(name)}&follow=false`)) ??
    (await askCatalog(base, label, get)) ??
    readCard(await get(`${base}/.well-known/agent-card.json`))
  );

  async function get(place: string, question?: JsonObject): Promise<JsonObject | null> {
    return (await getDocument(place, accept, question))?.document ?? null;
  }
}

/** What the catalog lists; where it lists no such label, what its search finds. */
async function askCatalog(base: string, label: string, get: Get): Promise<RegistryAnswer | null> {
  const listed = await readCatalog(base, label, get);
  if (listed.agents.length > 0 || listed.search === null || label === apexLabel)
    return answerOf(listed.agents);
  const query = { text: label };
  const found = await get(listed.search, { query, federation: 'none', pageSize: searchedMax });
  return answerOf(namedIn(found?.['results'], label));
}

async function readCatalog(
  base: string,
  label: string,
  get: Get,
): Promise<{ readonly agents: readonly AgentId[]; readonly search: string | null }> {
  try {
    const catalog = await get(`${base}/.well-known/ai-catalog.json`);
    const entries = catalog?.['entries'];
    return { agents: namedIn(entries, label), search: searchIn(entries, base) };
  } catch (error) {
    // More agents than one answer may have: its search shows a few.
    if (error instanceof FactsError && error.code === 'too-large')
      return { agents: [], search: `${base}/search` };
    throw error;
  }
}

/** Where a catalog says that it is searched: at its own origin, since nobody else was asked. */
function searchIn(entries: unknown, base: string): string | null {
  const urls = listOf(entries).flatMap(({ type, url }) =>
    type === registryType && typeof url === 'string' && URL.canParse(url) ? [new URL(url)] : [],
  );
  const own = urls.find(({ origin }) => origin === new URL(base).origin);
  return own === undefined ? null : `${own.origin}${own.pathname.replace(/\/+$/, '')}/search`;
}

/** The answer of a node's API to the same question. */
function readWeft(document: JsonObject | null): RegistryAnswer | null {
  if (document === null) return null;
  const { agentId, registry, did } = document;
  const agent = agentOf(agentId);
  if (agent !== null) return { by: 'weft', target: { agentId: agent } };
  const next = [registry, did].find((one) => typeof one === 'string' && one.length <= urlLengthMax);
  return typeof next === 'string' && /^(?:https?:\/\/|did:)/.test(next)
    ? { by: 'weft', target: { url: next } }
    : null;
}

/**
 * Agents of entries whose identifier, or whose name as the agent gives it, ends with the label; a catalog of one agent has
 * no need of labels.
 */
function namedIn(entries: unknown, label: string): readonly AgentId[] {
  return listOf(entries).flatMap((entry) => {
    if (entry['type'] === registryType || !isNamed(entry, label)) return [];
    const { identity } = objectOf(entry['trustManifest']);
    return agentOf(identity) ?? agentOf(objectOf(entry['metadata'])['did']) ?? [];
  });
}

/** Two agents of one label: nobody says which. */
function answerOf(agents: readonly AgentId[]): RegistryAnswer | null {
  return agents.length === 1 ? { by: 'ARD', target: { agentId: agents[0]! } } : null;
}

function isNamed(entry: JsonObject, label: string): boolean {
  if (label === apexLabel) return true;
  const names = [entry['identifier'], objectOf(entry['metadata'])['agentName']];
  return names.some((name) => typeof name === 'string' && name.toLowerCase().split(/[:/]/).at(-1) === label);
}

/** The pointers of an agent card lead back to the index. */
function readCard(document: JsonObject | null): RegistryAnswer | null {
  const { extensions } = objectOf(document?.['capabilities']);
  if (!Array.isArray(extensions)) return null;
  const pointers = extensions.map(objectOf).find(({ uri }) => uri === pointersExtension);
  const agent = agentOf(objectOf(pointers?.['params'])['did']);
  return agent === null ? null : { by: 'A2A', target: { agentId: agent } };
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function agentOf(value: unknown): AgentId | null {
  return typeof value === 'string' && agentPattern.test(value) ? parseAgentId(value) : null;
}
