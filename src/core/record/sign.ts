/**
 * Signing a fence and an operation: what a controller or a delegate does, and nobody else (§2, §3). Decides nothing
 * about what they say; fence and operation drafts made from a state are in compose.
 */
import { encodeCanonical } from '../cbor.ts';
import { type AgentAddr, type AgentAddrDraft, addrPreimage, type SigningContext } from './agent-addr.ts';
import { createAgentAddr, encodeAgentAddrBody } from './agent-addr-codec.ts';
import { type Operation, type OperationBody, operationPreimage } from './operation.ts';
import { createSignedOperation, operationBodyValue, readOperationBody } from './operation-codec.ts';

/** Signs a record. Throws `bad-argument`, or `bad-url`, when the draft cannot be encoded. */
export function signAgentAddr(draft: AgentAddrDraft, context: SigningContext): AgentAddr {
  const body = encodeAgentAddrBody(draft);
  const message = addrPreimage(body, context.agentId, context.establishment);
  return createAgentAddr(draft, body, context.signer.sign(message));
}

/** Signs an operation. Throws what a peer would answer to such a body: `wrong-shape`, `bad-operation`, `bad-url`. */
export function signOperation(body: OperationBody, context: SigningContext): Operation {
  const value = operationBodyValue(body);
  const checked = readOperationBody(value);
  const message = operationPreimage(encodeCanonical(value), context.agentId, context.establishment);
  return createSignedOperation(checked, context.signer.sign(message));
}
