/**
 * Calls between agents that both sides check: each message carries a signature by the key that the network shows for the
 * agent *now*. A stolen key stops working as soon as the agent is rotated or revoked, and nobody keeps a list of keys.
 */
import { formatAgentId, isAdmissiblePublicKey, parseAgentId, type Signer, verifyAdmitted } from 'weft/core';
import type { LightNode } from 'weft/light';

const oldestSeconds = 60;
const purpose = 'example/call/1';

/** Who speaks, when, to whom, and the proof of it. */
export interface Proof {
  readonly agent: string;
  readonly atSeconds: number;
  readonly signature: string;
}

/** What is signed: a text that says all of it, so that no part can be moved into another call. */
function signedBytes(agent: string, audience: string, atSeconds: number, body: string): Uint8Array {
  return new TextEncoder().encode([purpose, agent, audience, atSeconds, body].join('\n'));
}

/** @param audience the agent that is spoken to. */
export function prove(signer: Signer, agentId: Uint8Array, audience: string, body: string): Proof {
  const agent = formatAgentId(agentId);
  const atSeconds = Math.floor(Date.now() / 1000);
  const signature = signer.sign(signedBytes(agent, audience, atSeconds, body));
  return { agent, atSeconds, signature: Buffer.from(signature).toString('hex') };
}

/** Null when the proof holds; else why not. */
export async function doubt(
  light: LightNode,
  proof: Proof,
  audience: string,
  body: string,
): Promise<string | null> {
  if (Math.abs(Date.now() / 1000 - proof.atSeconds) > oldestSeconds) return 'the proof is too old';
  const { status, state } = await light.resolve(parseAgentId(proof.agent));
  const publicKey = state?.keyState.signingKey ?? null;
  if (status !== 'ok' || publicKey === null) return `the agent is ${status}`;
  const message = signedBytes(proof.agent, audience, proof.atSeconds, body);
  const signature = new Uint8Array(Buffer.from(proof.signature, 'hex'));
  const holds = isAdmissiblePublicKey(publicKey) && verifyAdmitted({ publicKey, message, signature });
  return holds ? null : 'the signature does not hold';
}
