/**
 * A grant as it travels by hand (§7): the tokens that lead from the controller to whoever holds it, root first. It says of
 * which agent it is and proves itself beside that agent's key log. Decides shape; whether it holds is delegation-standing's.
 *
 * | item    | dCBOR                        | at most |
 * |---------|------------------------------|---------|
 * | version | 1                            |         |
 * | chain   | [token, ...], 1 to 3 of them | 1 KiB in all |
 *
 * Text: `weft-grant:` and the bytes in base64url without padding.
 */
import { base64url } from 'multiformats/bases/base64';
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import { delegationDepthMax, grantBytesMax } from '../limits.ts';
import { readArray, readInteger } from '../shape.ts';
import type { AgentId } from './agent-id.ts';
import { type Delegation, delegationValue, readDelegation } from './delegation.ts';
import { assertDelegationChain } from './delegation-chain.ts';

export interface Grant {
  readonly agentId: AgentId;
  /** Root first, 1 to 3. */
  readonly chain: readonly Delegation[];
  /** The last of the chain: what is granted, and to which key. */
  readonly token: Delegation;
  readonly bytes: Uint8Array;
}

const version = 1;
const textPrefix = 'weft-grant:';
/** Four characters for three bytes. */
const textLengthMax = textPrefix.length + Math.ceil((grantBytesMax * 4) / 3);

/** The grant of these tokens, root first. @throws ProtocolError `bad-delegation`, `wrong-shape` for none. */
export function createGrant(chain: readonly Delegation[]): Grant {
  const [root] = chain;
  const token = chain.at(-1);
  if (root === undefined || token === undefined)
    throw new ProtocolError('wrong-shape', 'a grant has at least one token');
  assertDelegationChain(chain, root.issuer);
  const bytes = encodeCanonical([version, chain.map(delegationValue)]);
  return { agentId: root.issuer, chain, token, bytes };
}

/** @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`, `bad-delegation`. */
export function decodeGrant(bytes: Uint8Array): Grant {
  const [versionValue, chain] = readArray(decodeCanonical(bytes, grantBytesMax), 'grant', 2);
  readInteger(versionValue, 'version', version, version);
  const tokens = readArray(chain, 'chain', { max: delegationDepthMax }).map((token) => readDelegation(token));
  return createGrant(tokens);
}

/** What is passed on: `weft-grant:…`. */
export function formatGrant({ bytes }: Pick<Grant, 'bytes'>): string {
  return textPrefix + base64url.baseEncode(bytes);
}

/** The grant in a text, white space around it left aside. @throws ProtocolError, `wrong-shape` for what is none. */
export function parseGrant(text: string): Grant {
  const trimmed = text.trim();
  if (trimmed.startsWith(textPrefix) && trimmed.length <= textLengthMax) {
    let bytes: Uint8Array | null = null;
    try {
      bytes = base64url.baseDecode(trimmed.slice(textPrefix.length));
    } catch {
      // Not base64url: the same answer as for another text.
    }
    // One text for one grant: no padding, nothing in the bits that are left.
    if (bytes !== null && formatGrant({ bytes }) === trimmed) return decodeGrant(bytes);
  }
  throw new ProtocolError('wrong-shape', `a grant is a text that begins with ${textPrefix}`);
}
