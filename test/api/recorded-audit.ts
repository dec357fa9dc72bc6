/** The audit log of a node that answers from memory: a true one, of the sample agent's inception, with one other log. */
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createKnownLogs } from '../../src/audit/exchange/known-logs.ts';
import { createAuditLog } from '../../src/audit/log/audit-log.ts';
import { openLogQueue } from '../../src/audit/log/log-queue.ts';
import { emptyRoot } from '../../src/audit/merkle/tree-hash.ts';
import type { NodeLog } from '../../src/audit/node-log.ts';
import { signCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { formatLogName, peerOfPublicKey } from '../../src/audit/note/log-name.ts';
import { proveAgent, proveContinuation } from '../../src/audit/proof/make-proof.ts';
import {
  createSigner,
  isAdmissiblePublicKey,
  type SignatureCheck,
  verifyAdmitted,
} from '../../src/core/ed25519.ts';
import { acceptedSince } from '../../src/core/record/accepted.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';

type Answer = <Value>(name: string, value: () => Value) => (...given: unknown[]) => Promise<Awaited<Value>>;

const check = (owed: SignatureCheck): boolean =>
  isAdmissiblePublicKey(owed.publicKey) && verifyAdmitted(owed);

/** The peer id of the other log. */
export const otherLogPeer = peerOfPublicKey(createSigner(new Uint8Array(32).fill(32)).publicKey);

export function recordedAudit(state: AgentState, answer: Answer): NodeLog {
  const other = createSigner(new Uint8Array(32).fill(32));
  const known = createKnownLogs({ self: '', check, forked() {} });
  const origin = formatLogName({ peer: otherLogPeer, logId: '00'.repeat(8) });
  known.hear(signCheckpoint(origin, { size: 0, root: emptyRoot() }, other), 1_760_000_000_000);
  let opened: ReturnType<typeof open> | null = null;

  async function open() {
    const store = createMemoryStore();
    const queue = await openLogQueue(store);
    const signer = createSigner(new Uint8Array(32).fill(31));
    const log = createAuditLog({
      store,
      queue,
      signer,
      check,
      randomBytes: (length) => new Uint8Array(length),
    });
    await store.write([queue.row(acceptedSince(null, state), 1_760_000_000)]);
    await log.seal();
    return log;
  }
  const log = () => {
    opened ??= open();
    return opened;
  };
  const prove = async () => proveAgent(await log(), state.agentId, encodeState(state));
  return {
    checkpoint: answer('audit.checkpoint', async () => (await log()).checkpoint()),
    tile: async (place) => (await log()).tile(place),
    entries: async (from, count) => (await log()).entries(from, count),
    prove: answer('audit.prove', prove),
    proveOf: answer('audit.proveOf', prove),
    continuation: async (older) => proveContinuation(await log(), older, check),
    knownLogs: answer('audit.knownLogs', async () => known.all()),
    look: answer('audit.look', async () => known.all()[0]!),
  };
}
