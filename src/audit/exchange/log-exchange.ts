/**
 * Checkpoints among nodes. Once a minute a node gives its own and some that it knows to two others, and is given some
 * back, so that each checkpoint comes around whatever its node shows to whom; then it asks the nodes of logs that grew
 * for proofs. What it costs does not grow with the network: two requests of about 5 kB a minute, and four for proofs.
 * Answers requests of the same kind, bounded for each peer. Source: docs/protocol.md §9.
 */
import { bytesToHex } from '../../core/bytes.ts';
import { isProtocolError, ProtocolError } from '../../core/errors.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import { encodeFailure } from '../../core/overlay/message.ts';
import { createQuota } from '../../core/peer/quota.ts';
import type { Overlay } from '../../ports/overlay.ts';
import { AuditError } from '../audit-error.ts';
import type { AuditLog } from '../log/audit-log.ts';
import { type InclusionFile, parseProofFile, proofJson } from '../proof/proof-file.ts';
import type { KnownLog, KnownLogs } from './known-logs.ts';
import {
  decodeConsistency,
  decodeLogRequest,
  decodeNotes,
  decodeView,
  encodeConsistency,
  encodeLogRequest,
  encodeNotes,
  encodeView,
  type LogRequest,
  notesMax,
} from './log-message.ts';

export interface LogExchangeOptions {
  readonly log: Pick<AuditLog, 'checkpoint' | 'proveConsistency'>;
  readonly known: KnownLogs;
  readonly request: Overlay['request'];
  /** Full nodes that are connected. */
  readonly peers: () => readonly string[];
  /** A number in 0..1 that nobody foresees. */
  readonly random: () => number;
  readonly nowMs: () => number;
  /** What this node's log has of an agent; null: nothing. */
  readonly view: (agentId: AgentId) => Promise<InclusionFile | null>;
  readonly counted: (label: string) => void;
}

export interface LogExchange {
  /** One round. Never rejects. */
  round(): Promise<void>;
  /** The answer to a request of a peer. Never rejects. */
  answer(peer: string, body: Uint8Array): Promise<Uint8Array>;
  /** What a peer's log has of an agent, unverified; null: nothing. @throws OverlayError, ProtocolError, AuditError. */
  askView(peer: string, agentId: AgentId): Promise<InclusionFile | null>;
  /** The checkpoint that a peer shows this node now. @throws OverlayError, ProtocolError, AuditError. */
  askCheckpoint(peer: string): Promise<string>;
}

const peersPerRound = 2;
const proofsPerRound = 4;
const timeoutMs = 10_000;
/** Of one peer: what a round asks, and a person who compares views now and then. */
const requestQuota = { burst: 20, perSecond: 0.5 };

export function createLogExchange(options: LogExchangeOptions): LogExchange {
  const { log, known, random, nowMs, counted } = options;
  const mayAsk = createQuota(requestQuota);

  function ask(peer: string, request: LogRequest): Promise<Uint8Array> {
    return options.request({ peer, addresses: [] }, encodeLogRequest(request), { timeoutMs });
  }

  /** The own one first, then others as they come. */
  async function notes(): Promise<string[]> {
    const own = await log.checkpoint();
    const others = known.all().map(({ believed, waiting }) => (waiting ?? believed).note);
    return [own.note, ...drawn(others, notesMax - 1, random)];
  }

  function hearAll(heard: readonly string[]): void {
    for (const note of heard) {
      try {
        counted(known.hear(note, nowMs()));
      } catch (error) {
        if (!(error instanceof AuditError)) throw error;
        counted(error.code);
      }
    }
  }

  async function exchange(peer: string): Promise<void> {
    hearAll(decodeNotes(await ask(peer, { type: 'checkpoints', notes: await notes() })));
  }

  async function prove({ peer, believed, waiting }: KnownLog): Promise<void> {
    if (waiting === null) return;
    const [older, newer] = [believed.size, waiting.size].sort((one, other) => one - other) as [
      number,
      number,
    ];
    const logId = Uint8Array.from(believed.logId.match(/../g)!, (pair) => Number.parseInt(pair, 16));
    const proof =
      older === 0 ? [] : decodeConsistency(await ask(peer, { type: 'consistency', logId, older, newer }));
    counted(known.judge(peer, proof));
  }

  /** Peers that are not there, or of an older release, are asked again another time. */
  async function attempt(task: Promise<void>): Promise<void> {
    await task.catch(() => counted('unanswered'));
  }

  async function answerTo(request: LogRequest): Promise<Uint8Array> {
    switch (request.type) {
      case 'checkpoints': {
        hearAll(request.notes);
        return encodeNotes(await notes());
      }
      case 'consistency': {
        const own = await log.checkpoint();
        const isOurs = own.logId === bytesToHex(request.logId) && request.newer <= own.size;
        if (!isOurs || request.older > request.newer) return encodeConsistency(null);
        return encodeConsistency(await log.proveConsistency(request.older, request.newer));
      }
      case 'view': {
        const view = await options.view(request.agentId);
        return encodeView(view === null ? null : JSON.stringify(proofJson(view)));
      }
    }
  }

  return {
    async round() {
      for (const peer of drawn(options.peers(), peersPerRound, random)) await attempt(exchange(peer));
      for (const log of known.nextWaiting(proofsPerRound)) await attempt(prove(log));
    },
    async answer(peer, body) {
      if (!mayAsk(peer, 1, nowMs())) return encodeFailure('over-quota');
      try {
        return await answerTo(decodeLogRequest(body));
      } catch (error) {
        return encodeFailure(isProtocolError(error) ? error.code : 'store-failed');
      }
    },
    async askView(peer, agentId) {
      const text = decodeView(await ask(peer, { type: 'view', agentId }));
      const file = text === null ? null : parseProofFile(text);
      if (file !== null && file.kind !== 'inclusion')
        throw new ProtocolError('wrong-shape', 'the peer answered with another kind of proof');
      return file;
    },
    async askCheckpoint(peer) {
      const own = await log.checkpoint();
      const [note] = decodeNotes(await ask(peer, { type: 'checkpoints', notes: [own.note] }));
      if (note === undefined) throw new AuditError('no-answer', 'the peer has no log');
      return note;
    },
  };
}

/** At most so many, each as likely as another. */
function drawn<Item>(items: readonly Item[], count: number, random: () => number): Item[] {
  const rest = [...items];
  const taken: Item[] = [];
  while (taken.length < count && rest.length > 0)
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return taken;
}
