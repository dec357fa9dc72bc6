/** What lists, catalogs and the search show of facts: their name, tags, and words to search. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { AgentFacts } from './agent-facts.ts';
import type { IndexedDocument } from './facts-index.ts';

/** Longest text of one document that is indexed. */
const wordsLengthMax = 8192;
const tagsMax = 64;

/** A skill id as a tag path: lower case, parts between slashes. `Translate EN-ES` → `/translate-en-es`. */
export function tagOf(skillId: string): string {
  const parts = skillId
    .toLowerCase()
    .split('/')
    .map((part) =>
      part
        .trim()
        .replace(/[^\p{L}\p{N}._-]+/gu, '-')
        .replace(/^-+|-+$/g, ''),
    )
    .filter((part) => part !== '');
  return `/${parts.join('/')}`;
}

/** The skills as tag paths, each once. */
export function tagsOf(facts: AgentFacts): string[] {
  const tags = facts.skills.map((skill) => tagOf(skill.id)).filter((tag) => tag !== '/');
  return [...new Set(tags)].slice(0, tagsMax);
}

/** Facts as the index takes them. */
export function indexedFacts(agentId: AgentId, facts: AgentFacts): IndexedDocument {
  const words = [
    facts.agent_name,
    facts.provider.name,
    ...facts.capabilities.modalities,
    ...facts.skills.flatMap((skill) => [skill.id, skill.description, ...(skill.supportedLanguages ?? [])]),
  ];
  return {
    agentId,
    name: facts.label,
    description: facts.description,
    tags: tagsOf(facts),
    words: words.join(' ').slice(0, wordsLengthMax),
  };
}
