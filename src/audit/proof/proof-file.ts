/**
 * A proof as one JSON file that anybody verifies without a network: what it is about, the bytes, the checkpoints. Byte
 * strings are base64. Nothing here is believed: verify-file judges it.
 *
 * | kind          | shows                                                                                   |
 * |---------------|-----------------------------------------------------------------------------------------|
 * | `inclusion`   | that a node's log has these entries about an agent, whose signed events go along         |
 * | `consistency` | that a later tree of a log begins with the whole of an earlier one                       |
 * | `duplicity`   | that an agent's keys were used for two histories, and which node logged which            |
 * | `log-fork`    | that a node signed two trees of which neither continues the other                        |
 */

import { isProtocolError } from '../../core/errors.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { bundleBytesMax } from '../../core/limits.ts';
import { AuditError } from '../audit-error.ts';
import { leafBytesMax } from '../leaf.ts';
import { hashBytes } from '../merkle/tree-hash.ts';
import { fromBase64, toBase64 } from '../note/base64.ts';
import { checkpointCharactersMax } from '../note/checkpoint.ts';

export interface ProvenEntry {
  readonly index: number;
  /** The bytes that are hashed. */
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** What one log says of an agent. */
export interface LogView {
  /** A signed note. */
  readonly checkpoint: string;
  readonly entries: readonly ProvenEntry[];
}

/** One of two trees; with an entry where the trees differ in size. */
export interface ForkSide {
  readonly checkpoint: string;
  readonly entry: ProvenEntry | null;
}

export interface InclusionFile extends LogView {
  readonly kind: 'inclusion';
  readonly agentId: Uint8Array;
  /** The agent's key log and revocations as the node holds them. */
  readonly bundle: Uint8Array;
}

export interface ConsistencyFile {
  readonly kind: 'consistency';
  readonly older: string;
  readonly newer: string;
  readonly proof: readonly Uint8Array[];
}

export interface DuplicityFile {
  readonly kind: 'duplicity';
  readonly agentId: Uint8Array;
  /** Both branches of the key log. */
  readonly bundle: Uint8Array;
  /** Of the nodes that were compared, as far as they have logs. */
  readonly views: readonly LogView[];
}

export interface LogForkFile {
  readonly kind: 'log-fork';
  readonly first: ForkSide;
  readonly second: ForkSide;
}

export type ProofFile = InclusionFile | ConsistencyFile | DuplicityFile | LogForkFile;

const proofFileVersion = 1;
/** Of an agent in one file; older ones are left out. */
export const provenEntriesMax = 128;
/** Of the text. */
export const proofFileCharactersMax = 2 * 1024 * 1024;
const viewsMax = 8;
const proofHashesMax = 64;

export type ProofJson = { readonly weftAudit: 1; readonly kind: ProofFile['kind'] } & Readonly<
  Record<string, unknown>
>;

export function proofJson(file: ProofFile): ProofJson {
  const head = { weftAudit: proofFileVersion, kind: file.kind } as const;
  switch (file.kind) {
    case 'inclusion':
      return { ...head, ...agentJson(file), ...viewJson(file) };
    case 'consistency':
      return { ...head, older: file.older, newer: file.newer, proof: file.proof.map(toBase64) };
    case 'duplicity':
      return { ...head, ...agentJson(file), views: file.views.map(viewJson) };
    case 'log-fork':
      return { ...head, first: sideJson(file.first), second: sideJson(file.second) };
  }
}

/** The file in this text. @throws AuditError `not-a-proof-file`. */
export function parseProofFile(text: string): ProofFile {
  if (text.length > proofFileCharactersMax) refuse(`it has over ${proofFileCharactersMax} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse('it is no JSON');
  }
  return readProofFile(value);
}

/** The same of what was parsed already. @throws AuditError `not-a-proof-file`. */
export function readProofFile(value: unknown): ProofFile {
  const file = readObject(value, 'the file');
  if (file['weftAudit'] !== proofFileVersion) refuse('it does not say "weftAudit": 1');
  const { kind } = file;
  switch (kind) {
    case 'inclusion':
      assertMembers(file, ['weftAudit', 'kind', 'agent', 'bundle', 'checkpoint', 'entries']);
      return { kind, ...readAgent(file), ...readView(file) };
    case 'consistency':
      assertMembers(file, ['weftAudit', 'kind', 'older', 'newer', 'proof']);
      return {
        kind,
        older: readNote(file['older']),
        newer: readNote(file['newer']),
        proof: readHashes(file['proof']),
      };
    case 'duplicity':
      assertMembers(file, ['weftAudit', 'kind', 'agent', 'bundle', 'views']);
      return {
        kind,
        ...readAgent(file),
        views: readList(file['views'], 'views', viewsMax).map((view) => {
          const row = readObject(view, 'a view');
          assertMembers(row, ['checkpoint', 'entries']);
          return readView(row);
        }),
      };
    case 'log-fork':
      assertMembers(file, ['weftAudit', 'kind', 'first', 'second']);
      return { kind, first: readSide(file['first']), second: readSide(file['second']) };
    default:
      return refuse('its "kind" is none that is known here');
  }
}

type JsonRow = Readonly<Record<string, unknown>>;

function agentJson({ agentId, bundle }: Pick<InclusionFile, 'agentId' | 'bundle'>): JsonRow {
  return { agent: formatAgentId(agentId), bundle: toBase64(bundle) };
}

function viewJson({ checkpoint, entries }: LogView): JsonRow {
  return { checkpoint, entries: entries.map(entryJson) };
}

function entryJson({ index, leaf, proof }: ProvenEntry): JsonRow {
  return { index, leaf: toBase64(leaf), proof: proof.map(toBase64) };
}

function sideJson({ checkpoint, entry }: ForkSide): JsonRow {
  return { checkpoint, entry: entry === null ? null : entryJson(entry) };
}

function refuse(why: string): never {
  throw new AuditError('not-a-proof-file', `not a proof file of weft: ${why}`);
}

function readObject(value: unknown, what: string): JsonRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is no object`);
  return value as JsonRow;
}

/** Unknown members would pass unseen by who reads the verdict. */
function assertMembers(row: JsonRow, names: readonly string[]): void {
  const unknown = Object.keys(row).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`"${unknown.slice(0, 40)}" has no place in it`);
}

