/**
 * The verdict on a proof file, from the file alone: signatures of nodes and of the agent, places in trees, and the
 * protocol's own fork choice. What does not hold is refused with the reason; what holds is said in so many words.
 */
import { bytesEqual, bytesToHex } from '../../core/bytes.ts';
import { isProtocolError } from '../../core/errors.ts';
import { formatAgentId } from '../../core/identity/agent-id.ts';
import type { AcceptedKind } from '../../core/record/accepted.ts';
import { acceptedSince } from '../../core/record/accepted.ts';
import { admitBundle } from '../../core/record/admission.ts';
import { type AgentState, encodeState } from '../../core/record/agent-state.ts';
import { decodeBundle } from '../../core/record/bundle-codec.ts';
import { authorityBundle } from '../../core/record/stored-state.ts';
import { AuditError } from '../audit-error.ts';
import { decodeLeaf, type LogLeaf } from '../leaf.ts';
import { hashLeaf } from '../merkle/tree-hash.ts';
import { continuesTree, holdsInclusion } from '../merkle/verify-proof.ts';
import { type Checkpoint, type CheckSignature, openCheckpoint } from '../note/checkpoint.ts';
import type { ForkSide, LogForkFile, LogView, ProofFile, ProvenEntry } from './proof-file.ts';

/** An entry that is where the file says. */
export interface VerifiedEntry extends LogLeaf {
  readonly index: number;
  /** True when the signed event itself is in the file, too. */
  readonly isShown: boolean;
}

export interface VerifiedView {
  readonly checkpoint: Checkpoint;
  readonly entries: readonly VerifiedEntry[];
}

export type Verified =
  | { readonly kind: 'inclusion'; readonly state: AgentState; readonly views: readonly VerifiedView[] }
  | { readonly kind: 'duplicity'; readonly state: AgentState; readonly views: readonly VerifiedView[] }
  | { readonly kind: 'consistency'; readonly older: Checkpoint; readonly newer: Checkpoint }
  | { readonly kind: 'log-fork'; readonly first: Checkpoint; readonly second: Checkpoint };

/**
 * @param check the protocol's rule for signatures, admission of the key included
 * @throws AuditError `bad-note`, `wrong-signer`, `not-a-proof-file`, `wrong-log`, `proof-fails`, `no-contradiction`.
 */
export function verifyProofFile(file: ProofFile, check: CheckSignature): Verified {
  switch (file.kind) {
    case 'inclusion': {
      const state = verifyState(file.agentId, file.bundle, check);
      return { kind: file.kind, state, views: [verifyView(file, state, check)] };
    }
    case 'duplicity': {
      const state = verifyState(file.agentId, file.bundle, check);
      if (state.keyState.status !== 'forked')
        throw new AuditError(
          'no-contradiction',
          `the key events in the file are one history: the agent is ${state.keyState.status}`,
        );
      return { kind: file.kind, state, views: file.views.map((view) => verifyView(view, state, check)) };
    }
    case 'consistency': {
      const older = openCheckpoint(file.older, check);
      const newer = openCheckpoint(file.newer, check);
      if (older.origin !== newer.origin)
        throw new AuditError('wrong-log', 'the two checkpoints are of different logs');
      if (!continuesTree(older, newer, file.proof))
        throw new AuditError(
          'proof-fails',
          'the later tree does not begin with the earlier one by this proof',
        );
      return { kind: file.kind, older, newer };
    }
    case 'log-fork':
      return verifyFork(file, check);
  }
}

/** Key log and revocations, every signature checked. @throws AuditError `proof-fails`, `not-a-proof-file`. */
function verifyState(agentId: Uint8Array, bundle: Uint8Array, check: CheckSignature): AgentState {
  try {
    // Of no time: what has ended since was said all the same.
    const admission = admitBundle(authorityBundle(decodeBundle(bundle)), agentId, 0, null);
    // What stands for nothing would be shown, and never judged.
    if (!bytesEqual(encodeState(admission.state), bundle))
      throw new AuditError(
        'proof-fails',
        "the agent's events are more than its history, or in another order",
      );
    if (admission.checks.every(check)) return admission.state;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    throw new AuditError('proof-fails', `the agent's events are not valid: ${error.message}`, {
      cause: error,
    });
  }
  throw new AuditError('proof-fails', "a signature on one of the agent's events does not hold");
}

function verifyView(view: LogView, state: AgentState, check: CheckSignature): VerifiedView {
  const checkpoint = openCheckpoint(view.checkpoint, check);
  const shown = new Set(acceptedSince(null, state).map(({ kind, hash }) => eventKey(kind, hash)));
  const entries = view.entries.map((entry): VerifiedEntry => {
    const leaf = verifyEntry(entry, checkpoint);
    if (!bytesEqual(leaf.agentId, state.agentId))
      throw new AuditError('proof-fails', `entry ${entry.index} is about ${formatAgentId(leaf.agentId)}`);
    return { ...leaf, index: entry.index, isShown: shown.has(eventKey(leaf.kind, leaf.hash)) };
  });
  return { checkpoint, entries };
}

function eventKey(kind: AcceptedKind, hash: Uint8Array): string {
  return `${kind} ${bytesToHex(hash)}`;
}

function verifyEntry({ index, leaf, proof }: ProvenEntry, tree: Checkpoint): LogLeaf {
  if (!holdsInclusion(hashLeaf(leaf), index, tree, proof))
    throw new AuditError('proof-fails', `entry ${index} is not in the tree of ${tree.size} by its proof`);
  try {
    return decodeLeaf(leaf);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    throw new AuditError('proof-fails', `entry ${index} is none that weft writes: ${error.message}`, {
      cause: error,
    });
  }
}

/** Two roots of one size, or two entries at one place. */
function verifyFork({ first, second }: LogForkFile, check: CheckSignature): Verified {
  const checkpoints = [
    openCheckpoint(first.checkpoint, check),
    openCheckpoint(second.checkpoint, check),
  ] as const;
  const [one, other] = checkpoints;
  if (one.origin !== other.origin)
    throw new AuditError('wrong-log', 'the two checkpoints are of different logs');
  const isForked =
    one.size === other.size
      ? !bytesEqual(one.root, other.root)
      : differAtOnePlace(first, second, checkpoints);
  if (isForked) return { kind: 'log-fork', first: one, second: other };
  throw new AuditError(
    'no-contradiction',
    'the two trees may continue one another: nothing in the file says otherwise',
  );
}

function differAtOnePlace(
  first: ForkSide,
  second: ForkSide,
  [one, other]: readonly [Checkpoint, Checkpoint],
): boolean {
  if (first.entry === null || second.entry === null || first.entry.index !== second.entry.index) return false;
  const sides = [[first.entry, one] as const, [second.entry, other] as const];
  for (const [{ index, leaf, proof }, tree] of sides) {
    if (!holdsInclusion(hashLeaf(leaf), index, tree, proof))
      throw new AuditError('proof-fails', `entry ${index} is not in the tree of ${tree.size} by its proof`);
  }
  return !bytesEqual(first.entry.leaf, second.entry.leaf);
}
