/** Names on the ports of a node: those of namespaces in custody, kept alive, and the way from any name to its agent. */
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import { keyBytes } from '../core/limits.ts';
import { createNameJournal } from '../custody/name-journal.ts';
import { createNameService, type NameService, type RunningNameService } from '../custody/name-service.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { NamePorts, ResolvedName, ResolveNameOptions } from '../names/name-types.ts';
import type { ResolutionParts } from '../resolution/resolution-ports.ts';
import type { NodePorts } from './node-ports.ts';

export interface NodeNames extends NameService {
  /** From a name to its agent, with the steps. @throws NamesError, NodeError `not-running` */
  resolve(name: string, options?: ResolveNameOptions): Promise<ResolvedName>;
}

/** Publishes nothing before its start; what resolves names is loaded with the first of them. */
export function createNodeNames(
  config: NodeConfig,
  ports: NodePorts,
  calls: NetworkCalls,
): NodeNames & RunningNameService & Required<Pick<ResolutionParts, 'resolveName'>> {
  const { store, keys, clock, entropy, log } = ports;
  const service = createNameService({
    ...calls,
    keys,
    journal: createNameJournal(store),
    clock,
    createSigner: createNativeSigner,
    createSecret: () => entropy.randomBytes(keyBytes),
    log: log.child({ subsystem: 'names' }),
  });
  let loading: Promise<NamePorts> | null = null;

  async function load(): Promise<NamePorts> {
    const [{ openZones }, { createGetDocument }] = await Promise.all([
      import('../names/dns/open-zones.ts'),
      import('../names/web-document.ts'),
    ]);
    const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
    return {
      lookUp: calls.lookUpName,
      resolve: calls.resolve,
      zones: openZones(config.names.resolver, nowSeconds),
      getDocument: createGetDocument({
        allowPrivate: config.resolution.allowPrivate,
        userAgent: `weft/${packageVersion()}`,
      }),
      nowSeconds,
      home: config.names.home,
      needsDnssec: config.names.dnssec === 'required',
    };
  }

  async function resolve(name: string, options?: ResolveNameOptions): Promise<ResolvedName> {
    const { resolveName } = await import('../names/resolve-name.ts');
    loading ??= load();
    return resolveName(name, await loading, options);
  }

  return {
    ...service,
    resolve,
    async resolveName(name, { timeoutMs, signal }) {
      const {
        name: spelling,
        agentId,
        label,
        expiresAt,
        registry,
      } = await resolve(name, { timeoutMs, signal });
      if (agentId !== null)
        return {
          agentId,
          from: spelling,
          verifiedBy: label,
          holdsUntilMs: expiresAt * 1000,
          cached: false,
          ...(registry !== null && { registry }),
        };
      const { NamesError } = await import('../names/names-error.ts');
      throw new NamesError('no-such-name', `${spelling} leads to no agent of the index`);
    },
  };
}
