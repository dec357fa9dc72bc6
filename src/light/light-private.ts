/**
 * The private path for an embedding program: the same answers, and nobody learns who asks for what. Nothing of it is watched
 * or noted as used: that would tell the full nodes. Source: docs/protocol.md §7.
 */
import { isProtocolError } from '../core/errors.ts';
import type { PeerConfig } from '../core/peer/peer-config.ts';
import type { DriverPorts } from '../driver/driver.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { KeyAgreement } from '../ports/key-agreement.ts';
import type { PrivateCalls, PrivateResolveOptions } from '../private/path-types.ts';
import { createPrivatePath, type PrivatePath } from '../private/private-path.ts';
import { agentIdOf } from './agent-name.ts';
import type { Contact } from './contact.ts';
import type { Lifecycle } from './lifecycle.ts';
import { LightNodeError } from './light-error.ts';
import { lightRecordOf } from './light-record.ts';
import type { AgentName, LightNode } from './light-types.ts';

/** Around the overlay of a light node, which asks and never relays. */
export function createLightPath(
  { overlay, store, verifier, clock }: DriverPorts,
  given: {
    readonly agreement: KeyAgreement;
    readonly entropy: Entropy;
    readonly config: PeerConfig;
    readonly seed: Uint8Array;
  },
): PrivatePath {
  const { config, ...rest } = given;
  return createPrivatePath({
    ...{ overlay, store, verifier, clock, ...rest },
    counted: () => {},
    settings: { ...config, relays: false, contentBytesMax: 0 },
  });
}

/** The calls in the terms of a light node. */
export function createLightPrivate(
  calls: PrivateCalls,
  contact: Contact,
  guarded: Lifecycle['guarded'],
): Pick<LightNode, 'resolvePrivately' | 'fetchFactsPrivately'> {
  function explained(error: unknown): unknown {
    if (!isProtocolError(error, 'no-usable-answers')) return error;
    const code = contact.isConnected ? 'no-usable-answers' : 'offline';
    return new LightNodeError(code, error.message, { cause: error });
  }
  return {
    resolvePrivately: guarded(async (agent: AgentName, options?: PrivateResolveOptions) => {
      try {
        const resolution = await calls.resolve(agentIdOf(agent), options);
        const { status, state } = resolution;
        return { ...resolution, record: status === 'ok' && state !== null ? lightRecordOf(state) : null };
      } catch (error) {
        throw explained(error);
      }
    }),
    fetchFactsPrivately: guarded(calls.fetch),
  };
}
