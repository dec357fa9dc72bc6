/**
 * Counts the answers of one put until w peers have acknowledged. Decides when the writer may go on and with what word;
 * does not choose whom to ask. Source: docs/protocol.md §4.
 */
import type { ProtocolErrorCode } from '../errors.ts';
import { mostFrequent } from '../overlay/keep-answer.ts';
import type { PutAnswer } from '../overlay/message.ts';
import type { PublishResult } from '../peer/effects.ts';
import type { AgentState } from '../record/agent-state.ts';

export interface PutTally {
  asked(): void;
  /** null: no answer. */
  answered(answer: PutAnswer | null): void;
  /** True once `wanted` acknowledged, or somebody showed that the write is stale. */
  isDecided(): boolean;
  isSettled(): boolean;
  result(state: AgentState | null): PublishResult;
}

export function createPutTally(wanted: number): PutTally {
  let asked = 0;
  let answers = 0;
  let acknowledgements = 0;
  let stale = 0;
  const refusals: ProtocolErrorCode[] = [];

  function status(): PublishResult['status'] {
    if (stale > 0) return 'stale';
    if (acknowledgements >= wanted) return 'stored';
    if (acknowledgements > 0) return 'partial';
    return refusals.length > 0 ? 'refused' : 'failed';
  }

  return {
    asked: () => void asked++,
    answered(answer) {
      answers++;
      if (answer === null) return;
      if (answer.status === 'stored' || answer.status === 'merged') acknowledgements++;
      else if (answer.status === 'stale') stale++;
      if (answer.code !== null) refusals.push(answer.code);
    },
    isDecided: () => acknowledgements >= wanted || stale > 0,
    isSettled: () => answers >= asked,
    result: (state) => ({
      status: status(),
      acknowledgements,
      asked,
      refusal: mostFrequent(refusals),
      state,
    }),
  };
}