function readList(value: unknown, what: string, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) refuse(`${what}: expected a list of at most ${max}`);
  return value;
}

function readBase64(value: unknown, what: string, bytesMax: number): Uint8Array {
  const isText = typeof value === 'string' && value.length <= Math.ceil(bytesMax / 3) * 4;
  const bytes = isText ? fromBase64(value) : null;
  if (bytes === null || bytes.length > bytesMax)
    return refuse(`${what}: expected base64 of at most ${bytesMax} bytes`);
  return bytes;
}

function readHashes(value: unknown): Uint8Array[] {
  return readList(value, 'proof', proofHashesMax).map((hash) => {
    const bytes = readBase64(hash, 'hash', hashBytes);
    return bytes.length === hashBytes ? bytes : refuse(`a hash has ${hashBytes} bytes`);
  });
}

function readNote(value: unknown): string {
  if (typeof value !== 'string' || value.length > checkpointCharactersMax)
    return refuse('a checkpoint is a text');
  return value;
}

function readAgent(file: JsonRow): { agentId: Uint8Array; bundle: Uint8Array } {
  const { agent } = file;
  try {
    const agentId = parseAgentId(String(agent));
    // One spelling alone: a file has no second form.
    if (formatAgentId(agentId) === agent)
      return { agentId, bundle: readBase64(file['bundle'], 'bundle', bundleBytesMax) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
  }
  return refuse('"agent" is no agent id');
}

function readView(row: JsonRow): LogView {
  return {
    checkpoint: readNote(row['checkpoint']),
    entries: readList(row['entries'], 'entries', provenEntriesMax).map(readEntry),
  };
}

function readEntry(value: unknown): ProvenEntry {
  const row = readObject(value, 'an entry');
  assertMembers(row, ['index', 'leaf', 'proof']);
  const { index } = row;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
    return refuse('an index is a whole number');
  return { index, leaf: readBase64(row['leaf'], 'leaf', leafBytesMax), proof: readHashes(row['proof']) };
}

function readSide(value: unknown): ForkSide {
  const row = readObject(value, 'a side');
  assertMembers(row, ['checkpoint', 'entry']);
  return {
    checkpoint: readNote(row['checkpoint']),
    entry: row['entry'] === null ? null : readEntry(row['entry']),
  };
}
