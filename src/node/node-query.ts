/** Queries for agents on the ports of a node. Nothing of it is loaded before somebody asks; what was seen stays in memory. */
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import type { CapabilityService } from '../custody/capability-service.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { FactsHost } from '../facts/host/hosted-facts.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import type { PrivateCalls } from '../private/path-types.ts';
import type { QueryAgents } from '../query/query-types.ts';
import type { QueryParts } from '../query/run-query.ts';
import type { NodePorts } from './node-ports.ts';
import type { WeftNode } from './node-types.ts';

export interface NodeQueryParts {
  readonly resolve: WeftNode['resolve'];
  readonly capabilities: Pick<CapabilityService, 'search'>;
  readonly facts: Pick<FactsHost, 'search' | 'read'>;
  readonly privately: Pick<PrivateCalls, 'fetchDirectly'>;
  readonly checkStatus: StatusCheck;
  readonly judgeZone: NonNullable<QueryParts['judgeZone']>;
}

export function createNodeQuery(config: NodeConfig, ports: NodePorts, parts: NodeQueryParts): QueryAgents {
  let loading: Promise<QueryAgents> | null = null;

  async function load(): Promise<QueryAgents> {
    const [{ runQuery }, { createSeenAgents }, { fetchFactsBytes }, { factsUrlOf }, { parseJsonObject }] =
      await Promise.all([
        import('../query/run-query.ts'),
        import('../query/seen-agents.ts'),
        import('../facts/fetch/facts-source.ts'),
        import('../facts/fetch/fetch-facts.ts'),
        import('../facts/bounded-json.ts'),
      ]);
    const { verifier, clock } = ports;
    const { allowPrivate } = config.resolution;
    const userAgent = `weft/${packageVersion()}`;
    const given: QueryParts = {
      resolve: parts.resolve,
      check: verifier.verify,
      checkStatus: parts.checkStatus,
      judgeZone: parts.judgeZone,
      nowMs: () => clock.nowMs(),
      searchOverlay: (query) => parts.capabilities.search(query),
      searchHosted: (query) => parts.facts.search(query),
      async readHosted(agentId) {
        try {
          return (await parts.facts.read(agentId)).credential;
        } catch (error) {
          if (error instanceof FactsError) return null;
          throw error;
        }
      },
      async fetch(agentId, resolution, timeoutMs) {
        const url = await factsUrlOf(agentId, async () => resolution);
        const fetchContent = (digest: Uint8Array) => parts.privately.fetchDirectly(digest);
        const { bytes } = await fetchFactsBytes(url, { allowPrivate, timeoutMs, userAgent, fetchContent });
        return parseJsonObject(bytes);
      },
      seen: await createSeenAgents(),
    };
    return (query) => runQuery(query, given);
  }

  return async (query) => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return (await loading)(query);
  };
}
