/**
 * Wire form of bundles (§2), at most 48 KiB. Decides shape; not whether the parts belong together.
 *
 * | item        | dCBOR                                  | at most |
 * |-------------|----------------------------------------|---------|
 * | version     | 1                                      |         |
 * | addr        | bytes of the AgentAddr, or null        | 120 B   |
 * | urls        | [text, ...]                            | 3       |
 * | key events  | [[body, signature], ...]               | 96      |
 * | delegations | [[body, signature], ...]               | 8       |
 * | operations  | [[body, signature], ...]               | 64      |
 * | revocations | [[body, signature, [token, ...]], ...] | 16      |
 */
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import { delegationValue, readDelegation } from '../identity/delegation.ts';
import { keyEventValue, readKeyEvent } from '../identity/key-event-codec.ts';
import { readRevocation, revocationValue } from '../identity/revocation.ts';
import {
  addrBytesMax,
  bundleBytesMax,
  bundleDelegationsMax,
  bundleRevocationsMax,
  keyLogRetainedEventsMax,
  operationsMax,
  urlBytesMax,
  urlsMax,
} from '../limits.ts';
import { readArray, readBytes, readInteger, readText } from '../shape.ts';
import { decodeAgentAddr } from './agent-addr-codec.ts';
import type { Bundle } from './bundle.ts';
import { operationValue, readOperation } from './operation-codec.ts';

const bundleVersion = 1;

/** Canonical bytes. The caller keeps the bounds of the table; a joined state keeps them by construction. */
export function encodeBundle(bundle: Bundle): Uint8Array {
  return encodeCanonical([
    bundleVersion,
    bundle.addr === null ? null : bundle.addr.bytes,
    bundle.urls,
    bundle.keyEvents.map(keyEventValue),
    bundle.delegations.map(delegationValue),
    bundle.operations.map(operationValue),
    bundle.revocations.map(revocationValue),
  ]);
}

/**
 * The bundle in these bytes.
 * @throws ProtocolError `too-large`, `not-canonical`, `wrong-version`, `wrong-shape`, and what the parts' readers throw.
 */
export function decodeBundle(bytes: Uint8Array): Bundle {
  const items = readArray(decodeCanonical(bytes, bundleBytesMax), 'bundle', { max: 7 });
  const version = readInteger(items[0], 'version', 0, 0xffff_ffff);
  if (version !== bundleVersion) {
    throw new ProtocolError('wrong-version', `bundle version ${version} is not known here`, { version });
  }
  const [, addr, urls, keyEvents, delegations, operations, revocations] = readArray(items, 'bundle', 7);
  return {
    addr: addr === null ? null : decodeAgentAddr(readBytes(addr, 'addr', { max: addrBytesMax })),
    urls: readArray(urls, 'urls', { max: urlsMax }).map((url) => readText(url, 'url', urlBytesMax)),
    keyEvents: readArray(keyEvents, 'key events', { max: keyLogRetainedEventsMax }).map(readKeyEvent),
    delegations: readArray(delegations, 'delegations', { max: bundleDelegationsMax }).map(readDelegation),
    operations: readArray(operations, 'operations', { max: operationsMax }).map(readOperation),
    revocations: readArray(revocations, 'revocations', { max: bundleRevocationsMax }).map(readRevocation),
  };
}
