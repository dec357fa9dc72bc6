/** An agent for people: a resolution, and what a change came to. The input is what the API answers. */
import type { ExitCode } from '../api/error-table.ts';
import { exitCodes } from '../api/error-table.ts';
import { columns, type Style, type Terminal } from './terminal.ts';
import { counted, durationWords, relativeTime } from './words.ts';

export interface OriginJson {
  readonly kind: 'fence' | 'operation';
  readonly slot: number;
}
interface PointerJson {
  readonly url: string | null;
  readonly blindedDigest: string | null;
  readonly origin: OriginJson;
}
interface RecordJson {
  readonly fields: Readonly<Record<'primary' | 'private' | 'adaptive', PointerJson>> & {
    readonly ttl: { readonly seconds: number; readonly origin: OriginJson };
  };
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly bytes: string;
}
interface KeysJson {
  readonly status: 'active' | 'forked' | 'tombstoned';
  readonly sequence: number;
  readonly establishment: string;
  readonly endReason: string | null;
}
interface DelegationJson {
  readonly slot: number;
  readonly rights: readonly string[];
  readonly fields: readonly string[];
  readonly expiresAt: string;
}
interface RevocationJson {
  readonly kind: string;
  readonly target: string;
  readonly reason: string;
}
export interface StateJson {
  readonly agentId: string;
  readonly keys: KeysJson | null;
  readonly record: RecordJson | null;
  readonly delegations: readonly DelegationJson[];
  readonly revocations: readonly RevocationJson[];
}
export interface ResolutionJson extends StateJson {
  readonly status: string;
  readonly responders: readonly string[];
  readonly holders: number;
  readonly cached: boolean;
}
export interface AgentResultJson {
  readonly agentId: string;
  readonly publish: {
    readonly status: string;
    readonly acknowledgements: number;
    readonly asked: number;
    readonly refusal: string | null;
  };
  readonly recordBytes: number;
  readonly expiresAt: string | null;
}

/** What each verdict means, and the exit code of a resolve that ends with it. */
export const verdicts: Readonly<
  Record<string, { readonly style: Style; readonly words: string; readonly exitCode: ExitCode }>
> = {
  ok: { style: 'good', words: 'ok', exitCode: exitCodes.ok },
  rekeyed: {
    style: 'warning',
    words: 'the keys changed and the new record is not here yet: try again shortly',
    exitCode: exitCodes.notUsable,
  },
  expired: { style: 'bad', words: 'its record has ended', exitCode: exitCodes.notUsable },
  forked: {
    style: 'bad',
    words: 'its keys were used twice: do not trust it until it is recovered',
    exitCode: exitCodes.notUsable,
  },
  tombstoned: { style: 'bad', words: 'it was revoked for good', exitCode: exitCodes.notUsable },
  'rolled-back': {
    style: 'bad',
    words: 'the network answers with less than was known before',
    exitCode: exitCodes.notUsable,
  },
  'not-found': { style: 'warning', words: 'nobody that answered knows it', exitCode: exitCodes.notFound },
};

/** Lines for a resolution. */
export function renderResolution(terminal: Terminal, resolution: ResolutionJson, nowMs: number): string[] {
  const { status, responders, holders, cached } = resolution;
  const { style, words } = verdicts[status] ?? { style: 'bad' as const, words: status };
  const shown = words === status ? status : `${status}: ${words}`;
  const source = cached ? 'this node’s cache' : `${counted(responders.length, 'peer')}, ${holders} held it`;
  return [
    `${terminal.paint('strong', resolution.agentId)}  ${terminal.paint(style, shown)}`,
    ...columns([...stateRows(terminal, resolution, nowMs), ['answered by', source]], '  '),
  ];
}

/** Rows for a state: fields with their origins, keys, grants, revocations. */
function stateRows(terminal: Terminal, state: StateJson, nowMs: number): string[][] {
  const { keys, record } = state;
  return [
    ...(record === null ? [] : recordRows(terminal, record, nowMs)),
    ...(keys === null ? [] : [keysRow(terminal, keys)]),
    ...state.delegations.map((token) => [
      `delegate ${token.slot}`,
      `${token.rights.join(', ')} on ${token.fields.join(', ') || 'no field'}, ends ${relativeTime(token.expiresAt, nowMs)}`,
    ]),
    ...state.revocations.map((revocation) => [
      'revoked',
      `${revocation.kind} ${revocation.target.slice(0, 16)}… (${revocation.reason})`,
    ]),
  ];
}

/** Says what a change came to; the exit code is that of its publication. */
export function renderResult(
  terminal: Terminal,
  result: AgentResultJson,
  verb: string,
  nowMs: number,
): ExitCode {
  const { publish, expiresAt, recordBytes } = result;
  const isStored = publish.status === 'stored' || publish.status === 'partial';
  const outcome = isStored
    ? `stored by ${counted(publish.acknowledgements, 'peer')}${publish.status === 'partial' ? ' (fewer than asked for)' : ''}`
    : `not stored: ${publish.refusal ?? publish.status}`;
  const rows = [
    [
      'published',
      terminal.paint(isStored ? (publish.status === 'stored' ? 'good' : 'warning') : 'bad', outcome),
    ],
    ...(expiresAt === null
      ? []
      : [['record', `${recordBytes} B, stands until ${expiresAt} (${relativeTime(expiresAt, nowMs)})`]]),
  ];
  terminal.say(`${verb} ${terminal.paint('strong', result.agentId)}`);
  for (const line of columns(rows, '  ')) terminal.say(line);
  if (isStored) return exitCodes.ok;
  return publish.status === 'failed' ? exitCodes.failure : exitCodes.refused;
}

function recordRows(terminal: Terminal, record: RecordJson, nowMs: number): string[][] {
  const { primary, private: privateFacts, adaptive, ttl } = record.fields;
  const pointer = (name: string, { url, blindedDigest, origin }: PointerJson): string[][] => {
    if (url === null && blindedDigest === null && origin.kind === 'fence') return [];
    const value = url ?? (blindedDigest === null ? '(cleared)' : `blinded ${blindedDigest}`);
    return [[name, `${terminal.paint('accent', value)}  ${terminal.paint('quiet', originWords(origin))}`]];
  };
  return [
    ...pointer('primary facts', primary),
    ...pointer('private facts', privateFacts),
    ...pointer('adaptive resolver', adaptive),
    ['ttl', `${durationWords(ttl.seconds)}  ${terminal.paint('quiet', originWords(ttl.origin))}`],
    [
      'record',
      `${record.bytes.length / 2} B, signed ${relativeTime(record.issuedAt, nowMs)}, ends ${relativeTime(record.expiresAt, nowMs)}`,
    ],
  ];
}

function keysRow(terminal: Terminal, keys: KeysJson): string[] {
  const end = keys.endReason === null ? '' : `, ${keys.endReason}`;
  const place = `sequence ${keys.sequence}, establishment ${keys.establishment.slice(0, 16)}…`;
  return [
    'keys',
    `${terminal.paint(keys.status === 'active' ? 'good' : 'bad', keys.status + end)}, ${place}`,
  ];
}

function originWords({ kind, slot }: OriginJson): string {
  const who = slot === 0 ? 'controller' : `delegate ${slot}`;
  return kind === 'fence' ? `(${who})` : `(${who}, since the last checkpoint)`;
}
