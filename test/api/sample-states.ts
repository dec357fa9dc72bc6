/** The agent of the recorded node at later points of its life. */
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../src/core/author/tombstone.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { chooseLog } from '../../src/core/identity/fork-choice.ts';
import { type AgentState, joinStates } from '../../src/core/record/agent-state.ts';
import { emptyRecord } from '../../src/core/record/record-state.ts';
import { sampleState } from './recorded-node.ts';

const key = (fill: number) => createSigner(new Uint8Array(32).fill(fill));

/** Signing keys by their place in the log. */
export const sampleKeys = [key(1).publicKey, key(4).publicKey] as const;

/** Born at that time, rotated an hour later. @param next tells rotations apart: two of one state are duplicity */
export function rotatedState(bornSeconds: number, next = 5): AgentState {
  return rotateAgent({
    state: sampleState(bornSeconds),
    rotationSigner: key(2),
    signer: key(4),
    nextRotationKey: key(next).publicKey,
    nowSeconds: bornSeconds + 3600,
  });
}

/** Ended two hours after its birth. */
export function endedState(bornSeconds: number): AgentState {
  return tombstoneAgent({
    state: rotatedState(bornSeconds),
    signer: key(5),
    reason: 'cessationOfOperation',
    nowSeconds: bornSeconds + 7200,
  });
}

/** Rotated twice from one place. */
export function forkedState(bornSeconds: number): AgentState {
  const [one, other] = [rotatedState(bornSeconds, 5), rotatedState(bornSeconds, 6)];
  const { agentId } = one;
  const keyState = chooseLog(agentId, [...one.keyState.retained, ...other.keyState.retained]);
  return joinStates(null, { agentId, keyState, ...emptyRecord }, bornSeconds + 3600).state;
}
