/** Deterministic controllers and logs for the identity tests: every key is a seed's, every time a constant. */
import { sha256 } from '@noble/hashes/sha2.js';
import { createSigner, type Signer } from '../../../src/core/ed25519.ts';
import type { AgentId } from '../../../src/core/identity/agent-id.ts';
import { chooseLog, type KeyState } from '../../../src/core/identity/fork-choice.ts';
import { inceptionAgentId, type KeyEvent, type ReasonCode } from '../../../src/core/identity/key-event.ts';
import {
  createInception,
  createRecovery,
  createRotation,
  createTombstone,
} from '../../../src/core/identity/key-events.ts';

export const startSeconds = 1_790_000_000;

const signerByName = new Map<string, Signer>();

/** The signer of that name, the same in every run. */
export function signerNamed(name: string): Signer {
  let signer = signerByName.get(name);
  if (signer === undefined) {
    signer = createSigner(sha256(new TextEncoder().encode(`weft test key ${name}`)));
    signerByName.set(name, signer);
  }
  return signer;
}

/** A controller whose keys are named: `sign 0`, `rotate 0`, `recover 0` and so on. */
export interface Controller {
  readonly agentId: AgentId;
  readonly inception: KeyEvent;
  key(name: string): Signer;
  stateOf(...events: readonly KeyEvent[]): KeyState;
  /** `rot` from rotation key `from` to `sign to` and `rotate to`. */
  rotate(state: KeyState, from: string, to: string): KeyEvent;
  recover(state: KeyState, from: string, to: string, prior?: KeyEvent): KeyEvent;
  end(state: KeyState, keyName: string, reason?: ReasonCode): KeyEvent;
}

export function createController(
  name: string,
  options: { readonly rotates?: boolean; readonly recovers?: boolean } = {},
): Controller {
  const key = (keyName: string): Signer => signerNamed(`${name} ${keyName}`);
  const inception = createInception({
    signer: key('sign 0'),
    rotationKey: options.rotates === false ? null : key('rotate 0').publicKey,
    recoveryKey: options.recovers === false ? null : key('recover 0').publicKey,
    issuedAt: startSeconds,
    nonce: sha256(new TextEncoder().encode(name)).slice(0, 16),
  });
  const agentId = inceptionAgentId(inception);
  return {
    agentId,
    inception,
    key,
    stateOf: (...events) => chooseLog(agentId, [inception, ...events]),
    rotate: (state, from, to) =>
      createRotation({
        state,
        rotationSigner: key(`rotate ${from}`),
        signingKey: key(`sign ${to}`).publicKey,
        nextRotationKey: key(`rotate ${to}`).publicKey,
        issuedAt: startSeconds + state.sequence + 1,
      }),
    recover: (state, from, to, prior) =>
      createRecovery({
        state,
        ...(prior === undefined ? {} : { prior }),
        recoverySigner: key(`recover ${from}`),
        signingKey: key(`sign ${to}`).publicKey,
        nextRotationKey: key(`rotate ${to}`).publicKey,
        nextRecoveryKey: key(`recover ${to}`).publicKey,
        issuedAt: startSeconds + 1000,
      }),
    end: (state, keyName, reason = 'cessationOfOperation') =>
      createTombstone({ state, signer: key(keyName), reason, issuedAt: startSeconds + 2000 }),
  };
}
