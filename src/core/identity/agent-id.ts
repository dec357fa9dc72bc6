/**
 * The name of an agent: the 32-byte hash of its inception event (§1), never of a key.
 * Decides the text forms; does not know what is hashed (key-event).
 */
import { bytesToHex, fromBase32, hexToBytes, toBase32 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { digestBytes } from '../limits.ts';
import { remembered } from '../remembered.ts';

/** 32 bytes: H("weft/kel/1" ‖ dCBOR(icp body)). */
export type AgentId = Uint8Array;

const textPrefix = 'nanda:';
const didPrefix = 'did:nanda:';
/** 256 bits in base32 without padding. */
const base32Length = 52;

/** `nanda:` and 52 characters of lower case base32. */
export function formatAgentId(id: AgentId): string {
  return textPrefix + toBase32(id);
}

/** `did:nanda:` and the same 52 characters. */
export function formatAgentDid(id: AgentId): string {
  return didPrefix + toBase32(id);
}

/** The inverse of both text forms; the bare 52 characters do as well. Throws `bad-argument` on anything else. */
export function parseAgentId(text: string): AgentId {
  const prefix = [didPrefix, textPrefix].find((candidate) => text.startsWith(candidate)) ?? '';
  const encoded = text.slice(prefix.length);
  try {
    if (encoded.length === base32Length) {
      const id = fromBase32(encoded);
      if (id.length === digestBytes) return id;
    }
  } catch {
    // Not base32: the same answer as for a wrong length.
  }
  throw new ProtocolError(
    'bad-argument',
    'an agent id is "nanda:" followed by 52 characters of lower case base32',
    {
      textLength: text.length,
    },
  );
}

/** 64 hexadecimal digits: the form for maps and store keys. */
export const agentKey: (id: AgentId) => string = remembered(bytesToHex);

/** The inverse of agentKey. Throws `bad-argument` on anything else. */
export function agentIdFromKey(key: string): AgentId {
  if (!/^[0-9a-f]{64}$/.test(key)) {
    throw new ProtocolError('bad-argument', 'an agent key is 64 lower case hexadecimal digits');
  }
  return hexToBytes(key);
}
