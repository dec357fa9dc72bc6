/**
 * One generation of a key log: its root, the tree of rotations below it, and the recoveries that branch off it (§1).
 * Decides which event may stand below which and by what authority; fork-choice decides among them.
 */
import { bytesEqual, compareBytes } from '../bytes.ts';
import { type KeyEvent, keyEventSequence, keyEventSignerKey } from './key-event.ts';
import { keyDigest } from './key-event-codec.ts';

/** An event by rotation authority (or the generation's root) in the tree. */
export interface GenerationNode {
  readonly event: KeyEvent;
  readonly parent: GenerationNode | null;
  /** Children by rotation authority, lowest digest first. */
  readonly children: GenerationNode[];
}

/** A `rec`, or a `tomb` by the recovery key, and the node that it stands below. */
export interface RecoveryNode {
  readonly event: KeyEvent;
  readonly parent: GenerationNode;
}

export interface Generation {
  readonly root: GenerationNode;
  /** Lowest digest first. */
  readonly recoveries: readonly RecoveryNode[];
}

/** Events by the key of their prior event; events without one are left out. */
export type EventsByPrior = ReadonlyMap<string, readonly KeyEvent[]>;

/** The tree that grows from this root (`icp` or `rec`), bounded by the events given. */
export function createGeneration(rootEvent: KeyEvent, eventsByPrior: EventsByPrior): Generation {
  const root: GenerationNode = { event: rootEvent, parent: null, children: [] };
  const recoveryDigest = recoveryDigestSetBy(rootEvent);
  const recoveries: RecoveryNode[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const event of eventsByPrior.get(node.event.key) ?? []) {
      const authority = authorityOf(event, node.event, recoveryDigest);
      if (authority === 'recovery') recoveries.push({ event, parent: node });
      if (authority === 'rotation') {
        const child: GenerationNode = { event, parent: node, children: [] };
        node.children.push(child);
        open.push(child);
      }
    }
    node.children.sort(byDigest);
  }
  return { root, recoveries: recoveries.sort(byDigest) };
}

/** The nodes from the root, itself included, to this one. */
export function pathTo(node: GenerationNode): GenerationNode[] {
  const path: GenerationNode[] = [];
  for (let step: GenerationNode | null = node; step !== null; step = step.parent) path.unshift(step);
  return path;
}

/** n that stands after an event: null when there is none, or nothing can follow. */
export function rotationDigestSetBy(event: KeyEvent): Uint8Array | null {
  return event.body.type === 'tomb' ? null : event.body.rotationDigest;
}

/** r that an `icp` or `rec` sets; null for the others, which leave it as it is. */
export function recoveryDigestSetBy(event: KeyEvent): Uint8Array | null {
  return event.body.type === 'icp' || event.body.type === 'rec' ? event.body.recoveryDigest : null;
}

/** By what authority the event may stand directly below the parent; null: it may not. Recovery counts before rotation. */
function authorityOf(
  event: KeyEvent,
  parent: KeyEvent,
  recoveryDigest: Uint8Array | null,
): 'recovery' | 'rotation' | null {
  const { type } = event.body;
  if (type === 'icp' || keyEventSequence(event) !== keyEventSequence(parent) + 1) return null;
  const revealed = keyDigest(keyEventSignerKey(event.body));
  if (type !== 'rot' && recoveryDigest !== null && bytesEqual(revealed, recoveryDigest)) return 'recovery';
  const rotationDigest = rotationDigestSetBy(parent);
  const rotates = type !== 'rec' && rotationDigest !== null && bytesEqual(revealed, rotationDigest);
  return rotates ? 'rotation' : null;
}

function byDigest(left: { readonly event: KeyEvent }, right: { readonly event: KeyEvent }): number {
  return compareBytes(left.event.digest, right.event.digest);
}
