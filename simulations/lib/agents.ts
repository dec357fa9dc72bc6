/** Agents of a simulation: their keys come from its seed, and their events are signed by the product's own code. */
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { recordValuesDefault } from '../../src/core/author/record-values.ts';
import { refenceAgent } from '../../src/core/author/refence.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../src/core/author/tombstone.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';
import { validityCodeFor } from '../../src/core/record/durations.ts';
import type { Chance } from './chance.ts';

export interface SimulatedAgent {
  readonly number: number;
  readonly agentId: Uint8Array;
  /** How often its keys were replaced. */
  readonly generation: number;
  readonly state: AgentState;
  readonly bundle: Uint8Array;
}

export interface AgentAuthor {
  born(number: number, nowSeconds: number, validityHours?: number): SimulatedAgent;
  /** The next record under the same keys. */
  updated(agent: SimulatedAgent, nowSeconds: number): SimulatedAgent;
  rotated(agent: SimulatedAgent, nowSeconds: number): SimulatedAgent;
  ended(agent: SimulatedAgent, nowSeconds: number): SimulatedAgent;
  /** What a thief of the rotation key makes of the same state: beside `rotated`, a fork. */
  rival(agent: SimulatedAgent, nowSeconds: number): SimulatedAgent;
}

/** Of a record, where the scenario does not say. */
const validityHoursDefault = 48;

export function createAgentAuthor(chance: Chance): AgentAuthor {
  const signerOf = (number: number, role: string, generation: number): Signer =>
    createNativeSigner(chance.bytes(`agent ${number} ${role} ${generation}`));
  const urlOf = (number: number, version: number): string => `https://agents.example/${number}/${version}`;
  const withState = (agent: Omit<SimulatedAgent, 'state' | 'bundle' | 'agentId'>, state: AgentState) => ({
    ...agent,
    agentId: state.agentId,
    state,
    bundle: encodeState(state),
  });

  function rekeyed(agent: SimulatedAgent, nowSeconds: number, hand: '' | 'stolen '): SimulatedAgent {
    const next = agent.generation + 1;
    const state = rotateAgent({
      state: agent.state,
      rotationSigner: signerOf(agent.number, 'rotation', agent.generation),
      signer: signerOf(agent.number, `${hand}signing`, next),
      nextRotationKey: signerOf(agent.number, `${hand}rotation`, next).publicKey,
      nowSeconds,
    });
    return withState({ ...agent, generation: next }, state);
  }

  return {
    born(number, nowSeconds, validityHours = validityHoursDefault) {
      const state = registerAgent({
        signer: signerOf(number, 'signing', 0),
        rotationKey: signerOf(number, 'rotation', 0).publicKey,
        recoveryKey: signerOf(number, 'recovery', 0).publicKey,
        values: {
          ...recordValuesDefault,
          validityCode: validityCodeFor(validityHours * 3600),
          primary: urlOf(number, 0),
        },
        nowSeconds,
        nonce: chance.bytes(`agent ${number} nonce`).slice(0, 16),
      });
      return withState({ number, generation: 0 }, state);
    },
    updated(agent, nowSeconds) {
      const writer = controllerOf(agent.state.keyState, signerOf(agent.number, 'signing', agent.generation));
      const changes = { primary: urlOf(agent.number, nowSeconds) };
      return withState(agent, refenceAgent({ state: agent.state, writer, changes, nowSeconds }));
    },
    rotated: (agent, nowSeconds) => rekeyed(agent, nowSeconds, ''),
    rival: (agent, nowSeconds) => rekeyed(agent, nowSeconds, 'stolen '),
    ended(agent, nowSeconds) {
      const signer = signerOf(agent.number, 'rotation', agent.generation);
      const state = tombstoneAgent({ state: agent.state, signer, reason: 'keyCompromise', nowSeconds });
      return withState(agent, state);
    },
  };
}
