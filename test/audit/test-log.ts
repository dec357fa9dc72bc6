/** A log over a store, as a node has it, with a key of its own for each seed. */
import { createHash } from 'node:crypto';
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { type AuditLog, createAuditLog } from '../../src/audit/log/audit-log.ts';
import { type LogQueue, openLogQueue } from '../../src/audit/log/log-queue.ts';
import type { CheckSignature } from '../../src/audit/note/checkpoint.ts';
import { type AcceptedEvent, acceptedKinds } from '../../src/core/record/accepted.ts';
import type { Store } from '../../src/ports/store.ts';

const verifier = createNodeCryptoVerifier();
export const check: CheckSignature = (owed) => verifier.verify(owed);

export function logSigner(seed: number) {
  return createNativeSigner(new Uint8Array(32).fill(seed));
}

export interface TestLog {
  readonly log: AuditLog;
  readonly queue: LogQueue;
  /** Durable when it resolves, as a node's writes are. */
  accept(events: readonly AcceptedEvent[], seenAt?: number): Promise<void>;
}

export async function openTestLog(store: Store, seed = 1, random = seed): Promise<TestLog> {
  const queue = await openLogQueue(store);
  const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(random);
  const log = createAuditLog({ store, queue, signer: logSigner(seed), check, randomBytes });
  return {
    log,
    queue,
    accept: (events, seenAt = 1_760_000_000) => store.write([queue.row(events, seenAt)]),
  };
}

/** An event of one of a few agents, the same for the same number. */
export function eventOf(number: number, agents = 50): AcceptedEvent {
  const hash = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
  return {
    agentId: hash(`agent ${number % agents}`),
    kind: acceptedKinds[number % acceptedKinds.length]!,
    hash: hash(`event ${number}`),
  };
}

export function eventsOf(start: number, count: number): AcceptedEvent[] {
  return Array.from({ length: count }, (_, index) => eventOf(start + index));
}
