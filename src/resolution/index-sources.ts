/**
 * The indexes that a resolution asks for an agent, in their order: private registries, then the public overlay. A registry is
 * believed no more than a stranger: what it shows proves itself, or is refused.
 */
import type { SignatureCheck } from '../core/ed25519.ts';
import { ProtocolError } from '../core/errors.ts';
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import { bundleBytesMax } from '../core/limits.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { admitBundle } from '../core/record/admission.ts';
import { type AgentState, joinStates } from '../core/record/agent-state.ts';
import { decodeBundle } from '../core/record/bundle-codec.ts';
import { resolveStatus } from '../core/resolve/verdict.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { FindOptions, IndexSource, ResolutionPorts } from './resolution-types.ts';

/** The public index, as a node asks it. @param resolvePrivately left out: there is no other way than in the open */
export function createOverlaySource(
  resolve: ResolutionPorts['resolve'],
  resolvePrivately: ResolutionPorts['resolve'] = resolve,
): IndexSource {
  return {
    kind: 'overlay',
    name: 'the overlay',
    find: (agentId, { fresh, timeoutMs, signal, isPrivate }) =>
      (isPrivate ? resolvePrivately : resolve)(agentId, { fresh, timeoutMs, signal }),
  };
}

export interface RegistryParts {
  readonly fetchText: ResolutionPorts['fetchText'];
  readonly check: (check: SignatureCheck) => boolean;
  readonly nowMs: () => number;
}

/** The HTTP API of a weft node, such as the one of an enterprise. @param url without a path */
export function createRegistrySource(url: string, { fetchText, check, nowMs }: RegistryParts): IndexSource {
  const base = url.replace(/\/+$/, '');
  return {
    kind: 'weft-api',
    name: base,
    async find(agentId, { fresh, timeoutMs, signal, held }: FindOptions): Promise<Resolution> {
      const place = `${base}/v1/agents/${formatAgentId(agentId)}/bundle${fresh ? '?fresh=true' : ''}`;
      const nowSeconds = Math.floor(nowMs() / 1000);
      const answer = await fetchText(place, {
        bytesMax: bundleBytesMax,
        accept: 'application/cbor',
        timeoutMs,
        signal,
      }).catch((error: unknown) => {
        if (isNotFound(error)) return null;
        throw error;
      });
      const state = answer === null ? held : verifiedState(answer.bytes, agentId, nowSeconds, held, check);
      const status = answer === null ? 'not-found' : resolveStatus(state, null, nowSeconds);
      const ageSeconds = state?.addr === null || state === null ? null : nowSeconds - state.addr.issuedAt;
      return { status, agentId, state, ageSeconds, responders: [base], holders: 1, cached: false };
    },
  };
}

/** Joined with what is known from before, so that a registry cannot go back behind it. @throws ProtocolError */
function verifiedState(
  bytes: Uint8Array,
  agentId: AgentId,
  nowSeconds: number,
  held: AgentState | null,
  check: (check: SignatureCheck) => boolean,
): AgentState {
  const admission = admitBundle(decodeBundle(bytes), agentId, nowSeconds, held);
  if (!admission.checks.every(check))
    throw new ProtocolError('bad-signature', 'it showed a record whose signatures do not hold');
  return joinStates(held, admission.state, nowSeconds).state;
}

function isNotFound(error: unknown): boolean {
  return error instanceof FactsError && error.code === 'bad-answer' && error.data['status'] === 404;
}
