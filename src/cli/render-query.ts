/** The answer to a query for people: each agent with what was checked of it, and how far was looked. */
import { columns, type Terminal } from './terminal.ts';
import { counted, relativeTime } from './words.ts';

interface ResultJson {
  readonly agentId: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly score: number;
  readonly mark: 'verified' | 'hint';
  readonly trust: string;
  readonly filters: Readonly<Record<string, 'match' | 'announced' | 'unchecked'>>;
  readonly reason: string | null;
}
export interface QueryJson {
  readonly results: readonly ResultJson[];
  readonly horizon: {
    readonly overlay: {
      readonly asked: number;
      readonly responders: number;
      readonly isComplete: boolean;
    } | null;
    readonly seen: {
      readonly agents: number;
      readonly facts: number;
      readonly since: string | null;
      readonly forgotten: number;
    };
    readonly candidates: number;
    readonly checked: number;
    readonly isTimedOut: boolean;
  };
}

const nameByFilter: Readonly<Record<string, string>> = { certifiedBy: 'certified-by', minTrust: 'min-trust' };

/** Lines: agents, then the horizon. */
export function renderQuery(terminal: Terminal, { results, horizon }: QueryJson, nowMs: number): string[] {
  const rows = results.map((row) => [
    row.agentId,
    String(row.score),
    row.mark === 'verified' ? terminal.paint('good', 'verified') : terminal.paint('warning', 'hint'),
    row.trust,
    row.name === null ? row.tags.join(' ') : `${row.name}  ${row.tags.join(' ')}`,
    openWords(terminal, row),
  ]);
  return [...columns(rows), terminal.paint('quiet', horizonWords(results.length, horizon, nowMs))];
}

/** What nobody checked, and why. */
function openWords(terminal: Terminal, { filters, reason }: ResultJson): string {
  const open = Object.entries(filters).filter(([, outcome]) => outcome === 'unchecked');
  const announced = filters['skill'] === 'announced' ? ['skill announced only'] : [];
  const names = open.map(([name]) => nameByFilter[name] ?? name);
  const words = [...(names.length > 0 ? [`unchecked: ${names.join(', ')}`] : []), ...announced];
  if (words.length === 0) return '';
  return terminal.paint('warning', `${words.join('; ')}${reason === null ? '' : ` (${reason})`}`);
}

function horizonWords(
  found: number,
  { overlay, seen, candidates, checked, isTimedOut }: QueryJson['horizon'],
  nowMs: number,
): string {
  const asked =
    overlay === null
      ? []
      : [
          `${overlay.responders} of ${counted(overlay.asked, 'peer')} asked answered${overlay.isComplete ? '' : ', there may be more'}`,
        ];
  const since = seen.since === null ? '' : ` since ${relativeTime(seen.since, nowMs)}`;
  const memory =
    seen.agents === 0
      ? 'this node has seen no agents in passing'
      : `this node remembers ${counted(seen.agents, 'agent')}${since}, ${seen.facts} with facts`;
  const looked = `${checked} of ${counted(candidates, 'candidate')} looked at${isTimedOut ? ', then the time was over' : ''}`;
  const shown = found === 0 ? 'nobody was found' : counted(found, 'agent');
  return [shown, looked, ...asked, memory].join('; ');
}
