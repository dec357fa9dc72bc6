/** The private path, and facts in the overlay, on the ports of a node. */
import { createNativeAgreement } from '../adapters/native/native-agreement.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { bytesEqual } from '../core/bytes.ts';
import { materialise } from '../core/record/merge.ts';
import type { AgentService } from '../custody/agent-types.ts';
import { NodeError } from '../driver/node-error.ts';
import { FactsError, type FactsErrorCode } from '../facts/facts-error.ts';
import type { FactsHost } from '../facts/host/hosted-facts.ts';
import type { Overlay } from '../ports/overlay.ts';
import { createFactsKeeper, type FactsKeeper } from '../private/facts-keeper.ts';
import type { PrivateCalls } from '../private/path-types.ts';
import { createPrivatePath, type PrivatePath } from '../private/private-path.ts';
import type { NodePorts } from './node-ports.ts';
import type { WeftNode } from './node-types.ts';
import { peerConfigOf } from './peer-settings.ts';

/** There is nothing to keep any more; anything else may pass. */
const goneCodes: ReadonlySet<FactsErrorCode> = new Set([
  'not-hosted',
  'expired',
  'revoked',
  'key-not-current',
  'subject-not-active',
  'issuer-not-active',
]);

/** Around the overlay of the node. */
export function createNodePrivatePath(
  config: NodeConfig,
  ports: NodePorts,
  overlay: Overlay,
  counted: (metric: string, label: string, value: number) => void,
): PrivatePath {
  const { store, verifier, clock, entropy } = ports;
  return createPrivatePath({
    ...{ overlay, store, verifier, clock, entropy, counted },
    seed: ports.identitySeed,
    agreement: createNativeAgreement(),
    settings: {
      ...peerConfigOf(config),
      relays: config.privatePath.relay,
      contentBytesMax: config.privatePath.contentBytesMax,
    },
  });
}

/** Keeps in the overlay what the node serves. */
export function createNodeKeeper(
  { store, clock, entropy, log }: NodePorts,
  parts: {
    readonly hold: PrivateCalls['hold'];
    readonly resolve: WeftNode['resolve'];
    readonly changes: WeftNode['changes'];
    readonly agents: Pick<AgentService, 'update'>;
    readonly facts: FactsHost;
  },
): FactsKeeper {
  return createFactsKeeper({
    ...{ store, clock, entropy, hold: parts.hold },
    log: log.child({ subsystem: 'facts' }),
    readFacts: (agentId) => parts.facts.read(agentId),
    changes: parts.changes,
    isGone: (error) => error instanceof FactsError && goneCodes.has(error.code),
    async point(agentId, privateFactsUrl) {
      const { state } = await parts.resolve(agentId);
      const now = state?.addr == null ? null : materialise(state).fields.private.value;
      if (isSame(now, privateFactsUrl)) return true;
      try {
        await parts.agents.update(agentId, { privateFactsUrl });
        return true;
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        return false;
      }
    },
  });
}

function isSame(left: string | Uint8Array | null, right: string | Uint8Array): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return bytesEqual(left, right);
  return left === right;
}
