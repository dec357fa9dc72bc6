/**
 * DIDs that names lead to: `did:key`, which is a key and nothing more, and `did:web`, whose document says which agent of
 * the index it is, or where the registry of its agents is. Decides what a document must say; fetches through its caller.
 */
import type { AgentId } from '../core/identity/agent-id.ts';
import { parseAgentId } from '../core/identity/agent-id.ts';
import { parseMultikey } from '../facts/multikey.ts';
import { NamesError } from './names-error.ts';
import type { GetDocument } from './web-document.ts';

/** What a DID leads to; `alone`: to itself. */
export type DidEntry =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'registry'; readonly url: string }
  | { readonly kind: 'alone' };

const accept = 'application/did+ld+json, application/did+json, application/json;q=0.9';
const registryType = 'AgentRegistry';
const agentDid = /^did:nanda:[a-z2-7]{52}$/;
const urlLengthMax = 255;

/** @throws NamesError `bad-did` for a `did:key` that is no Ed25519 key */
export function readDidKey(did: string): void {
  if (parseMultikey(did.slice('did:key:'.length)) === null)
    throw new NamesError('bad-did', 'of did:key, Ed25519 keys (z6Mk…) are known here');
}

/** Where the document of a `did:web` is: https, but on this machine. */
function didDocumentUrl(did: string): string {
  const [host = '', ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const scheme = /^localhost(?::|$)/.test(host) ? 'http' : 'https';
  return `${scheme}://${host}/${path.length === 0 ? '.well-known' : path.join('/')}/did.json`;
}

/** @throws NamesError `bad-did`, FactsError of the fetch */
export async function readDidWeb(did: string, getDocument: GetDocument): Promise<DidEntry> {
  const url = didDocumentUrl(did);
  const found = await getDocument(url, accept);
  if (found === null) throw new NamesError('bad-did', `there is no DID document at ${url}`);
  const { id, alsoKnownAs, service } = found.document;
  if (id !== did) throw new NamesError('bad-did', 'the document is that of another DID', { did });
  const agents = listOf(alsoKnownAs).filter(
    (one): one is string => typeof one === 'string' && agentDid.test(one),
  );
  if (agents.length > 1) throw new NamesError('bad-did', 'the document names more than one agent');
  if (agents.length === 1) return { kind: 'agent', agentId: parseAgentId(agents[0]!) };
  for (const one of listOf(service)) {
    const { type, serviceEndpoint } = (one ?? {}) as Record<string, unknown>;
    if (!listOf(type).includes(registryType) || typeof serviceEndpoint !== 'string') continue;
    if (serviceEndpoint.length <= urlLengthMax && /^https?:\/\//.test(serviceEndpoint))
      return { kind: 'registry', url: serviceEndpoint };
  }
  return { kind: 'alone' };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
