/**
 * The agents that this node has resolved lately: they are watched for as long as they are in use, and when each was last
 * confirmed by the network.
 */
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { Clock } from '../ports/clock.ts';

/** More are forgotten, the longest unused first; a forgotten one is asked for again when it is resolved. */
const usedAgentsMax = 10_000;
/** Not resolved for so long: no longer in use. */
const unusedAfterMs = 3_600_000;
const sweepIntervalMs = 300_000;

export interface UsedAgents {
  /** When the network last confirmed what is held of it, milliseconds since 1970; 0 when never. */
  confirmedAtMs(agentId: AgentId): number;
  /** It was resolved now, by the network or from what is held. */
  resolved(agentId: AgentId, isConfirmed: boolean): void;
  readonly size: number;
  stop(): void;
}

interface Use {
  readonly agentId: AgentId;
  usedAtMs: number;
  confirmedAtMs: number;
}

export function createUsedAgents(
  clock: Clock,
  interest: { watch(agentIds: readonly AgentId[]): void; unwatch(agentIds: readonly AgentId[]): void },
): UsedAgents {
  /** The longest unused first. */
  const useByAgent = new Map<string, Use>();
  let cancelSweep = (): void => {};
  let isSweepSet = false;

  function forget(key: string, { agentId }: Use): void {
    useByAgent.delete(key);
    interest.unwatch([agentId]);
  }

  function sweepLater(): void {
    if (isSweepSet) return;
    isSweepSet = true;
    cancelSweep = clock.schedule(sweepIntervalMs, () => {
      isSweepSet = false;
      const oldestMs = clock.nowMs() - unusedAfterMs;
      for (const [key, use] of useByAgent) if (use.usedAtMs < oldestMs) forget(key, use);
      if (useByAgent.size > 0) sweepLater();
    });
  }

  return {
    confirmedAtMs: (agentId) => useByAgent.get(agentKey(agentId))?.confirmedAtMs ?? 0,
    resolved(agentId, isConfirmed) {
      const key = agentKey(agentId);
      const nowMs = clock.nowMs();
      const use = useByAgent.get(key);
      if (use !== undefined) {
        use.usedAtMs = nowMs;
        if (isConfirmed) use.confirmedAtMs = nowMs;
        useByAgent.delete(key);
        useByAgent.set(key, use);
        return;
      }
      useByAgent.set(key, { agentId, usedAtMs: nowMs, confirmedAtMs: isConfirmed ? nowMs : 0 });
      interest.watch([agentId]);
      if (useByAgent.size > usedAgentsMax) {
        const [oldest] = useByAgent;
        forget(...oldest!);
      }
      sweepLater();
    },
    get size() {
      return useByAgent.size;
    },
    stop: () => cancelSweep(),
  };
}
