/**
 * How a storing peer takes a signed item that somebody brings (docs/protocol.md §7): cheapest first it is read, held against
 * what is kept, judged beside what is known of its agent, and verified. Decides what is true and new; whether there is room
 * is the keeper's. Quotas came before.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { agentKey } from '../identity/agent-id.ts';
import type { KeepAnswer } from '../overlay/keep-answer.ts';
import type { AgentTable } from '../peer/agent-table.ts';
import type { PeerContext } from '../peer/context.ts';
import type { AgentState } from '../record/agent-state.ts';
import { compareItems, type SignedItem } from './signed-item.ts';
import type { KeptItem } from './signed-row.ts';

/** What differs between items of one kind and another. */
export interface IntakeRules<Item extends SignedItem, Kept extends KeptItem> {
  /** Refusals are counted there. */
  readonly metric: 'capabilities' | 'names';
  /** With all that is refused without a look at signatures, closeness and age. @throws ProtocolError */
  read(bytes: Uint8Array): Item;
  /** What is kept of the same key. */
  kept(key: string): Kept | undefined;
  /** Whether this peer stores it. */
  isMine(item: Item): boolean;
  /** @throws ProtocolError */
  admit(
    item: Item,
    held: AgentState | null,
  ): { readonly establishment: Uint8Array; readonly checks: readonly SignatureCheck[] };
  /** The very one that is kept came again. */
  keepOn(item: Item, kept: Kept, from: string): KeepAnswer;
  /** A new one, verified. */
  keep(item: Item, establishment: Uint8Array, from: string, onAnswer: OnAnswer): void;
}

type OnAnswer = (answer: KeepAnswer) => void;

/** Takes one item, or says why not. @param from who brought it */
export type TakeItem = (bytes: Uint8Array, from: string, onAnswer: OnAnswer) => void;

/** An answer that nothing is kept by, counted. */
export function refusal(
  context: PeerContext,
  metric: string,
  code: ProtocolErrorCode,
  status: KeepAnswer['status'] = 'refused',
): KeepAnswer {
  context.count(metric, code);
  return { status, code };
}

export function createIntake<Item extends SignedItem, Kept extends KeptItem>(
  context: PeerContext,
  table: AgentTable,
  rules: IntakeRules<Item, Kept>,
): TakeItem {
  const { metric } = rules;

  const isOvertaken = (item: Item): boolean => {
    const kept = rules.kept(item.key);
    return kept !== undefined && compareItems(kept, item) > 0;
  };

  /** Runs the task with what is known of the agent; what it throws is the answer. */
  function withState(item: Item, onAnswer: OnAnswer, task: (held: AgentState | null) => void): void {
    table.load(agentKey(item.agentId), (agent) => guarded(onAnswer, () => task(agent?.state ?? null)));
  }

  function guarded(onAnswer: OnAnswer, task: () => void): void {
    try {
      task();
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      onAnswer(refusal(context, metric, error.code));
    }
  }

  function verify(item: Item, held: AgentState | null, from: string, onAnswer: OnAnswer): void {
    const { establishment, checks } = rules.admit(item, held);
    context.verify(checks, (verdicts) => {
      if (verdicts.length !== checks.length || verdicts.includes(false)) {
        onAnswer(refusal(context, metric, 'bad-signature'));
        return;
      }
      // What was learned while the signatures were checked counts too.
      withState(item, onAnswer, (known) => {
        rules.admit(item, known);
        if (isOvertaken(item)) onAnswer(refusal(context, metric, 'stale-base', 'stale'));
        else rules.keep(item, establishment, from, onAnswer);
      });
    });
  }

  return (bytes, from, onAnswer) =>
    guarded(onAnswer, () => {
      const item = rules.read(bytes);
      const kept = rules.kept(item.key);
      if (kept === undefined && !rules.isMine(item)) onAnswer(refusal(context, metric, 'not-closest'));
      else if (isOvertaken(item)) onAnswer(refusal(context, metric, 'stale-base', 'stale'));
      else if (kept !== undefined && bytesEqual(kept.bytes, bytes)) onAnswer(rules.keepOn(item, kept, from));
      else withState(item, onAnswer, (held) => verify(item, held, from, onAnswer));
    });
}
