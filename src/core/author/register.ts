/**
 * The birth of an agent (§1): an inception and its first fence. Decides that both are made together.
 */
import type { Signer } from '../ed25519.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { inceptionAgentId } from '../identity/key-event.ts';
import { createInception } from '../identity/key-events.ts';
import type { AgentState } from '../record/agent-state.ts';
import { emptyRecord } from '../record/record-state.ts';
import { signFence } from './fence.ts';
import type { RecordValues } from './record-values.ts';
import { controllerOf } from './writer.ts';

/** Public keys of the commitments; without a rotation key the agent is ephemeral. */
export interface RegisterDraft {
  readonly signer: Signer;
  readonly rotationKey: Uint8Array | null;
  readonly recoveryKey: Uint8Array | null;
  readonly values: RecordValues;
  readonly nowSeconds: number;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}

/** A new agent with its first record. @throws ProtocolError `bad-url`, `bad-argument`. */
export function registerAgent(draft: RegisterDraft): AgentState {
  const { signer, rotationKey, recoveryKey, values, nowSeconds, nonce } = draft;
  const inception = createInception({ signer, rotationKey, recoveryKey, issuedAt: nowSeconds, nonce });
  const agentId = inceptionAgentId(inception);
  const keyState = chooseLog(agentId, [inception]);
  const writer = controllerOf(keyState, signer);
  return {
    agentId,
    keyState,
    ...emptyRecord,
    ...signFence({ keyState, writer, values, held: null, nowSeconds }),
  };
}
