/** What a proof shows, for people and as JSON. */

import type { Checkpoint } from '../../audit/note/checkpoint.ts';
import type { Verified, VerifiedEntry, VerifiedView } from '../../audit/proof/verify-file.ts';
import { bytesToHex } from '../../core/bytes.ts';
import { formatAgentId } from '../../core/identity/agent-id.ts';
import { keyEventSequence } from '../../core/identity/key-event.ts';
import type { AgentState } from '../../core/record/agent-state.ts';
import { columns, type Terminal } from '../terminal.ts';
import { counted } from '../words.ts';

/** One sentence for each kind. */
export function proofSentence(verified: Verified): string {
  switch (verified.kind) {
    case 'inclusion':
      return `${counted(verified.views[0]!.entries.length, 'entry')} about ${formatAgentId(verified.state.agentId)} in the log of ${verified.views[0]!.checkpoint.peer}`;
    case 'duplicity':
      return `${formatAgentId(verified.state.agentId)} has two histories: its keys signed both`;
    case 'consistency':
      return `the log of ${verified.newer.peer} with ${verified.newer.size} entries begins with all ${verified.older.size} of before`;
    case 'log-fork':
      return `${verified.first.peer} signed two trees of its log of which neither continues the other`;
  }
}

export function proofDetails(terminal: Terminal, verified: Verified): string[] {
  switch (verified.kind) {
    case 'inclusion':
      return verified.views.flatMap((view) => viewLines(terminal, view));
    case 'duplicity':
      return [...forkLines(verified.state), ...verified.views.flatMap((view) => viewLines(terminal, view))];
    case 'consistency':
      return [headWords(verified.older), headWords(verified.newer)];
    case 'log-fork':
      return [headWords(verified.first), headWords(verified.second)];
  }
}

export function verifiedJson(verified: Verified): object {
  const head = { holds: true, kind: verified.kind };
  switch (verified.kind) {
    case 'inclusion':
    case 'duplicity': {
      const { agentId, keyState } = verified.state;
      const agent = { agentId: formatAgentId(agentId), status: keyState.status };
      const proof = keyState.proof?.map(({ key }) => key) ?? null;
      return { ...head, ...agent, proof, logs: verified.views.map(viewJson) };
    }
    case 'consistency':
      return { ...head, older: headJson(verified.older), newer: headJson(verified.newer) };
    case 'log-fork':
      return { ...head, first: headJson(verified.first), second: headJson(verified.second) };
  }
}

function headJson({ peer, origin, size, root }: Checkpoint): object {
  return { peer, origin, size, root: bytesToHex(root) };
}

function viewJson({ checkpoint, entries }: VerifiedView): object {
  return { ...headJson(checkpoint), entries: entries.map(entryJson) };
}

function entryJson({ index, kind, hash, seenAt, isShown }: VerifiedEntry): object {
  return { index, kind, hash: bytesToHex(hash), seenAt: new Date(seenAt * 1000).toISOString(), isShown };
}

function forkLines({ keyState }: AgentState): string[] {
  return (keyState.proof ?? []).map(
    (event) => `  ${event.body.type} at sequence ${keyEventSequence(event)}: ${event.key}`,
  );
}

function viewLines(terminal: Terminal, { checkpoint, entries }: VerifiedView): string[] {
  const rows = entries.map(({ index, kind, hash, seenAt, isShown }) => [
    String(index),
    new Date(seenAt * 1000).toISOString(),
    kind,
    bytesToHex(hash),
    isShown ? '' : terminal.paint('quiet', 'the event itself is not in the file'),
  ]);
  return [headWords(checkpoint), ...columns(rows, '    ')];
}

function headWords({ peer, logId, size, root }: Checkpoint): string {
  return `  log ${logId} of ${peer}: ${counted(size, 'entry')}, root ${bytesToHex(root)}`;
}
