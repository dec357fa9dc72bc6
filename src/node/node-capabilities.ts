/** Capabilities on the ports of a node: its store, its keys in custody, its calls to the network. */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import { keyBytes } from '../core/limits.ts';
import { createCapabilityJournal } from '../custody/capability-journal.ts';
import { createCapabilityService, type RunningCapabilityService } from '../custody/capability-service.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { NodePorts } from './node-ports.ts';

/** Announces nothing before its start. */
export function createNodeCapabilities(ports: NodePorts, calls: NetworkCalls): RunningCapabilityService {
  const { store, keys, clock, entropy, log } = ports;
  return createCapabilityService({
    ...calls,
    keys,
    journal: createCapabilityJournal(store),
    clock,
    createSigner: createNativeSigner,
    createSecret: () => entropy.randomBytes(keyBytes),
    log: log.child({ subsystem: 'capabilities' }),
  });
}
