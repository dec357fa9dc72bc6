/** The network as custody sees it, through a daemon that holds none of the keys: it only resolves and passes on. */
import { hexToBytes } from '../core/bytes.ts';
import { ProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { PublishResult, ResolveStatus } from '../core/peer/effects.ts';
import { decodeState } from '../core/record/stored-state.ts';
import type { WeftNode } from '../node/node-types.ts';
import { ControlError } from './cli-error.ts';
import type { ControlClient } from './control-client.ts';

interface PublishAnswer {
  readonly publish: Omit<PublishResult, 'state'>;
  readonly bundle: string | null;
}

const protocolType = 'urn:weft:problem:protocol:';

/** The two calls, over the control API. The daemon has verified what it answers. @param path how it resolves */
export function createRemoteNetwork(
  client: ControlClient,
  path: 'direct' | 'private' = 'direct',
): Pick<WeftNode, 'resolve' | 'publish'> {
  return {
    async resolve(agentId, { fresh = false, timeoutMs } = {}) {
      const wanted = path === 'private' ? path : undefined;
      const query = queryOf({ fresh: fresh ? 'true' : undefined, timeoutMs, path: wanted });
      const unknown = { agentId, ageSeconds: null, responders: [], holders: 0, cached: false };
      try {
        const { bytes, headers } = await client.readBytes(
          `/v1/agents/${formatAgentId(agentId)}/bundle${query}`,
        );
        const status = headers.get('x-weft-status') as ResolveStatus;
        return { ...unknown, status, state: decodeState(bytes) };
      } catch (error) {
        if (!(error instanceof ControlError) || error.problem.code !== 'no-record') throw error;
        return { ...unknown, status: 'not-found', state: null };
      }
    },
    async publish(bundle, { acknowledgements, timeoutMs } = {}) {
      try {
        const answer = await client.sendBytes(
          `/v1/bundles${queryOf({ acknowledgements, timeoutMs })}`,
          bundle,
        );
        const { publish, bundle: joined } = answer as unknown as PublishAnswer;
        return { ...publish, state: joined === null ? null : decodeState(hexToBytes(joined)) };
      } catch (error) {
        if (!(error instanceof ControlError) || !error.problem.type.startsWith(protocolType)) throw error;
        throw new ProtocolError(error.problem.code as ProtocolErrorCode, error.problem.detail);
      }
    },
  };
}

function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${given.map(([name, value]) => `${name}=${value}`).join('&')}`;
}
