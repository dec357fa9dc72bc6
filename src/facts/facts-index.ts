/**
 * A bounded index in memory over what agents say they can do: by words, ranked, and by tag paths and their prefixes.
 * Whoever knows a document puts it in: hosted facts, and announcements of capabilities. Decides relevance, never trust.
 */
import type { default as MiniSearchType, SearchResult } from 'minisearch';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { indexedDocumentsMax, searchTermsMax, searchTextMax } from './facts-limits.ts';

/** One agent as the index knows it. */
export interface IndexedDocument {
  readonly agentId: AgentId;
  readonly name: string;
  readonly description: string;
  /** Paths such as `/translate/en-es`. */
  readonly tags: readonly string[];
  /** Everything else that a search should find, as one text. */
  readonly words: string;
}

export interface IndexQuery {
  /** Words; left out or empty: every document, without rank. */
  readonly text?: string;
  /** Paths of which each document must have one, itself or below it; left out: any. */
  readonly tags?: readonly string[];
  /** 10 when left out. */
  readonly limit?: number;
}

export interface IndexHit {
  readonly agentId: AgentId;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Relevance, 0 to 100, whole; 100 without words. It says nothing of trust. */
  readonly score: number;
}

export interface FactsIndex {
  /** In place of what was there of that agent. Of more than the index may hold, the longest untouched goes. */
  put(document: IndexedDocument): void;
  remove(agentId: AgentId): void;
  /** The best first; the same order for the same documents and query. */
  search(query: IndexQuery): readonly IndexHit[];
  size(): number;
}

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: string;
  readonly words: string;
}

/** Below this share of the best match a document is not an answer. */
const scoreCutoff = 5;
/** How much of the score is the share of the words that were found; the rest is how well. */
const coverageWeight = 0.7;

/** An empty index. The search library is loaded here: a node that is never searched does without it. */
export async function createFactsIndex(documentsMax: number = indexedDocumentsMax): Promise<FactsIndex> {
  const { default: MiniSearch } = await import('minisearch');
  const engine: MiniSearchType<Entry> = new MiniSearch<Entry>({
    fields: ['name', 'tags', 'description', 'words'],
    searchOptions: { boost: { name: 3, tags: 2 }, prefix: (term) => term.length > 2, fuzzy: fuzziness },
  });
  const documents = new Map<string, IndexedDocument>();

  function remove(agentId: AgentId): void {
    const id = agentKey(agentId);
    const document = documents.get(id);
    if (document === undefined) return;
    documents.delete(id);
    // Not `discard`, which leaves words behind that count against the others in the next search.
    engine.remove(entryOf(document));
  }

  return {
    put(document) {
      const id = agentKey(document.agentId);
      remove(document.agentId);
      const oldest = documents.size >= documentsMax ? documents.values().next().value : undefined;
      if (oldest !== undefined) remove(oldest.agentId);
      documents.set(id, document);
      engine.add(entryOf(document));
    },
    remove,
    search({ text = '', tags = [], limit = 10 }) {
      const most = Math.max(0, Math.min(limit, documents.size));
      const fits = (id: string): boolean => hasTag(documents.get(id)?.tags ?? [], tags);
      const words = text.slice(0, searchTextMax).trim().split(/\s+/).slice(0, searchTermsMax).join(' ');
      const ranked = words === '' ? unranked(documents) : ranks(engine.search(words), termsOf(words));
      return ranked
        .filter(({ id, score }) => score >= scoreCutoff && fits(id))
        .slice(0, most)
        .map(({ id, score }) => ({ ...hitOf(documents.get(id)!), score }));
    },
    size: () => documents.size,
  };
}

function entryOf({ agentId, name, description, tags, words }: IndexedDocument): Entry {
  return { id: agentKey(agentId), name, description, tags: tags.join(' ').replaceAll('/', ' '), words };
}

/** True when one of the tags is one of those wanted, or lies below one. */
export function hasTag(tags: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const prefixes = wanted.map((tag) => `/${tag.toLowerCase().split('/').filter(Boolean).join('/')}`);
  return tags.some((tag) => prefixes.some((prefix) => tag === prefix || tag.startsWith(`${prefix}/`)));
}

function fuzziness(term: string): number | false {
  return term.length > 4 ? 0.2 : false;
}

interface Rank {
  readonly id: string;
  readonly score: number;
}

function unranked(documents: ReadonlyMap<string, IndexedDocument>): Rank[] {
  return [...documents.keys()].sort().map((id) => ({ id, score: 100 }));
}

/** Scores of the library have no ceiling: they become a share of the words found, and of the best match. */
function ranks(results: readonly SearchResult[], termsMax: number): Rank[] {
  const best = results.reduce((most, { score }) => Math.max(most, score), Number.MIN_VALUE);
  return results
    .map(({ id, score, queryTerms }) => {
      const coverage = new Set(queryTerms).size / termsMax;
      const share = coverageWeight * coverage + (1 - coverageWeight) * (score / best);
      return { id: id as string, score: Math.round(100 * share) };
    })
    .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
}

/** Different words, as the library takes a text apart. */
function termsOf(text: string): number {
  const terms = text.toLowerCase().split(/[\s\p{Z}\p{P}]+/u);
  return Math.max(1, new Set(terms.filter((term) => term !== '')).size);
}

function hitOf({ agentId, name, description, tags }: IndexedDocument): Omit<IndexHit, 'score'> {
  return { agentId, name, description, tags };
}
