/** An agent with named keys, and a stranger's peer that judges what its author made. */
import { sha256 } from '@noble/hashes/sha2.js';
import { type RecordValues, recordValuesDefault } from '../../../src/core/author/record-values.ts';
import { registerAgent } from '../../../src/core/author/register.ts';
import { createSigner, type Signer, verifyAdmitted } from '../../../src/core/ed25519.ts';
import { allFields, rightBits } from '../../../src/core/identity/delegation.ts';
import { admitBundle } from '../../../src/core/record/admission.ts';
import { type AgentState, encodeState, joinStates } from '../../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../../src/core/record/bundle-codec.ts';

export const startSeconds = 1_790_000_000;
export const allRecordFields = allFields;
export const opRight = rightBits.op;
export const publishRight = rightBits.publish;

const signerByName = new Map<string, Signer>();

/** The signer of that name, the same in every run. */
export function signerNamed(name: string): Signer {
  let signer = signerByName.get(name);
  if (signer === undefined) {
    signer = createSigner(sha256(new TextEncoder().encode(`weft author ${name}`)));
    signerByName.set(name, signer);
  }
  return signer;
}

export const values: RecordValues = {
  ...recordValuesDefault,
  primary: 'https://facts.example/primary',
  private: 'https://facts.example/private',
  adaptive: 'https://resolver.example/dispatch',
};

/** A registered agent whose keys are `sign 0`, `rotate 0`, `recover 0`. */
export function registered(
  options: { readonly ephemeral?: boolean; readonly values?: RecordValues } = {},
): AgentState {
  const isEphemeral = options.ephemeral === true;
  return registerAgent({
    signer: signerNamed('sign 0'),
    rotationKey: isEphemeral ? null : signerNamed('rotate 0').publicKey,
    recoveryKey: isEphemeral ? null : signerNamed('recover 0').publicKey,
    values: options.values ?? values,
    nowSeconds: startSeconds,
    nonce: new Uint8Array(16).fill(7),
  });
}

/**
 * What a peer that holds `held` has after these bytes arrive: every check, then the join. Throws the refusal.
 * The accepted state must be what its own encoding says.
 */
export function accept(held: AgentState | null, sent: AgentState, nowSeconds: number): AgentState {
  const admission = admitBundle(decodeBundle(encodeState(sent)), sent.agentId, nowSeconds, held);
  for (const check of admission.checks)
    if (!verifyAdmitted(check)) throw new Error('a signature does not hold');
  return joinStates(held, admission.state, nowSeconds).state;
}
