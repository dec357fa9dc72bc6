/**
 * Verified facts against the filters of a query. Each comes out as a match, as none, or as unchecked where the facts do not
 * say: what is not said is never taken for a match.
 */

import type { AgentFacts } from '../facts/agent-facts.ts';
import { hasTag } from '../facts/facts-index.ts';
import { tagOf } from '../facts/facts-summary.ts';
import type { AgentQuery, FilterName } from './query-types.ts';

export type FactsOutcome = 'match' | 'none' | 'unchecked';
type FactsFilter = Exclude<FilterName, 'certifiedBy' | 'minTrust'>;

/** Of the filters that the query has, but for trust and certification. */
export function matchFacts(
  facts: AgentFacts,
  query: AgentQuery,
): Readonly<Partial<Record<FactsFilter, FactsOutcome>>> {
  const { skill, modality, language, region } = query;
  const fitting =
    skill === undefined ? facts.skills : facts.skills.filter(({ id }) => hasTag([tagOf(id)], [skill]));
  return {
    ...(skill !== undefined && { skill: fitting.length > 0 ? ('match' as const) : ('none' as const) }),
    ...(modality !== undefined && { modality: matchModality(facts, fitting, modality) }),
    ...(language !== undefined && { language: matchLanguage(fitting, language) }),
    ...(region !== undefined && { region: matchRegion(facts, region) }),
  };
}

type Skills = AgentFacts['skills'];

function matchModality({ capabilities }: AgentFacts, skills: Skills, wanted: string): FactsOutcome {
  const modes = skills.flatMap(({ inputModes, outputModes }) => [...inputModes, ...outputModes]);
  const said = [...capabilities.modalities, ...modes].map((mode) => mode.toLowerCase());
  if (said.length === 0) return 'unchecked';
  const asked = wanted.toLowerCase();
  return said.some((mode) => mode === asked || mode.startsWith(`${asked}/`)) ? 'match' : 'none';
}

/** RFC 4647, basic filtering. */
function matchLanguage(skills: Skills, wanted: string): FactsOutcome {
  const said = skills.flatMap(({ supportedLanguages }) => supportedLanguages ?? []);
  if (said.length === 0) return 'unchecked';
  const asked = wanted.toLowerCase();
  const fits = (tag: string): boolean => tag === asked || tag.startsWith(`${asked}-`);
  return said.some((tag) => fits(tag.toLowerCase())) ? 'match' : 'none';
}

function matchRegion({ endpoints }: AgentFacts, wanted: string): FactsOutcome {
  const said = [...endpoints.static, ...(endpoints.rotating ?? [])].flatMap((entry) =>
    typeof entry === 'string' || entry.region === undefined ? [] : [entry.region],
  );
  if (said.length === 0) return 'unchecked';
  const asked = partsOf(wanted);
  const fits = (region: string): boolean => asked.every((part, index) => partsOf(region)[index] === part);
  return said.some(fits) ? 'match' : 'none';
}

/** Labels go from the general to the special: `eu-west-1`, `eu/de/fra`. */
function partsOf(region: string): string[] {
  return region
    .toLowerCase()
    .split(/[-/._:]+/)
    .filter((part) => part !== '');
}
