/**
 * Judges what was shown of one name: all key logs together decide where the namespace's authority stands, and of the
 * records under that authority the newest whose signatures hold counts, so that neither a forged newer one hides anything
 * nor a replay from before a rotation or recovery. Source: docs/protocol.md §7.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { type KeyEvent, keyEventCheck } from '../identity/key-event.ts';
import { keyLogRetainedEventsMax } from '../limits.ts';
import { admitName } from '../name/admit.ts';
import type { NameRecord } from '../name/name-record.ts';
import { compareItems } from '../place/signed-item.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';

/** Calls back with the record that counts, or null. */
export type VerifyName = (
  agentId: AgentId,
  shown: readonly NameRecord[],
  onVerified: (record: NameRecord | null) => void,
) => void;

export function createNameVerifier(context: PeerContext, table: AgentTable): VerifyName {
  return (agentId, shown, onVerified) => {
    if (shown.length === 0) {
      onVerified(null);
      return;
    }
    table.load(agentKey(agentId), (agent) => {
      const held = agent?.state ?? null;
      const news = newEvents(shown, held?.keyState.retained ?? []);
      const checks = news.map(keyEventCheck);
      const judge = (verdicts: readonly boolean[]): void => {
        const good = news.filter((_, index) => verdicts[index] === true);
        if (good.length < news.length) context.count('answers_refused', 'bad-signature');
        verifyNewest(standing(agentId, shown, good, held), held, onVerified);
      };
      if (checks.length === 0) judge([]);
      else context.verify(checks, judge);
    });
  };

  /** One after the other, so that one good record costs one round of checks. */
  function verifyNewest(
    candidates: readonly NameRecord[],
    held: AgentState | null,
    onVerified: (record: NameRecord | null) => void,
  ): void {
    const [first, ...rest] = candidates;
    if (first === undefined) {
      onVerified(null);
      return;
    }
    // Of its log every event that counts was verified with the others.
    let checks: readonly SignatureCheck[];
    try {
      checks = admitName(first, held).ownChecks;
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      verifyNewest(rest, held, onVerified);
      return;
    }
    context.verify(checks, (verdicts) => {
      if (verdicts.length === checks.length && !verdicts.includes(false)) onVerified(first);
      else {
        context.count('answers_refused', 'bad-signature');
        verifyNewest(rest, held, onVerified);
      }
    });
  }

  /** Those under the key event that all logs together choose, the newest first. */
  function standing(
    agentId: AgentId,
    shown: readonly NameRecord[],
    events: readonly KeyEvent[],
    held: AgentState | null,
  ): NameRecord[] {
    try {
      const { head, status } = chooseLog(agentId, [...(held?.keyState.retained ?? []), ...events]);
      if (status !== 'active') context.count('answers_refused', status);
      return shown
        .filter(({ keyEvents }) => status === 'active' && keyEvents.at(-1)!.key === head.key)
        .sort((left, right) => compareItems(right, left));
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      return [];
    }
  }
}

/** What the logs say that is not known, each event once; a liar's logs make no more work than an honest one may. */
function newEvents(shown: readonly NameRecord[], known: readonly KeyEvent[]): KeyEvent[] {
  const found: KeyEvent[] = [];
  const byNewest = [...shown].sort((left, right) => compareItems(right, left));
  for (const event of byNewest.flatMap(({ keyEvents }) => keyEvents)) {
    if (found.length === keyLogRetainedEventsMax) break;
    const isThere = (one: KeyEvent): boolean => bytesEqual(one.bytes, event.bytes);
    if (!known.some(isThere) && !found.some(isThere)) found.push(event);
  }
  return found;
}
