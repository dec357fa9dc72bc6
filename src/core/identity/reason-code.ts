/** Why something was revoked: RFC 5280's names (§1), a number on the wire. */
import type { CborValue } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import { readInteger } from '../shape.ts';

/** In the order of their numbers, 0 to 5. */
export const reasonCodes = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const;

export type ReasonCode = (typeof reasonCodes)[number];

/** The number on the wire, 0 to 5. Throws `bad-argument` on an unknown name. */
export function reasonNumber(reason: ReasonCode): number {
  const number = reasonCodes.indexOf(reason);
  if (number < 0) throw new ProtocolError('bad-argument', `a reason is one of: ${reasonCodes.join(', ')}`);
  return number;
}

/** The inverse of reasonNumber; throws `wrong-shape`. */
export function readReason(value: CborValue | undefined): ReasonCode {
  return reasonCodes[readInteger(value, 'reason', 0, reasonCodes.length - 1)]!;
}
