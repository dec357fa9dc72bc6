/** One resolution under way: what was asked, its time, its trace, and what its steps share. */
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { BlindedPlace } from '../facts/fetch/private-facts.ts';
import type { LayerCache } from './layers.ts';
import { ResolutionError } from './resolution-error.ts';
import {
  avoidedMax,
  resolutionTimeoutMs,
  resolutionTimeoutMsMax,
  shortTextMax,
} from './resolution-limits.ts';
import {
  type EndpointPath,
  type EndpointRequest,
  endpointPaths,
  type ResolutionPorts,
  type StepOptions,
} from './resolution-types.ts';
import { createTracer, type Tracer } from './trace.ts';

/** A request with every choice made. */
export interface Wish {
  readonly path: EndpointPath;
  readonly trust: string | null;
  readonly issuers: readonly string[];
  readonly blinded: BlindedPlace | null;
  readonly maxStalenessMs: number;
  readonly region: string | null;
  readonly skill: string | null;
  readonly client: string;
  readonly avoid: readonly string[];
  readonly timeoutMs: number;
}

export interface Session {
  readonly wish: Wish;
  readonly ports: ResolutionPorts;
  readonly cache: LayerCache;
  readonly tracer: Tracer;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** On the private path nobody is asked in the open: what is heard by gossip ends what is kept. */
  readonly isPrivate: boolean;
  /** The overlay, in the way that the path allows. */
  readonly resolve: ResolutionPorts['resolve'];
  /** What is left of the time of the whole. @throws ResolutionError `too-slow`, or the reason of the caller's signal */
  options(): StepOptions;
  /** Ends with the session: work that others wait for, too, goes on without it. */
  orEnd<Value>(work: Promise<Value>): Promise<Value>;
  close(): void;
}

/** Of one agent within one session. */
export interface AgentSession extends Session {
  readonly agentId: AgentId;
  readonly key: string;
}

/** @throws ResolutionError `bad-request` */
export function wishOf(request: EndpointRequest, clientDefault: string): Wish {
  const { path = 'direct', issuers = [], avoid = [], timeoutMs = resolutionTimeoutMs } = request;
  const { blinded = null, trust = null, region = null, skill = null, client = clientDefault } = request;
  const { maxStalenessSeconds = Number.POSITIVE_INFINITY } = request;
  if (!endpointPaths.includes(path)) throw bad(`a path is one of ${endpointPaths.join(', ')}`);
  for (const text of [trust, region, skill, client])
    if (text !== null && (text === '' || text.length > shortTextMax))
      throw bad(`zone, region, skill and client have 1 to ${shortTextMax} characters`);
  if (avoid.length > avoidedMax) throw bad(`at most ${avoidedMax} endpoints can be avoided`);
  if (!(maxStalenessSeconds >= 0)) throw bad('maxStalenessSeconds is 0 or more');
  if (!(timeoutMs > 0 && timeoutMs <= resolutionTimeoutMsMax))
    throw bad(`timeoutMs is more than 0, and at most ${resolutionTimeoutMsMax}`);
  const maxStalenessMs = maxStalenessSeconds * 1000;
  return { path, trust, issuers, blinded, maxStalenessMs, region, skill, client, avoid, timeoutMs };
}

export function openSession(
  request: EndpointRequest,
  wish: Wish,
  { ports, cache }: { readonly ports: ResolutionPorts; readonly cache: LayerCache },
): Session {
  const nowMs = (): number => ports.nowMs();
  const deadlineMs = nowMs() + wish.timeoutMs;
  const ended = new AbortController();
  const tooSlow = (): ResolutionError =>
    new ResolutionError('too-slow', `the resolution took longer than ${wish.timeoutMs} ms`);
  const timer = setTimeout(() => ended.abort(tooSlow()), wish.timeoutMs);
  const given = request.signal;
  const onAbort = (): void => ended.abort(given?.reason);
  given?.addEventListener('abort', onAbort, { once: true });
  if (given?.aborted) onAbort();
  const { signal } = ended;
  const isPrivate = wish.path === 'private';
  return {
    wish,
    ports,
    cache,
    tracer: createTracer(nowMs, request.step ?? (() => undefined)),
    signal,
    nowMs,
    isPrivate,
    resolve: isPrivate ? (ports.resolvePrivately ?? ports.resolve) : ports.resolve,
    options() {
      signal.throwIfAborted();
      const timeoutMs = deadlineMs - nowMs();
      if (timeoutMs <= 0) throw tooSlow();
      return { timeoutMs, signal };
    },
    async orEnd(work) {
      signal.throwIfAborted();
      let end = (): void => {};
      const abortion = new Promise<never>((_resolve, reject) => {
        end = () => reject(signal.reason as Error);
        signal.addEventListener('abort', end, { once: true });
      });
      try {
        return await Promise.race([work, abortion]);
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
    close() {
      clearTimeout(timer);
      given?.removeEventListener('abort', onAbort);
      if (!signal.aborted) ended.abort(new ResolutionError('too-slow', 'the resolution is over'));
    },
  };
}

/** The session, of that agent. */
export function sessionOf(session: Session, agentId: AgentId): AgentSession {
  return { ...session, agentId, key: agentKey(agentId) };
}

function bad(what: string): ResolutionError {
  return new ResolutionError('bad-request', what);
}
