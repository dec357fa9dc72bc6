/**
 * Random trees of key events with equivocation of every kind, for the properties of fork choice, which verifies no
 * signature: keys are arbitrary bytes and signatures are filler.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { inceptionAgentId, type KeyEvent, type KeyEventBody } from '../../../src/core/identity/key-event.ts';
import { keyEventBodyValue, readKeyEvent } from '../../../src/core/identity/key-event-codec.ts';

/** One step that grows the tree below an event that is picked among those there are. */
interface Growth {
  readonly parent: number;
  readonly kind: 'rot' | 'rec' | 'tomb-rotation' | 'tomb-recovery' | 'stray' | 'twin-signature';
  readonly salt: number;
}

/** What a controller (or its thief) knows at an event: the secrets behind n and r. */
interface Place {
  readonly event: KeyEvent;
  readonly rotationKey: Uint8Array;
  readonly recoveryKey: Uint8Array;
}

export interface EventTree {
  readonly agentId: Uint8Array;
  /** Inception first; each event after the one that it stands on. */
  readonly events: readonly KeyEvent[];
}

const growth: fc.Arbitrary<Growth> = fc.record({
  parent: fc.nat({ max: 1000 }),
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant('rot' as const) },
    { weight: 3, arbitrary: fc.constant('rec' as const) },
    { weight: 1, arbitrary: fc.constant('tomb-rotation' as const) },
    { weight: 1, arbitrary: fc.constant('tomb-recovery' as const) },
    { weight: 1, arbitrary: fc.constant('stray' as const) },
    { weight: 1, arbitrary: fc.constant('twin-signature' as const) },
  ),
  salt: fc.nat({ max: 3 }),
});

/** Trees of up to `sizeMax` events; `tall` prefers the newest event as parent, so that logs get long. */
export function eventTrees(sizeMax: number): fc.Arbitrary<EventTree> {
  return fc
    .record({ growths: fc.array(growth, { maxLength: sizeMax }), tall: fc.boolean() })
    .map(({ growths, tall }) => growTree(growths, tall));
}

/** A subset of the tree that holds the ancestors of each of its events, as every message does. */
export function closedSubsets(tree: EventTree): fc.Arbitrary<KeyEvent[]> {
  return fc.subarray([...tree.events]).map((events) => withAncestors(tree, events));
}

/** The events and all that they stand on. */
export function withAncestors(tree: EventTree, events: readonly KeyEvent[]): KeyEvent[] {
  const chosen = new Set<KeyEvent>([tree.events[0]!, ...events]);
  for (const event of [...tree.events].reverse()) {
    const wanted = [...chosen].some((other) => isBelow(other, event));
    if (wanted) chosen.add(event);
  }
  return [...chosen];
}

function isBelow(event: KeyEvent, parent: KeyEvent): boolean {
  return event.body.type !== 'icp' && Buffer.compare(event.body.prior, parent.digest) === 0;
}

function growTree(growths: readonly Growth[], tall: boolean): EventTree {
  const rotationKey = bytesOf('rotation root');
  const recoveryKey = bytesOf('recovery root');
  const inception = filled(
    {
      type: 'icp',
      signingKey: bytesOf('signing root'),
      rotationDigest: sha256(rotationKey),
      recoveryDigest: sha256(recoveryKey),
      issuedAt: 1,
      nonce: bytesOf('nonce').slice(0, 16),
    },
    0,
  );
  const places: Place[] = [{ event: inception, rotationKey, recoveryKey }];
  for (const step of growths) {
    const reach = tall ? Math.min(places.length, 3) : places.length;
    const parent = places[places.length - 1 - (step.parent % reach)]!;
    const grown = grow(parent, step);
    if (grown !== null) places.push(grown);
  }
  return { agentId: inceptionAgentId(inception), events: places.map((place) => place.event) };
}

function grow(parent: Place, step: Growth): Place | null {
  const { body } = parent.event;
  if (step.kind === 'twin-signature') {
    return { ...parent, event: filled(body, step.salt + 1) };
  }
  const sequence = (body.type === 'icp' ? 0 : body.sequence) + 1;
  if (sequence > 31 || (sequence >= 28 && step.kind === 'rot')) return null;
  const label = `${parent.event.key} ${step.kind} ${step.salt}`;
  const rotationKey = bytesOf(`rotation ${label}`);
  const shared = { sequence, prior: parent.event.digest, issuedAt: 1 + step.salt };
  const next = { signingKey: bytesOf(`signing ${label}`), rotationDigest: sha256(rotationKey) };
  switch (step.kind) {
    case 'rot': {
      const event = filled({ type: 'rot', ...shared, rotationKey: parent.rotationKey, ...next }, 0);
      return { event, rotationKey, recoveryKey: parent.recoveryKey };
    }
    case 'rec': {
      const recoveryKey = bytesOf(`recovery ${label}`);
      const recoveryDigest = sha256(recoveryKey);
      const event = filled(
        { type: 'rec', ...shared, recoveryKey: parent.recoveryKey, ...next, recoveryDigest },
        0,
      );
      return { event, rotationKey, recoveryKey };
    }
    case 'stray': {
      const event = filled({ type: 'rot', ...shared, rotationKey: bytesOf(`stray ${label}`), ...next }, 0);
      return { event, rotationKey, recoveryKey: parent.recoveryKey };
    }
    default: {
      const revealedKey = step.kind === 'tomb-rotation' ? parent.rotationKey : parent.recoveryKey;
      return { ...parent, event: filled({ type: 'tomb', ...shared, revealedKey, reason: 'unspecified' }, 0) };
    }
  }
}

function filled(body: KeyEventBody, filler: number): KeyEvent {
  return readKeyEvent([keyEventBodyValue(body), new Uint8Array(64).fill(filler)]);
}

function bytesOf(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(label));
}
