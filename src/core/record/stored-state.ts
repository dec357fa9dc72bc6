/** Bundles that need no judgement: what this peer encoded itself, and the part of a bundle that only moves authority. */
import { chooseLog } from '../identity/fork-choice.ts';
import { remembered } from '../remembered.ts';
import { agentIdOfBundle } from './admission.ts';
import { type AgentState, createState } from './agent-state.ts';
import type { Bundle } from './bundle.ts';
import { decodeBundle } from './bundle-codec.ts';
import { emptyRecord } from './record-state.ts';

/** The state that encodeState made these bytes of; its signatures held when it was stored. @throws ProtocolError. */
export const decodeState = remembered((bytes: Uint8Array): AgentState => {
  const bundle = decodeBundle(bytes);
  return createState(chooseLog(agentIdOfBundle(bundle), bundle.keyEvents), bundle);
});

/** Key log and revocations of a bundle, without its record. */
export function authorityBundle(bundle: Bundle): Bundle {
  return { ...emptyRecord, keyEvents: bundle.keyEvents, revocations: bundle.revocations };
}
