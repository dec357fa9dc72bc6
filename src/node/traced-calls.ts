/** The node's calls in spans, where tracing is on; else the calls themselves. */
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { AgentService } from '../custody/agent-types.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { PrivateCalls } from '../private/path-types.ts';

/** Resolves and puts: those of callers, and those that custody makes. */
export function traceCalls(calls: NetworkCalls, tracing: Tracing | undefined): NetworkCalls {
  if (tracing === undefined) return calls;
  return {
    ...calls,
    resolve: (agentId, options) =>
      tracing.within('resolve', { 'weft.agent': formatAgentId(agentId) }, async (span) => {
        const resolution = await calls.resolve(agentId, options);
        const { status, cached, responders, holders } = resolution;
        span.describe({
          'weft.status': status,
          'weft.cached': cached,
          'weft.responders': responders.length,
          'weft.holders': holders,
        });
        return resolution;
      }),
    publish: (bundle, options) =>
      tracing.within('publish', { 'weft.bundle.bytes': bundle.length }, async (span) => {
        const result = await calls.publish(bundle, options);
        const { status, acknowledgements, asked, refusal } = result;
        span.describe({
          'weft.status': status,
          'weft.acknowledgements': acknowledgements,
          'weft.asked': asked,
        });
        if (status === 'failed' || status === 'refused') span.fail(refusal ?? status);
        return result;
      }),
  };
}

/** Private calls: that there was one, and how it ended; nothing of what was asked for. */
export function tracePrivate(calls: PrivateCalls, tracing: Tracing | undefined): PrivateCalls {
  if (tracing === undefined) return calls;
  return {
    ...calls,
    resolve: (agentId, options) =>
      tracing.within('resolve-privately', {}, async (span) => {
        const resolution = await calls.resolve(agentId, options);
        span.describe({ 'weft.responders': resolution.responders.length });
        return resolution;
      }),
    fetch: (digest, options) =>
      tracing.within('fetch-privately', {}, async (span) => {
        const bytes = await calls.fetch(digest, options);
        span.describe({ 'weft.found': bytes !== null });
        return bytes;
      }),
  };
}

/** What the custody service does for callers; the resolves and puts below it are spans within. */
export function traceAgents<Service extends AgentService>(
  agents: Service,
  tracing: Tracing | undefined,
): Service {
  if (tracing === undefined) return agents;
  const about = (agentId: Uint8Array) => ({ 'weft.agent': formatAgentId(agentId) });
  const traced: Omit<AgentService, 'list' | 'grants' | 'heldGrant'> = {
    register: (draft, options) =>
      tracing.within('register', {}, async (span) => {
        const result = await agents.register(draft, options);
        span.describe(about(result.agentId));
        return result;
      }),
    update: (agentId, draft, options) =>
      tracing.within('update', about(agentId), () => agents.update(agentId, draft, options)),
    refence: (agentId, options) =>
      tracing.within('refence', about(agentId), () => agents.refence(agentId, options)),
    rotate: (agentId, options) =>
      tracing.within('rotate', about(agentId), () => agents.rotate(agentId, options)),
    recover: (agentId, options) =>
      tracing.within('recover', about(agentId), () => agents.recover(agentId, options)),
    delegate: (agentId, grant, options) =>
      tracing.within('delegate', about(agentId), () => agents.delegate(agentId, grant, options)),
    grant: (agentId, wish, options) =>
      tracing.within('grant', about(agentId), () => agents.grant(agentId, wish, options)),
    keepGrant: (grant, options) =>
      tracing.within('keep-grant', about(grant.agentId), () => agents.keepGrant(grant, options)),
    createDelegateKey: (agentId) =>
      tracing.within('create-delegate-key', about(agentId), () => agents.createDelegateKey(agentId)),
    revokeDelegation: (agentId, which, reason, options) =>
      tracing.within('revoke-delegation', about(agentId), () =>
        agents.revokeDelegation(agentId, which, reason, options),
      ),
    revokeCredential: (agentId, credential, reason, options) =>
      tracing.within('revoke-credential', about(agentId), () =>
        agents.revokeCredential(agentId, credential, reason, options),
      ),
    revoke: (agentId, reason, options) =>
      tracing.within('revoke', about(agentId), () => agents.revoke(agentId, reason, options)),
  };
  return { ...agents, ...traced };
}
