/** The tree, the exchange and what the API sees of them, put together once somebody needs them. */
import type { LevelStore } from '../adapters/level/level-store.ts';

import { AuditError } from '../audit/audit-error.ts';
import { createKnownLogs, type KnownLog } from '../audit/exchange/known-logs.ts';
import { knownLogWrite, readKnownLogs } from '../audit/exchange/known-rows.ts';
import { createLogExchange, type LogExchange } from '../audit/exchange/log-exchange.ts';
import { type AuditLog, createAuditLog } from '../audit/log/audit-log.ts';
import { createFreshLog } from '../audit/log/fresh-log.ts';
import type { LogQueue } from '../audit/log/log-queue.ts';
import type { NodeLog } from '../audit/node-log.ts';
import { publicKeyOfPeer } from '../audit/note/log-name.ts';
import { proveAgent, proveContinuation } from '../audit/proof/make-proof.ts';
import type { InclusionFile } from '../audit/proof/proof-file.ts';
import { verifyProofFile } from '../audit/proof/verify-file.ts';
import type { Signer } from '../core/ed25519.ts';
import { isProtocolError } from '../core/errors.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { type Overlay, OverlayError } from '../ports/overlay.ts';
import type { LoadedAudit, NodeAuditParts } from './node-audit-types.ts';
import type { NodePorts } from './node-ports.ts';
import { storedBundle } from './stored-bundles.ts';

export async function loadNodeAudit(
  queue: LogQueue,
  ports: NodePorts,
  parts: NodeAuditParts & { readonly signer: Signer; readonly request: Overlay['request'] },
): Promise<LoadedAudit> {
  const { store, clock, entropy, verifier, log: logger } = ports;
  const { signer, request, peers, counted } = parts;
  const check = verifier.verify;
  const { randomBytes } = entropy;
  const { audited: ready } = store as Partial<LevelStore>;
  const log = createAuditLog({ store, queue, signer, check, randomBytes, ...(ready && { ready }) });
  const fresh = createFreshLog(log, queue, clock);
  const own = await log.checkpoint();

  function forked({ peer, believed, fork }: KnownLog): void {
    counted('alarms', 'log-fork', 1);
    const words = 'alarm: a node showed two trees of one log';
    logger
      .child({ subsystem: 'alarm' })
      .warn({ alarm: 'log-fork', peer, size: believed.size, proven: fork !== null }, words);
  }

  const known = createKnownLogs({ self: own.peer, check, forked });
  for (const before of await readKnownLogs(store, check)) known.restore(before);

  async function prove(agentId: AgentId): Promise<InclusionFile> {
    await fresh.checkpoint();
    const bundle = await storedBundle(store, agentKey(agentId));
    if (bundle === null) throw new AuditError('not-logged', 'this node holds nothing of that agent');
    return proveAgent(log, agentId, bundle);
  }

  const exchange = createLogExchange({
    log,
    known,
    request,
    peers,
    random: () => Buffer.from(randomBytes(4)).readUInt32BE() / 2 ** 32,
    nowMs: clock.nowMs,
    view: (agentId) => prove(agentId).catch(nothingLogged),
    counted: (label) => counted('log_checkpoints', label, 1),
  });

  async function save(): Promise<void> {
    const changed = known.takeChanged();
    if (changed.length > 0) await store.write(changed.map((peer) => knownLogWrite(peer, known.get(peer))));
  }

  return {
    log,
    exchange,
    async tick() {
      await log.seal();
      await exchange.round();
      await save();
    },
    surface: createSurface({ log, fresh, exchange, known, prove, check, nowMs: clock.nowMs }),
  };
}

function createSurface(parts: {
  readonly log: AuditLog;
  readonly fresh: Pick<NodeLog, 'checkpoint'>;
  readonly exchange: LogExchange;
  readonly known: ReturnType<typeof createKnownLogs>;
  readonly prove: NodeLog['prove'];
  readonly check: NodePorts['verifier']['verify'];
  readonly nowMs: () => number;
}): NodeLog {
  const { log, fresh, exchange, known, prove, check, nowMs } = parts;
  return {
    checkpoint: fresh.checkpoint,
    tile: log.tile,
    entries: log.entries,
    prove,
    async proveOf(peer, agentId) {
      const file = await asked(peer, () => exchange.askView(peer, agentId));
      if (file === null) throw new AuditError('not-logged', 'the log of that node has nothing of that agent');
      verifyProofFile(file, check);
      known.hear(file.checkpoint, nowMs());
      return file;
    },
    async continuation(older) {
      await fresh.checkpoint();
      return proveContinuation(log, older, check);
    },
    knownLogs: async () => known.all(),
    async look(peer) {
      known.hear(await asked(peer, () => exchange.askCheckpoint(peer)), nowMs());
      const found = known.get(peer);
      if (found === undefined) throw new AuditError('no-such-log', 'that node has shown no log');
      return found;
    },
  };
}

/** A peer that says nothing of use is one answer, whatever the reason. */
async function asked<Value>(peer: string, ask: () => Promise<Value>): Promise<Value> {
  if (publicKeyOfPeer(peer) === null) throw new AuditError('no-such-log', 'that is no peer id of a node');
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof OverlayError) && !isProtocolError(error)) throw error;
    throw new AuditError('no-answer', `the node does not say what its log has: ${error.message}`, {
      cause: error,
    });
  }
}

function nothingLogged(error: unknown): null {
  if (error instanceof AuditError && error.code === 'not-logged') return null;
  throw error;
}
