/** Grants for people: a tree with what is left of each, and a list. The input is what the API answers. */
import { columns, type Style, type Terminal } from './terminal.ts';
import { counted, durationWords, relativeTime } from './words.ts';

type Standing = 'holds' | 'void' | 'revoked' | 'expired' | 'not-yet-valid';

interface GrantJson {
  readonly hash: string;
  readonly parent: string | null;
  readonly slot: number;
  readonly audience: string;
  readonly rights: readonly string[];
  readonly fields: readonly string[];
  readonly depth: number;
  readonly notBefore: string;
  readonly expiresAt: string;
  readonly standing: Standing;
  readonly isInherited: boolean;
  readonly revoked: { readonly at: string; readonly reason: string; readonly depth: number } | null;
  readonly source: 'record' | 'kept' | 'revocation';
  readonly isHeld: boolean;
}
export interface GrantTreeJson {
  readonly agentId: string;
  readonly status: string;
  readonly grants: readonly GrantJson[];
  readonly revokedUnknown: readonly { readonly hash: string; readonly reason: string; readonly at: string }[];
}

const marks: Readonly<Record<Standing, readonly [string, Style]>> = {
  holds: ['●', 'good'],
  'not-yet-valid': ['◌', 'warning'],
  expired: ['○', 'quiet'],
  revoked: ['✗', 'bad'],
  void: ['✗', 'bad'],
};
const barCells = 8;
const hashDigits = 12;

/** The agent at the root, each grant below who gave it; the columns of all lines below one another. */
export function renderGrantTree(terminal: Terminal, tree: GrantTreeJson, nowMs: number): string[] {
  const childrenOf = (parent: string | null): readonly GrantJson[] =>
    tree.grants.filter((grant) => grant.parent === parent);
  const rows: string[][] = [];
  const draw = (parent: string | null, indent: string): void => {
    const children = childrenOf(parent);
    const unknown = parent === null ? tree.revokedUnknown : [];
    children.forEach((grant, index) => {
      const isLast = index === children.length - 1 && unknown.length === 0;
      rows.push(cellsOf(terminal, grant, `${indent}${isLast ? '└─ ' : '├─ '}`, nowMs));
      draw(grant.hash, `${indent}${isLast ? '   ' : '│  '}`);
    });
    unknown.forEach(({ hash, reason, at }, index) => {
      const branch = index === unknown.length - 1 ? '└─ ' : '├─ ';
      const name = `${terminal.paint('quiet', branch)}${terminal.paint('bad', '✗')} ${hash.slice(0, hashDigits)}`;
      rows.push([name, '', '', `revoked ${relativeTime(at, nowMs)} (${reason})`]);
    });
  };
  draw(null, '');
  return [
    `${terminal.paint('strong', tree.agentId)}  ${terminal.paint(tree.status === 'active' ? 'good' : 'bad', tree.status)}`,
    ...columns(rows),
    ...summaryOf(terminal, tree),
  ];
}

/** A line each, in the order of the answer. */
export function renderGrantList(terminal: Terminal, tree: GrantTreeJson, nowMs: number): string[] {
  const rows = tree.grants.map((grant) => [
    grant.hash,
    `depth ${grant.depth}`,
    `to ${grant.audience.slice(0, hashDigits)}…${grant.isHeld ? ' (this node)' : ''}`,
    rightsOf(grant),
    stateOf(terminal, grant, nowMs),
  ]);
  const unknown = tree.revokedUnknown.map(({ hash, reason, at }) => [
    hash,
    '',
    '',
    '',
    `revoked ${relativeTime(at, nowMs)} (${reason})`,
  ]);
  return [...columns([...rows, ...unknown]), ...summaryOf(terminal, tree)];
}

function cellsOf(terminal: Terminal, grant: GrantJson, branch: string, nowMs: number): string[] {
  const [mark, style] = marks[grant.standing];
  const place = grant.slot === 0 ? '' : ` slot ${grant.slot}`;
  const holder = grant.isHeld ? terminal.paint('accent', ' this node') : '';
  const name = `${grant.hash.slice(0, hashDigits)}${place}`;
  const isAlive = grant.standing === 'holds' || grant.standing === 'not-yet-valid';
  return [
    `${terminal.paint('quiet', branch)}${terminal.paint(style, mark)} ${isAlive ? name : terminal.paint('quiet', name)}${holder}`,
    isAlive ? rightsOf(grant) : terminal.paint('quiet', rightsOf(grant)),
    barOf(terminal, grant, nowMs),
    stateOf(terminal, grant, nowMs),
  ];
}

function rightsOf({ rights, fields }: GrantJson): string {
  const onFields = rights.includes('op') && fields.length < 4 ? ` on ${fields.join(' ') || 'no field'}` : '';
  return rights.join(' ') + onFields;
}

function stateOf(terminal: Terminal, grant: GrantJson, nowMs: number): string {
  const { standing, isInherited, revoked, expiresAt } = grant;
  if (revoked !== null) {
    const who = revoked.depth === 0 ? 'the controller' : `the delegate at depth ${revoked.depth}`;
    return terminal.paint('bad', `revoked ${relativeTime(revoked.at, nowMs)} by ${who} (${revoked.reason})`);
  }
  if (isInherited) return terminal.paint('bad', `fell with the one above it (${standing})`);
  switch (standing) {
    case 'holds':
      return `${durationWords((Date.parse(expiresAt) - nowMs) / 1000)} left`;
    case 'not-yet-valid':
      return terminal.paint('warning', `begins ${relativeTime(grant.notBefore, nowMs)}`);
    case 'expired':
      return terminal.paint('quiet', `ended ${relativeTime(expiresAt, nowMs)}`);
    case 'void':
      return terminal.paint('bad', 'void: the keys were rotated since');
    case 'revoked':
      return terminal.paint('bad', 'revoked');
  }
}

/** How much of its time is left. */
function barOf(terminal: Terminal, { notBefore, expiresAt, standing }: GrantJson, nowMs: number): string {
  const [from, until] = [Date.parse(notBefore), Date.parse(expiresAt)];
  const share = standing === 'holds' ? Math.min(1, Math.max(0, (until - nowMs) / (until - from))) : 0;
  const full = Math.ceil(share * barCells);
  return (
    terminal.paint(full === 0 ? 'quiet' : full <= 2 ? 'warning' : 'good', '▰'.repeat(full)) +
    terminal.paint('quiet', '▱'.repeat(barCells - full))
  );
}

function summaryOf(terminal: Terminal, { grants, revokedUnknown }: GrantTreeJson): string[] {
  const holding = grants.filter(({ standing }) => standing === 'holds').length;
  const fallen = grants.length + revokedUnknown.length - holding;
  const words = `${counted(holding, 'grant')} hold${holding === 1 ? 's' : ''}, ${fallen} ${fallen === 1 ? 'does' : 'do'} not; grants without a slot travel by hand: shown are those that this node issued, keeps, or saw revoked`;
  return [terminal.paint('quiet', words)];
}
