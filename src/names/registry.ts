/**
 * Asks the registry of a namespace what a label stands for: another weft node, an AI Catalog of ARD, or the agent card of
 * A2A, whichever is there. Decides how each says it; what it says is a claim, and is verified by who asked.
 */
import { type AgentId, parseAgentId } from '../core/identity/agent-id.ts';
import { apexLabel } from '../core/name/label.ts';
import type { JsonObject } from '../facts/bounded-json.ts';
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
  if (/\.json(?:[?#]|$)/i.test(url)) return readAny(await get(url), label);
  const base = url.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  return (
    readWeft(await get(`${base}/v1/names/resolve?name=${encodeURIComponent(name)}&follow=false`)) ??
    readCatalog(await get(`${base}/.well-known/ai-catalog.json`), label) ??
    readCard(await get(`${base}/.well-known/agent-card.json`))
  );

  async function get(place: string): Promise<JsonObject | null> {
    const accept =
      'application/json, application/ai-catalog+json;q=0.9, application/a2a-agent-card+json;q=0.8';
    return (await getDocument(place, accept))?.document ?? null;
  }
}

function readAny(document: JsonObject | null, label: string): RegistryAnswer | null {
  return readCatalog(document, label) ?? readCard(document);
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
 * An entry whose identifier, or whose name as the agent gives it, ends with the label; a catalog of one agent has no need
 * of labels.
 */
function readCatalog(document: JsonObject | null, label: string): RegistryAnswer | null {
  const entries = Array.isArray(document?.['entries']) ? (document['entries'] as readonly unknown[]) : [];
  const found: AgentId[] = [];
  for (const value of entries) {
    if (typeof value !== 'object' || value === null) continue;
    const entry = value as JsonObject;
    if (entry['type'] === registryType || !isNamed(entry, label)) continue;
    const { identity } = objectOf(entry['trustManifest']);
    const agent = agentOf(identity) ?? agentOf(objectOf(entry['metadata'])['did']);
    if (agent !== null) found.push(agent);
  }
  // Two agents of one label: the catalog does not say which.
  return found.length === 1 ? { by: 'ARD', target: { agentId: found[0]! } } : null;
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

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function agentOf(value: unknown): AgentId | null {
  return typeof value === 'string' && agentPattern.test(value) ? parseAgentId(value) : null;
}
