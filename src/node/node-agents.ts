/** Custody of agents on the ports of a node: its keys, its store, its calls to the network. */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { keyBytes } from '../core/limits.ts';
import { createAgentService } from '../custody/agent-service.ts';
import { createCustodyJournal } from '../custody/custody-journal.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { NodePorts } from './node-ports.ts';

/** Signs nothing before its start. @param counted hears how each fence that was due ended */
export function createNodeAgents(
  { refenceSeconds }: Pick<NodeConfig, 'refenceSeconds'>,
  { store, keys, clock, entropy, log }: NodePorts,
  calls: NetworkCalls,
  counted: (metric: string, label: string, value: number) => void,
): ReturnType<typeof createAgentService> {
  return createAgentService({
    ...calls,
    keys,
    journal: createCustodyJournal(store),
    clock,
    entropy,
    createSigner: createNativeSigner,
    createSecret: () => entropy.randomBytes(keyBytes),
    refenceSeconds,
    refenced: (outcome) => counted('refences', outcome, 1),
    log: log.child({ subsystem: 'custody' }),
  });
}
