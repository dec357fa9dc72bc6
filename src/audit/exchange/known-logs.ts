/**
 * The newest checkpoint that this node believes of each other log, and one more that waits for a proof. A checkpoint is
 * believed when it continues the believed one; the first of a log is believed as it comes. Two signed trees of one size
 * with two roots are a fork at once, with the proof in hand; a tree that its own node cannot prove to continue the
 * believed one is a fork, too. Bounded: the log that was not heard of for longest is forgotten, one with a fork last.
 */
import { bytesEqual } from '../../core/bytes.ts';
import { AuditError } from '../audit-error.ts';
import { continuesTree } from '../merkle/verify-proof.ts';
import { type Checkpoint, type CheckSignature, openCheckpoint } from '../note/checkpoint.ts';
import { forkOf } from '../proof/fork-of.ts';
import type { LogForkFile } from '../proof/proof-file.ts';

/** `unproven`: a checkpoint waits whose node has not proven it. */
export type KnownLogState = 'consistent' | 'unproven' | 'forked';

export interface KnownLog {
  readonly peer: string;
  readonly believed: Checkpoint;
  /** Heard and not proven yet; null when there is none. */
  readonly waiting: Checkpoint | null;
  readonly state: KnownLogState;
  /** Two trees of one size: a proof for anybody. Null also for a fork that only this node saw. */
  readonly fork: LogForkFile | null;
  /** Milliseconds since 1970, when the believed or the waiting one was first heard. */
  readonly heardAtMs: number;
  /** How often this node began a new log under a name of its own. */
  readonly renewals: number;
}

export type Heard = 'known' | 'first' | 'waits' | 'renewed' | 'forked';

export interface KnownLogs {
  /** @throws AuditError `bad-note`, `wrong-signer` for what no node signed. */
  hear(note: string, nowMs: number): Heard;
  /** What its node says to the question whether the one tree continues the other; null: it says nothing. */
  judge(peer: string, proof: readonly Uint8Array[] | null): 'proven' | 'forked' | 'unproven';
  get(peer: string): KnownLog | undefined;
  /** The next that wait for a proof, at most so many; each in its turn. */
  nextWaiting(count: number): readonly KnownLog[];
  all(): readonly KnownLog[];
  /** From before a restart. */
  restore(log: KnownLog): void;
  /** Peers whose log changed since the last call. */
  takeChanged(): readonly string[];
}

/** About 1 kB each. */
export const knownLogsMax = 512;

export function createKnownLogs(options: {
  readonly self: string;
  readonly check: CheckSignature;
  readonly forked: (log: KnownLog) => void;
}): KnownLogs {
  const { self, check, forked } = options;
  const logs = new Map<string, KnownLog>();
  const changed = new Set<string>();

  function put(log: KnownLog): void {
    logs.delete(log.peer);
    logs.set(log.peer, log);
    changed.add(log.peer);
    if (logs.size <= knownLogsMax) return;
    const oldest = [...logs.values()].find(({ state }) => state !== 'forked') ?? log;
    logs.delete(oldest.peer);
    changed.add(oldest.peer);
  }

  function fork(log: KnownLog, proof: LogForkFile | null): Heard {
    const forkedLog: KnownLog = { ...log, state: 'forked', fork: proof };
    put(forkedLog);
    forked(forkedLog);
    return 'forked';
  }

  function hear(note: string, nowMs: number): Heard {
    const peer = peerIn(note);
    const known = logs.get(peer);
    if (peer === self || known?.believed.note === note || known?.waiting?.note === note) return 'known';
    const heard = openCheckpoint(note, check);
    if (known === undefined) {
      put({
        peer,
        believed: heard,
        waiting: null,
        state: 'consistent',
        fork: null,
        heardAtMs: nowMs,
        renewals: 0,
      });
      return 'first';
    }
    if (known.state === 'forked') return 'known';
    if (known.believed.logId !== heard.logId) {
      put({
        ...known,
        believed: heard,
        waiting: null,
        state: 'consistent',
        heardAtMs: nowMs,
        renewals: known.renewals + 1,
      });
      return 'renewed';
    }
    for (const other of [known.believed, known.waiting]) {
      const proof = other === null ? null : forkOf(other, heard);
      if (proof !== null) return fork(known, proof);
    }
    if (bytesEqual(known.believed.root, heard.root) && known.believed.size === heard.size) return 'known';
    // One at a time: what waits is judged before another takes its place.
    if (known.waiting !== null) return 'known';
    put({ ...known, waiting: heard, state: 'unproven', heardAtMs: nowMs });
    return 'waits';
  }

  return {
    hear,
    judge(peer, proof) {
      const known = logs.get(peer);
      if (known === undefined || known.waiting === null) return 'proven';
      const { believed, waiting } = known;
      const [older, newer] = believed.size < waiting.size ? [believed, waiting] : [waiting, believed];
      if (proof === null) {
        // Others may have heard a later one meanwhile, which its node does prove.
        put({ ...known, waiting: null });
        return 'unproven';
      }
      if (!continuesTree(older, newer, proof)) {
        fork(known, null);
        return 'forked';
      }
      put({ ...known, believed: newer, waiting: null, state: 'consistent' });
      return 'proven';
    },
    get: (peer) => logs.get(peer),
    nextWaiting(count) {
      const waiting = [...logs.values()].filter((log) => log.waiting !== null && log.state !== 'forked');
      const next = waiting.slice(0, count);
      for (const log of next) {
        logs.delete(log.peer);
        logs.set(log.peer, log);
      }
      return next;
    },
    all: () => [...logs.values()],
    restore: (log) => void logs.set(log.peer, log),
    takeChanged() {
      const peers = [...changed];
      changed.clear();
      return peers;
    },
  };
}

/** By its origin line alone: what is known already costs no signature. */
function peerIn(note: string): string {
  const peer = /^weft\/log\/([^/\n]{1,64})\//.exec(note)?.[1];
  if (peer === undefined) throw new AuditError('bad-note', 'the checkpoint is not that of a weft node');
  return peer;
}
