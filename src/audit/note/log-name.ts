/**
 * The name of a node's log, which is the origin of its checkpoints and the name of its key:
 * `weft/log/<peer id>/<16 hexadecimal digits>`. The peer id has the node's Ed25519 key in it, so a name says whose
 * signature counts; the digits are drawn when the log begins, so that a node whose store was lost does not seem to deny
 * what it logged before.
 */
import { base58btc } from 'multiformats/bases/base58';
import { bytesEqual, concatBytes } from '../../core/bytes.ts';
import { AuditError } from '../audit-error.ts';
import type { NoteKey } from './signed-note.ts';

/** Of one log. */
export interface LogName {
  /** As libp2p writes it. */
  readonly peer: string;
  /** 16 hexadecimal digits. */
  readonly logId: string;
}

export const logIdBytes = 8;
/** An identity multihash of a public key as libp2p encodes it: Ed25519, 32 bytes. */
const peerIdPrefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const keyLength = 32;
const form = /^weft\/log\/([1-9A-HJ-NP-Za-km-z]{44,60})\/([0-9a-f]{16})$/;

export function formatLogName({ peer, logId }: LogName): string {
  return `weft/log/${peer}/${logId}`;
}

/** @throws AuditError `bad-note` for another origin, such as that of a log of another kind. */
export function parseLogName(origin: string): LogName & { readonly key: NoteKey } {
  const [, peer, logId] = form.exec(origin) ?? [];
  const publicKey = peer === undefined ? null : publicKeyOfPeer(peer);
  if (peer === undefined || logId === undefined || publicKey === null)
    throw new AuditError(
      'bad-note',
      'the checkpoint is not that of a weft node: its origin is no name of one',
    );
  return { peer, logId, key: { name: origin, publicKey } };
}

/** The Ed25519 key in a peer id; null when there is none. */
export function publicKeyOfPeer(peer: string): Uint8Array | null {
  try {
    const bytes = base58btc.baseDecode(peer);
    const isEd25519 =
      bytes.length === peerIdPrefix.length + keyLength &&
      bytesEqual(bytes.subarray(0, peerIdPrefix.length), peerIdPrefix);
    return isEd25519 ? bytes.slice(peerIdPrefix.length) : null;
  } catch {
    return null;
  }
}

export function peerOfPublicKey(publicKey: Uint8Array): string {
  return base58btc.baseEncode(concatBytes(peerIdPrefix, publicKey));
}
