/**
 * Fork choice (§1): a pure function of the set of key events, whatever the order in which they came.
 * Decides which log stands, whether the agent is frozen, and which events a peer keeps. Does not verify signatures (it
 * is given events whose signatures hold) and knows no time. Source: §1; pre-rotation is KERI's (Smith, 2019).
 *
 * The log is a chain of *generations*: an `icp` or `rec` and the tree of rotations below it, under one recovery key.
 * In one generation, with R its events by recovery authority (`rec`, or `tomb` by the recovery key):
 *
 * | R         | and                                                      | then                              |
 * |-----------|----------------------------------------------------------|-----------------------------------|
 * | 2 or more |                                                          | forked for ever                   |
 * | 1         | a fork on its path, before the event that it stands on   | forked there: it came too late    |
 * | 1         | else                                                     | chosen; a `rec` begins the next   |
 * | 0         | two rotations of one event                               | forked there, until a recovery    |
 * | 0         | else                                                     | the branch stands to its end      |
 *
 * What is retained is a bounded projection: chooseLog(retained(A) ∪ B) = chooseLog(A ∪ B) for every B that carries the
 * ancestors of its events, as everything on the wire does. An event whose ancestors are missing counts for nothing.
 */
import { bytesEqual, bytesToHex, compareBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentId } from './agent-id.ts';
import { inceptionAgentId, type KeyEvent, keyEventSequence } from './key-event.ts';
import {
  createGeneration,
  type EventsByPrior,
  type Generation,
  type GenerationNode,
  pathTo,
  type RecoveryNode,
  recoveryDigestSetBy,
  rotationDigestSetBy,
} from './key-generation.ts';
import type { KeyState, KeyStatus } from './key-state.ts';

export type { KeyState, KeyStatus } from './key-state.ts';

/** What one generation comes to. */
interface Outcome {
  /** `recovered`: the last event of the branch is a `rec`, the root of the next generation. */
  readonly status: KeyStatus | 'recovered';
  /** The part of the chain below the generation's root. */
  readonly branch: readonly KeyEvent[];
  readonly proof: readonly [KeyEvent, KeyEvent] | null;
  /** Retained beside the chain. */
  readonly aside: readonly KeyEvent[];
}

/**
 * The state of that agent under these events, whose signatures hold.
 * Events of other agents, orphans and events that their place does not allow are left out.
 * @throws ProtocolError `bad-key-log` when the agent's inception is not among them.
 */
export function chooseLog(agentId: AgentId, events: readonly KeyEvent[]): KeyState {
  const inception = findInception(agentId, events);
  if (events.length === 1) return createState(agentId, [inception], 'active', null, []);
  const eventsByPrior = groupByPrior(events);
  const chain: KeyEvent[] = [inception];
  for (;;) {
    const { status, branch, proof, aside } = judge(createGeneration(chain[chain.length - 1]!, eventsByPrior));
    chain.push(...branch);
    if (status !== 'recovered') return createState(agentId, chain, status, proof, aside);
  }
}

/** The table in the header. */
function judge(generation: Generation): Outcome {
  const [first, second] = generation.recoveries;
  if (first === undefined) return judgeRotations(generation.root);
  if (second !== undefined) return judgeTwoRecoveries(first, second);
  const path = pathTo(first.parent);
  const fork = path.slice(0, -1).find((node) => node.children.length > 1);
  if (fork === undefined) {
    const status = first.event.body.type === 'rec' ? 'recovered' : 'tombstoned';
    return { status, branch: [...eventsBelowRoot(path), first.event], proof: null, aside: [] };
  }
  const outcome = forkedAt(fork);
  return { ...outcome, aside: [...outcome.aside, ...eventsBelowRoot(path), first.event] };
}

function judgeRotations(root: GenerationNode): Outcome {
  let end = root;
  while (end.children.length === 1) end = end.children[0]!;
  if (end.children.length > 1) return forkedAt(end);
  const status = end.event.body.type === 'tomb' ? 'tombstoned' : 'active';
  return { status, branch: eventsBelowRoot(pathTo(end)), proof: null, aside: [] };
}

