/** Which structure of the protocol some bytes are meant to be, by how they begin (docs/protocol.cddl). */
import { addrBytesMax, addrHeaderBytes, signatureBytes } from '../../core/limits.ts';

export const structures = [
  'agent-addr',
  'key-event',
  'bundle',
  'delegation',
  'operation',
  'revocation',
  'announcement',
  'capabilities',
  'name-record',
] as const;
export type Structure = (typeof structures)[number];

/** Heads of CBOR arrays by their length. */
const arrayOf = (length: number): number => 0x80 + length;
/** Head of a byte string of 16. */
const bytes16 = 0x50;

/** The structure that begins like this, or null. A damaged one is still recognised while its first bytes stand. */
export function recognise(bytes: Uint8Array): Structure | null {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first >> 6 === 1 && bytes.length >= addrHeaderBytes + signatureBytes && bytes.length <= addrBytesMax)
    return 'agent-addr';
  if (first === arrayOf(7) && second === 1) return 'bundle';
  if (first === arrayOf(3)) {
    if (second === arrayOf(7)) return 'revocation';
    if (second === arrayOf(4)) return 'capabilities';
    return second === 1 ? 'announcement' : null;
  }
  if (first === arrayOf(4) && second === arrayOf(5) && third === 1) return 'name-record';
  if (first !== arrayOf(2)) return null;
  if (second === arrayOf(10)) return 'delegation';
  if (second === arrayOf(9) && fourth === bytes16) return 'operation';
  return second >= arrayOf(7) && second <= arrayOf(9) && third <= 0x17 ? 'key-event' : null;
}
