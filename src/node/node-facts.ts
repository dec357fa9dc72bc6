/** Hosting of AgentFacts on the ports of a node: its store, its keys in custody, its view of the network. */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { AgentService } from '../custody/agent-types.ts';
import { createFactsHost } from '../facts/host/facts-host.ts';
import type { FactsHost } from '../facts/host/hosted-facts.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import type { NodePorts } from './node-ports.ts';
import type { WeftNode } from './node-types.ts';

/** Opens nothing until somebody asks. */
export function createNodeFacts(
  ports: NodePorts,
  resolve: WeftNode['resolve'],
  checkStatus: StatusCheck,
  agents: Pick<AgentService, 'heldGrant'>,
): FactsHost {
  const { store, clock, entropy, verifier, keys } = ports;
  return createFactsHost({
    store,
    clock,
    entropy,
    checkStatus,
    resolve: (agentId) => resolve(agentId),
    check: verifier.verify,
    async findDelegate(agentId) {
      // Unknown to the network, or none of its keys is here: nothing can be signed for it.
      const { delegate } = await keys.read(agentId);
      return delegate === undefined ? null : agents.heldGrant(agentId, 'facts');
    },
    async findSigner(agentId) {
      const { signing } = await keys.read(agentId);
      return signing === undefined ? null : createNativeSigner(signing);
    },
  });
}
