/**
 * Checkpoints (C2SP tlog-checkpoint): the origin, the size and the root of a tree as a signed note. Each of those here is
 * signed by the node whose peer id is in the origin; other signatures beside it are let be.
 */
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { AuditError } from '../audit-error.ts';
import { hashBytes } from '../merkle/tree-hash.ts';
import type { TreeHead } from '../merkle/verify-proof.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { parseLogName } from './log-name.ts';
import { noteCheck, parseNote, signNote } from './signed-note.ts';

export interface Checkpoint extends TreeHead {
  /** The name of the log. */
  readonly origin: string;
  /** Of the node that signed. */
  readonly peer: string;
  readonly logId: string;
  /** As it was signed, to pass on. */
  readonly note: string;
}

/** A checkpoint of a weft log with one signature has about 330 characters; witnesses may add theirs. */
export const checkpointCharactersMax = 4096;

/** True when a signature holds. */
export type CheckSignature = (check: SignatureCheck) => boolean;

export function signCheckpoint(origin: string, { size, root }: TreeHead, signer: Signer): string {
  return signNote(`${origin}\n${size}\n${toBase64(root)}\n`, origin, signer);
}

/** The origin, size and root of any log's checkpoint; nothing is verified. @throws AuditError `bad-note`. */
export function parseCheckpointText(text: string): TreeHead & { readonly origin: string } {
  const [origin = '', size = '', encodedRoot = '', ...extensions] = text.split('\n').slice(0, -1);
  const root = fromBase64(encodedRoot);
  const isSound =
    origin !== '' &&
    /^(0|[1-9][0-9]{0,15})$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    root?.length === hashBytes &&
    !extensions.includes('');
  if (!isSound)
    throw new AuditError('bad-note', 'not a checkpoint: it begins with an origin, a size and a root');
  return { origin, size: Number(size), root };
}

/**
 * A checkpoint that the node named in its origin signed.
 * @throws AuditError `bad-note`, `wrong-signer`.
 */
export function openCheckpoint(note: string, check: CheckSignature): Checkpoint {
  if (note.length > checkpointCharactersMax)
    throw new AuditError('bad-note', `a checkpoint has at most ${checkpointCharactersMax} characters`);
  const parsed = parseNote(note);
  const head = parseCheckpointText(parsed.text);
  const { peer, logId, key } = parseLogName(head.origin);
  const owed = noteCheck(parsed, key);
  if (owed === null || !check(owed))
    throw new AuditError('wrong-signer', 'the checkpoint is not signed by the node that its origin names');
  return { ...head, peer, logId, note };
}
