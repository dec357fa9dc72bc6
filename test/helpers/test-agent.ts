/** An agent's author for tests: deterministic keys from a label, and its life step by step. */
import { createHash } from 'node:crypto';
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { type RecordChanges, recordValuesDefault } from '../../src/core/author/record-values.ts';
import { refenceAgent } from '../../src/core/author/refence.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import { recoverAgent, rotateAgent } from '../../src/core/author/rekey.ts';
import { tombstoneAgent } from '../../src/core/author/tombstone.ts';
import { updateAgent } from '../../src/core/author/update.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';

const signerByLabel = new Map<string, Signer>();

/** The same label gives the same key. */
export function testSigner(label: string): Signer {
  let signer = signerByLabel.get(label);
  if (signer === undefined) {
    signer = createNativeSigner(new Uint8Array(createHash('sha256').update(`weft test ${label}`).digest()));
    signerByLabel.set(label, signer);
  }
  return signer;
}

export interface TestAgent {
  readonly agentId: Uint8Array;
  readonly label: string;
  readonly state: AgentState;
  /** Which signing, rotation and recovery key are in force: the number of rotations and recoveries so far. */
  readonly generation: number;
  readonly recoveries: number;
}

const keyOf = (agent: { label: string }, role: string, number: number): Signer =>
  testSigner(`${agent.label} ${role} ${number}`);

export const signingKeyOf = (agent: TestAgent): Signer => keyOf(agent, 'signing', agent.generation);

export function bornAgent(label: string, nowSeconds: number, changes: RecordChanges = {}): TestAgent {
  const identity = { label };
  const state = registerAgent({
    signer: keyOf(identity, 'signing', 0),
    rotationKey: keyOf(identity, 'rotation', 0).publicKey,
    recoveryKey: keyOf(identity, 'recovery', 0).publicKey,
    values: {
      ...recordValuesDefault,
      primary: changes.primary ?? `https://example.org/${label.replaceAll(' ', '-')}`,
    },
    nowSeconds,
    nonce: new Uint8Array(createHash('sha256').update(label).digest()).slice(0, 16),
  });
  return { agentId: state.agentId, label, state, generation: 0, recoveries: 0 };
}

export function updated(agent: TestAgent, changes: RecordChanges, nowSeconds: number): TestAgent {
  const writer = controllerOf(agent.state.keyState, signingKeyOf(agent));
  return { ...agent, state: updateAgent({ state: agent.state, writer, changes, nowSeconds }).state };
}

export function refenced(agent: TestAgent, changes: RecordChanges, nowSeconds: number): TestAgent {
  const writer = controllerOf(agent.state.keyState, signingKeyOf(agent));
  return { ...agent, state: refenceAgent({ state: agent.state, writer, changes, nowSeconds }) };
}

export function rotated(agent: TestAgent, nowSeconds: number, branch = ''): TestAgent {
  const next = agent.generation + 1;
  const state = rotateAgent({
    state: agent.state,
    rotationSigner: keyOf(agent, 'rotation', agent.generation),
    signer: keyOf(agent, `signing${branch}`, next),
    nextRotationKey: keyOf(agent, `rotation${branch}`, next).publicKey,
    nowSeconds,
  });
  return { ...agent, state, generation: next };
}

export function recovered(agent: TestAgent, nowSeconds: number): TestAgent {
  const next = agent.generation + 1;
  const state = recoverAgent({
    state: agent.state,
    recoverySigner: keyOf(agent, 'recovery', agent.recoveries),
    signer: keyOf(agent, 'signing', next),
    nextRotationKey: keyOf(agent, 'rotation', next).publicKey,
    nextRecoveryKey: keyOf(agent, 'recovery', agent.recoveries + 1).publicKey,
    lastValues: { ...recordValuesDefault, primary: 'https://example.org/recovered' },
    nowSeconds,
  });
  return { ...agent, state, generation: next, recoveries: agent.recoveries + 1 };
}

export function ended(agent: TestAgent, nowSeconds: number): TestAgent {
  const signer = keyOf(agent, 'rotation', agent.generation);
  return {
    ...agent,
    state: tombstoneAgent({ state: agent.state, signer, reason: 'keyCompromise', nowSeconds }),
  };
}

export const bundleOf = (agent: TestAgent): Uint8Array => encodeState(agent.state);
