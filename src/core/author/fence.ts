/**
 * Composes a fence: values become pointers and a side-car, then a signed AgentAddr (§2, §3).
 * Decides which pointer kind is used and which iat; does not decide what the values are.
 */
import { ProtocolError } from '../errors.ts';
import type { KeyState } from '../identity/key-state.ts';
import { addrPointersBytesMax, clockSkewSecondsMax } from '../limits.ts';
import type { AgentAddr } from '../record/agent-addr.ts';
import { type PointerField, pointerFields } from '../record/field.ts';
import { noPointer, type Pointer, type Pointers, urlDigest } from '../record/pointer.ts';
import { signAgentAddr } from '../record/sign.ts';
import { assertUrl } from '../record/url.ts';
import type { RecordValues } from './record-values.ts';
import { signingContext, type Writer } from './writer.ts';

export interface FenceDraft {
  readonly keyState: KeyState;
  readonly writer: Writer;
  readonly values: RecordValues;
  /** The fence held on this establishment, which the new one follows; null for the first. */
  readonly held: AgentAddr | null;
  readonly nowSeconds: number;
}

export interface Fence {
  readonly addr: AgentAddr;
  /** The side-car: the URL of each digest pointer, in field order. */
  readonly urls: readonly string[];
}

/** Signs a fence that says these values. @throws ProtocolError `bad-url`, `bad-argument`, `from-the-future`. */
export function signFence(draft: FenceDraft): Fence {
  const { keyState, writer, values, held, nowSeconds } = draft;
  const { pointers, urls } = composePointers(values);
  const addr = signAgentAddr(
    {
      epoch: keyState.sequence,
      slot: writer.slot,
      ttlCode: values.ttlCode,
      validityCode: values.validityCode,
      issuedAt: nextIssuedAt(held, writer.slot, nowSeconds),
      pointers,
    },
    { ...signingContext(keyState), signer: writer.signer },
  );
  return { addr, urls };
}

/** The pointers of these values: a lone short URL stands in the record itself, others go by digest with a side-car. */
function composePointers(values: RecordValues): {
  readonly pointers: Pointers;
  readonly urls: readonly string[];
} {
  const present = pointerFields.filter((field) => values[field] !== null);
  const urls: string[] = [];
  const compose = (field: PointerField): Pointer => {
    const value = values[field];
    if (value === null) return noPointer;
    if (value instanceof Uint8Array) return { kind: 'blinded', digest: value };
    assertUrl(value, field);
    if (present.length === 1 && value.length <= addrPointersBytesMax) return { kind: 'inline', url: value };
    if (!urls.includes(value)) urls.push(value);
    return { kind: 'digest', digest: urlDigest(field, value) };
  };
  const [primary, privatePointer, adaptive] = pointerFields.map(compose);
  return { pointers: { primary: primary!, private: privatePointer!, adaptive: adaptive! }, urls };
}

/**
 * max(now, held + 1) (§3); the controller may reuse a delegate's iat, since the lower slot wins the tie.
 * @throws ProtocolError `from-the-future` when that would be so far ahead that peers refuse it.
 */
function nextIssuedAt(held: AgentAddr | null, slot: number, nowSeconds: number): number {
  if (held === null) return nowSeconds;
  const earliest = slot === 0 && held.slot !== 0 ? held.issuedAt : held.issuedAt + 1;
  if (earliest <= nowSeconds + clockSkewSecondsMax) return Math.max(nowSeconds, earliest);
  const secondsAhead = earliest - nowSeconds;
  throw new ProtocolError(
    'from-the-future',
    'the held fence is ahead of the clock: check the clock or wait',
    {
      secondsAhead,
    },
  );
}
