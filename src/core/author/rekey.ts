/**
 * New keys: rotation and recovery (§1), each together with a new fence, so that no reader is left with a key and no
 * record (§4). Decides where a recovery stands; does not create keys.
 */
import type { Signer } from '../ed25519.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import type { KeyEvent } from '../identity/key-event.ts';
import { createRecovery, createRotation } from '../identity/key-events.ts';
import type { KeyState } from '../identity/key-state.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import { emptyRecord } from '../record/record-state.ts';
import { signFence } from './fence.ts';
import { type RecordValues, recordValuesOf } from './record-values.ts';
import { controllerOf } from './writer.ts';

interface RekeyDraft {
  readonly state: AgentState;
  /** The new signing key. */
  readonly signer: Signer;
  /** Public key of the next rotation. */
  readonly nextRotationKey: Uint8Array;
  /** What the record says when the state has no fence (forked, ended); null: the new keys stand without a record. */
  readonly lastValues?: RecordValues | null;
  readonly nowSeconds: number;
}

export interface RotateDraft extends RekeyDraft {
  /** The key that the head of the log commits to; it is spent by this. */
  readonly rotationSigner: Signer;
}

export interface RecoverDraft extends RekeyDraft {
  readonly recoverySigner: Signer;
  /** Public key of the next recovery; a fresh one. */
  readonly nextRecoveryKey: Uint8Array;
  /** The event that the recovery stands on; the start of the current generation when left out. */
  readonly prior?: KeyEvent;
}

/** The state after a rotation with its fence. Everything that the old key signed is void. @throws what createRotation throws. */
export function rotateAgent(draft: RotateDraft): AgentState {
  const { state, rotationSigner, signer, nextRotationKey, nowSeconds } = draft;
  const event = createRotation({
    state: state.keyState,
    rotationSigner,
    signingKey: signer.publicKey,
    nextRotationKey,
    issuedAt: nowSeconds,
  });
  return rekey(draft, event);
}

/**
 * The state after a recovery with its fence, also out of a fork and from under a tombstone by rotation key.
 * It stands on the start of the generation: no rotation of a stolen key, made before or after, can fork the path to it.
 * @throws what createRecovery throws.
 */
export function recoverAgent(draft: RecoverDraft): AgentState {
  const { state, recoverySigner, signer, nextRotationKey, nextRecoveryKey, nowSeconds } = draft;
  const event = createRecovery({
    state: state.keyState,
    prior: draft.prior ?? generationStart(state.keyState),
    recoverySigner,
    signingKey: signer.publicKey,
    nextRotationKey,
    nextRecoveryKey,
    issuedAt: nowSeconds,
  });
  return rekey(draft, event);
}

/** The last event that a recovery key, or the birth of the agent, put on the chain. */
export function generationStart({ chain }: KeyState): KeyEvent {
  return chain.findLast((event) => event.body.type === 'icp' || event.body.type === 'rec')!;
}

function rekey(draft: RekeyDraft, event: KeyEvent): AgentState {
  const { state, signer, lastValues = null, nowSeconds } = draft;
  const { agentId } = state;
  const keyState = chooseLog(agentId, [...state.keyState.retained, event]);
  const values = recordValuesOf(state) ?? lastValues;
  const writer = controllerOf(keyState, signer);
  const fence = values === null ? {} : signFence({ keyState, writer, values, held: null, nowSeconds });
  return joinStates(state, { agentId, keyState, ...emptyRecord, ...fence }, nowSeconds).state;
}