function forkedAt(fork: GenerationNode): Outcome {
  const proof: [KeyEvent, KeyEvent] = [fork.children[0]!.event, fork.children[1]!.event];
  return { status: 'forked', branch: eventsBelowRoot(pathTo(fork)), proof, aside: proof };
}

/** Both paths are kept, or the two events would be orphans elsewhere; the chain ends where the paths part. */
function judgeTwoRecoveries(first: RecoveryNode, second: RecoveryNode): Outcome {
  const firstPath = pathTo(first.parent);
  const secondPath = pathTo(second.parent);
  const shared = firstPath.filter((node, index) => node === secondPath[index]);
  const proof: [KeyEvent, KeyEvent] = [first.event, second.event];
  const aside = [...eventsBelowRoot(firstPath), ...eventsBelowRoot(secondPath), ...proof];
  return { status: 'forked', branch: eventsBelowRoot(shared), proof, aside };
}

function eventsBelowRoot(path: readonly GenerationNode[]): KeyEvent[] {
  return path.slice(1).map((node) => node.event);
}

function createState(
  agentId: AgentId,
  chain: readonly KeyEvent[],
  status: KeyStatus,
  proof: readonly [KeyEvent, KeyEvent] | null,
  aside: readonly KeyEvent[],
): KeyState {
  const head = chain[chain.length - 1]!;
  const { body } = head;
  const recoveryRoot = chain.findLast((event) => event.body.type === 'icp' || event.body.type === 'rec')!;
  return {
    agentId,
    status,
    chain,
    head,
    establishment: head.digest,
    signingKey: status === 'active' && body.type !== 'tomb' ? body.signingKey : null,
    sequence: keyEventSequence(head),
    rotationDigest: rotationDigestSetBy(head),
    recoveryDigest: recoveryDigestSetBy(recoveryRoot),
    proof,
    retained: chain.length === 1 && aside.length === 0 ? chain : inCanonicalOrder([...chain, ...aside]),
  };
}

/** Each once, by sequence, then digest. */
function inCanonicalOrder(events: readonly KeyEvent[]): KeyEvent[] {
  const eventByKey = new Map(events.map((event) => [event.key, event]));
  return [...eventByKey.values()].sort(
    (left, right) =>
      keyEventSequence(left) - keyEventSequence(right) || compareBytes(left.digest, right.digest),
  );
}

/** The inception whose hash is the agent id; of two signatures on it the lower. */
function findInception(agentId: AgentId, events: readonly KeyEvent[]): KeyEvent {
  let found: KeyEvent | null = null;
  for (const event of events) {
    if (event.body.type !== 'icp' || !bytesEqual(inceptionAgentId(event), agentId)) continue;
    found = found === null ? event : lowerSignature(found, event);
  }
  if (found !== null) return found;
  throw new ProtocolError('bad-key-log', 'the inception of this agent is not among the events', {
    events: events.length,
  });
}

/** Every event below another once, by the key of what it stands on; of two signatures on one body the lower. */
function groupByPrior(events: readonly KeyEvent[]): EventsByPrior {
  const eventByKey = new Map<string, KeyEvent>();
  for (const event of events) {
    const other = eventByKey.get(event.key);
    eventByKey.set(event.key, other === undefined ? event : lowerSignature(other, event));
  }
  const eventsByPrior = new Map<string, KeyEvent[]>();
  for (const event of eventByKey.values()) {
    if (event.body.type === 'icp') continue;
    const prior = bytesToHex(event.body.prior);
    const siblings = eventsByPrior.get(prior);
    if (siblings === undefined) eventsByPrior.set(prior, [event]);
    else siblings.push(event);
  }
  return eventsByPrior;
}

function lowerSignature(left: KeyEvent, right: KeyEvent): KeyEvent {
  return compareBytes(left.signature, right.signature) <= 0 ? left : right;
}
