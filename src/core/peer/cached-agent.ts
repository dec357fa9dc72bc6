/**
 * One agent in the table's cache. Its decoded state takes ten times the bytes of its bundle and most agents that come
 * are not asked for again soon, so a state can be let go and is decoded again when somebody looks at it.
 */
import { ownBytes } from '../bytes.ts';
import type { AgentState } from '../record/agent-state.ts';
import { decodeState } from '../record/stored-state.ts';
import { remembered } from '../remembered.ts';
import type { AgentEntry, HighWaterMark } from './entry.ts';

export interface CachedAgent extends Pick<AgentEntry, 'bundle' | 'mark' | 'isHeld' | 'learnedAt'> {
  /** Equal states, not the same ones, before and after `rest`. */
  readonly state: AgentState;
  /** When a quorum of the network last agreed with it; 0 when never. */
  confirmedAtMs: number;
  pendingWrites: number;
  /** A resolve has shown it. */
  isShown: boolean;
  /** Lets the decoded state go until it is asked for. */
  rest(): void;
}

/** @param agent.state null: decoded when it is asked for. */
export function createCachedAgent(
  agent: Omit<CachedAgent, 'state' | 'rest' | 'pendingWrites' | 'isShown'> & {
    readonly state: AgentState | null;
  },
): CachedAgent {
  return new TableAgent(agent);
}

/** A class, since an accessor of its own in each object costs more than the state's bundle. */
class TableAgent implements CachedAgent {
  readonly bundle: Uint8Array;
  readonly mark: HighWaterMark | null;
  readonly isHeld: boolean;
  readonly learnedAt: number;
  confirmedAtMs: number;
  pendingWrites = 0;
  isShown = false;
  private decoded: AgentState | null;

  constructor(agent: Parameters<typeof createCachedAgent>[0]) {
    this.bundle = ownBundle(agent.bundle);
    this.mark = agent.mark;
    this.isHeld = agent.isHeld;
    this.learnedAt = agent.learnedAt;
    this.confirmedAtMs = agent.confirmedAtMs;
    this.decoded = agent.state;
  }

  get state(): AgentState {
    this.decoded ??= decodeState(this.bundle);
    return this.decoded;
  }

  rest(): void {
    this.decoded = null;
  }
}

/** Of a frame of 1 MiB, say; once for all peers of a process that remembers results. */
const ownBundle = remembered(ownBytes);
