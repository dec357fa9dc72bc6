/** The resolution workflow, and the adaptive resolver, on the ports of a node. Neither is loaded before somebody asks. */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ChangeKind } from '../core/peer/effects.ts';
import { statementSignerOf } from '../facts/host/statement-signer.ts';
import type { PrivateCalls } from '../private/path-types.ts';
import type { AdaptiveResolver } from '../resolution/adaptive/adaptive-resolver.ts';
import type { ResolutionParts } from '../resolution/resolution-ports.ts';
import type { EndpointResolver } from '../resolution/resolution-types.ts';
import type { NodePorts } from './node-ports.ts';
import type { WeftNode } from './node-types.ts';

/** What of the node the workflow stands on; zones, statuses and names where the node has them. */
export interface NodeEndpointParts extends Pick<ResolutionParts, 'checkStatus' | 'resolveName' | 'judge'> {
  readonly resolve: WeftNode['resolve'];
  readonly privately: Pick<PrivateCalls, 'resolve' | 'fetch' | 'fetchDirectly'>;
}

export interface NodeEndpoints extends Pick<EndpointResolver, 'resolve'> {
  /** Ends what the change makes void before it returns. */
  changed(agentId: AgentId, change: ChangeKind): void;
}

export function createNodeEndpoints(
  config: NodeConfig,
  ports: NodePorts,
  parts: NodeEndpointParts,
): NodeEndpoints {
  let resolver: EndpointResolver | null = null;
  let loading: Promise<EndpointResolver> | null = null;

  async function load(): Promise<EndpointResolver> {
    const [{ createEndpointResolver }, { createResolutionPorts }] = await Promise.all([
      import('../resolution/endpoint-resolver.ts'),
      import('../resolution/resolution-ports.ts'),
    ]);
    const { privately, ...given } = parts;
    const { clock, entropy, verifier } = ports;
    const { registries, overlay, allowPrivate, ipfsGateway } = config.resolution;
    resolver = createEndpointResolver(
      createResolutionPorts({
        ...given,
        ...{ registries, overlay, allowPrivate },
        ...(ipfsGateway !== null && { ipfsGateway }),
        resolvePrivately: privately.resolve,
        fetchContent: (digest, isPrivate) =>
          isPrivate ? privately.fetch(digest) : privately.fetchDirectly(digest),
        check: verifier.verify,
        nowMs: () => clock.nowMs(),
        randomBytes: (count) => entropy.randomBytes(count),
        userAgent: `weft/${packageVersion()}`,
      }),
    );
    return resolver;
  }

  return {
    async resolve(nameOrId, request) {
      loading ??= load();
      return (await loading).resolve(nameOrId, request);
    },
    changed: (agentId, change) => resolver?.changed(agentId, change !== 'changed'),
  };
}

/** Null where it is switched off. */
export async function createNodeAdaptive(
  config: NodeConfig,
  ports: NodePorts,
  resolve: WeftNode['resolve'],
): Promise<AdaptiveResolver | null> {
  if (!config.adaptive.enabled) return null;
  const { createAdaptiveResolver } = await import('../resolution/adaptive/adaptive-resolver.ts');
  const { store, clock, entropy, verifier, keys } = ports;
  return createAdaptiveResolver({
    ...{ store, clock, entropy },
    resolve: (agentId) => resolve(agentId),
    check: verifier.verify,
    async findSigners(agentId) {
      const { signing, delegate } = await keys.read(agentId);
      return [signing, delegate].flatMap((seed) =>
        seed === undefined ? [] : [statementSignerOf(createNativeSigner(seed))],
      );
    },
  });
}
