/**
 * What two nodes say of one agent, held against each other. The rule is the protocol's fork choice over all events of
 * both (§1); nothing is decided here that it does not decide.
 */
import { bytesEqual } from '../../core/bytes.ts';
import { ProtocolError } from '../../core/errors.ts';
import { type AgentState, bundleOfState, joinStates } from '../../core/record/agent-state.ts';
import { encodeBundle } from '../../core/record/bundle-codec.ts';
import type { CheckSignature } from '../note/checkpoint.ts';
import { forkOf } from './fork-of.ts';
import type { DuplicityFile, InclusionFile, LogForkFile } from './proof-file.ts';
import { type VerifiedView, verifyProofFile } from './verify-file.ts';

/**
 * `same`: the same events. `behind`: one has events that the other lacks, and they are one history. `overturned`: a
 * recovery settled it. `forked`: two histories; `log-fork`: one log with two trees of one size.
 */
export type ComparisonVerdict = 'same' | 'behind' | 'overturned' | 'forked' | 'log-fork';

export interface Comparison {
  readonly verdict: ComparisonVerdict;
  /** Of all events of both. */
  readonly state: AgentState;
  readonly views: readonly [VerifiedView, VerifiedView];
  /** What a third verifies; null where nothing contradicts. */
  readonly proof: DuplicityFile | LogForkFile | null;
}

/** @throws AuditError what verifyProofFile throws, and ProtocolError `wrong-agent` for views of two agents. */
export function compareViews(left: InclusionFile, right: InclusionFile, check: CheckSignature): Comparison {
  if (!bytesEqual(left.agentId, right.agentId))
    throw new ProtocolError('wrong-agent', 'the two views are of different agents');
  const [one, other] = [verifyInclusion(left, check), verifyInclusion(right, check)];
  const views = [one.view, other.view] as const;
  const { state, changed } = joinStates(one.state, other.state, 0);
  const fork = forkOf(one.view.checkpoint, other.view.checkpoint);
  if (state.keyState.status === 'forked') {
    const bundle = encodeBundle({
      ...bundleOfState(state),
      addr: null,
      urls: [],
      delegations: [],
      operations: [],
    });
    const proof: DuplicityFile = {
      kind: 'duplicity',
      agentId: left.agentId,
      bundle,
      views: [left, right].map(({ checkpoint, entries }) => ({ checkpoint, entries })),
    };
    return { verdict: 'forked', state, views, proof };
  }
  if (fork !== null) return { verdict: 'log-fork', state, views, proof: fork };
  const isSame = !changed && !joinStates(other.state, one.state, 0).changed;
  const heads = [one, other].map((side) => side.state.keyState.head.key);
  const isOneHistory = heads.every((key) => state.keyState.chain.some((event) => event.key === key));
  return { verdict: isSame ? 'same' : isOneHistory ? 'behind' : 'overturned', state, views, proof: null };
}

function verifyInclusion(
  file: InclusionFile,
  check: CheckSignature,
): { readonly state: AgentState; readonly view: VerifiedView } {
  const verified = verifyProofFile(file, check);
  if (verified.kind !== 'inclusion') throw new TypeError('a view is an inclusion file');
  return { state: verified.state, view: verified.views[0]! };
}
