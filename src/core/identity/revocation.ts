/**
 * Revocations of delegation tokens and credentials (§5): terminal, idempotent, and each proves itself.
 * Decides shape, who may revoke what, and which checks are owed; does not keep them.
 *
 * Wire: dCBOR [body, signature 64, [token, ...]].
 *
 * | item          | what                                                                                       |
 * |---------------|--------------------------------------------------------------------------------------------|
 * | kind          | 0 a delegation token, 1 a credential                                                       |
 * | establishment | 32 B                                                                                       |
 * | target        | 32 B: the token's hash, or the credential's digest                                         |
 * | depth         | who signs: 0 the controller, d the audience of the chain's d-th token                      |
 * | reason        | 0..5, RFC 5280                                                                             |
 * | iat           | seconds                                                                                    |
 * | exp           | seconds: the end of life of the target, after which this may be forgotten                  |
 *
 * The tokens, root first, prove the signer: none at depth 0; up to and including the target for a delegation (any
 * issuer up the chain revokes what is below it); up to the signer, who has `revoke`, for a credential.
 * Signed: "weft/rev/1" ‖ aid ‖ establishment ‖ dCBOR(body).
 */
import { bytesEqual, bytesToHex, concatBytes } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import type { SignatureCheck, Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import { delegationDepthMax, digestBytes, revocationBytesMax, signatureBytes } from '../limits.ts';
import { readArray, readBytes, readInteger, readSeconds } from '../shape.ts';
import type { AgentId } from './agent-id.ts';
import { type Delegation, delegationValue, hasRight, readDelegation } from './delegation.ts';
import { assertDelegationChain, delegationChainChecks } from './delegation-chain.ts';
import { type ReasonCode, readReason, reasonNumber } from './reason-code.ts';

/** In the order of their numbers on the wire. */
export const revocationKinds = ['delegation', 'credential'] as const;
export type RevocationKind = (typeof revocationKinds)[number];

/** What a revocation says before it is signed. */
export interface RevocationBody {
  readonly kind: RevocationKind;
  readonly establishment: Uint8Array;
  readonly target: Uint8Array;
  readonly depth: number;
  readonly reason: ReasonCode;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface Revocation extends RevocationBody {
  readonly signature: Uint8Array;
  readonly chain: readonly Delegation[];
  /** H("weft/rev/1" ‖ bytes). */
  readonly hash: Uint8Array;
  /** The hash in hexadecimal, for maps. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What createRevocation is given: the chain of the table above, empty for the controller. */
export interface RevocationDraft extends RevocationBody {
  readonly agentId: AgentId;
  readonly chain: readonly Delegation[];
  readonly signer: Signer;
}

/** Signs a revocation. Throws `bad-revocation` or `bad-delegation` for one that no peer would accept. */
export function createRevocation(draft: RevocationDraft): Revocation {
  const body = revocationBodyValue(draft);
  const signature = draft.signer.sign(revocationPreimage(draft.agentId, draft));
  const revocation = readRevocation([body, signature, draft.chain.map(delegationValue)]);
  assertRevocation(revocation, draft.agentId);
  return revocation;
}

/** The controller's revocation of a token: it carries the token's end of life, so nothing else need be known. */
export function createDelegationRevocation(options: {
  readonly agentId: AgentId;
  readonly token: Delegation;
  readonly signer: Signer;
  readonly reason: ReasonCode;
  readonly issuedAt: number;
}): Revocation {
  const { token, ...rest } = options;
  return createRevocation({
    ...rest,
    kind: 'delegation',
    establishment: token.establishment,
    target: token.hash,
    depth: 0,
    expiresAt: token.expiresAt,
    chain: [],
  });
}

/** The revocation that a decoded value stands for. Throws `wrong-shape`, or what readDelegation throws for its chain. */
export function readRevocation(value: CborValue): Revocation {
  const [bodyValue, signatureValue, chainValue] = readArray(value, 'revocation', 3);
  const items = readArray(bodyValue, 'revocation body', 7);
  const body: RevocationBody = {
    kind: revocationKinds[readInteger(items[0], 'kind', 0, 1)]!,
    establishment: readBytes(items[1], 'establishment', digestBytes),
    target: readBytes(items[2], 'target', digestBytes),
    depth: readInteger(items[3], 'depth', 0, delegationDepthMax - 1),
    reason: readReason(items[4]),
    issuedAt: readSeconds(items[5], 'iat'),
    expiresAt: readSeconds(items[6], 'exp'),
  };
  const signature = readBytes(signatureValue, 'signature', signatureBytes);
  const tokenValues = readArray(chainValue, 'chain', { max: delegationDepthMax });
  const bytes = encodeCanonical([items, signature, tokenValues]);
  const hash = digest(domain('weft/rev/1'), bytes);
  const chain = tokenValues.map((token) => readDelegation(token));
  return { ...body, signature, chain, hash, key: bytesToHex(hash), bytes };
}

/** The revocation in these bytes. Throws `too-large`, `not-canonical` and what readRevocation throws. */
export function decodeRevocation(bytes: Uint8Array): Revocation {
  return readRevocation(decodeCanonical(bytes, revocationBytesMax));
}

/** The revocation as it stands inside other structures. */
export function revocationValue(revocation: Revocation): CborValue {
  return [revocationBodyValue(revocation), revocation.signature, revocation.chain.map(delegationValue)];
}

/**
 * Everything about who may revoke what, signatures aside.
 * @throws ProtocolError `bad-revocation`, or `bad-delegation` for a chain that does not hold together.
 */
export function assertRevocation(revocation: Revocation, agentId: AgentId): void {
  const { kind, depth, chain, establishment, target } = revocation;
  const refuse = (message: string): never => {
    throw new ProtocolError('bad-revocation', message, { kind, depth });
  };
  if (depth === 0) {
    if (chain.length > 0) refuse('what the controller revokes needs no chain');
    return;
  }
  assertDelegationChain(chain, agentId);
  if (chain.some((token) => !bytesEqual(token.establishment, establishment))) {
    refuse('the chain stands under another key event than the revocation');
  }
  if (kind === 'credential') {
    const signer = chain[depth - 1];
    if (signer === undefined || chain.length !== depth) refuse('the chain ends with the token of the signer');
    else if (!hasRight(signer, 'revoke')) refuse('a delegate revokes credentials by the right "revoke"');
    return;
  }
  const revoked = chain[chain.length - 1];
  if (revoked === undefined || chain.length <= depth)
    refuse('a delegate revokes what is below its own token');
  else if (!bytesEqual(revoked.hash, target)) refuse('the chain ends with the token that is revoked');
  else if (revoked.expiresAt !== revocation.expiresAt) {
    refuse("a revocation carries the end of its target's life");
  }
}

/** The checks that a revocation owes under the establishment's signing key: its own signature first, then its chain. */
export function revocationChecks(
  revocation: Revocation,
  agentId: AgentId,
  controllerKey: Uint8Array,
): SignatureCheck[] {
  const own: SignatureCheck = {
    publicKey: revocation.chain[revocation.depth - 1]?.audience ?? controllerKey,
    message: revocationPreimage(agentId, revocation),
    signature: revocation.signature,
  };
  return [own, ...delegationChainChecks(revocation.chain, agentId, controllerKey)];
}

/** True when this revocation names that token; whether the token below a revoked one stands is for the chain to say. */
export function revokesDelegation(revocation: Revocation, token: Delegation): boolean {
  return (
    revocation.kind === 'delegation' &&
    bytesEqual(revocation.target, token.hash) &&
    bytesEqual(revocation.establishment, token.establishment)
  );
}

function revocationBodyValue(body: RevocationBody): readonly CborValue[] {
  return [
    revocationKinds.indexOf(body.kind),
    body.establishment,
    body.target,
    body.depth,
    reasonNumber(body.reason),
    body.issuedAt,
    body.expiresAt,
  ];
}

function revocationPreimage(agentId: AgentId, body: RevocationBody): Uint8Array {
  const bodyBytes = encodeCanonical(revocationBodyValue(body));
  return concatBytes(domain('weft/rev/1'), agentId, body.establishment, bodyBytes);
}
