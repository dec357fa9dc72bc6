/** One test per sentence of §1 about the fork choice. */
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../../src/core/bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../../../src/core/errors.ts';
import { chooseLog, type KeyState } from '../../../src/core/identity/fork-choice.ts';
import type { KeyEvent } from '../../../src/core/identity/key-event.ts';
import { isRecoverable, recoveryPoint } from '../../../src/core/identity/key-events.ts';
import { createController } from './fixtures.ts';

const owner = createController('fork owner');
const start = owner.stateOf();
const rotation = owner.rotate(start, '0', '1');
const second = owner.rotate(owner.stateOf(rotation), '1', '2');
/** What a thief of rotation key 0 makes. */
const stolen = owner.rotate(start, '0', 'thief');

function codeOf(action: () => unknown): ProtocolErrorCode | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
}

/** A log of so many rotations. */
function rotateTo(count: number): KeyEvent[] {
  const events: KeyEvent[] = [];
  while (events.length < count) {
    events.push(owner.rotate(owner.stateOf(...events), `${events.length}`, `${events.length + 1}`));
  }
  return events;
}

function expectHead(state: KeyState, status: KeyState['status'], head: KeyEvent): void {
  expect({ status: state.status, head: state.head.key }).toEqual({ status, head: head.key });
}

describe('fork choice (§1)', () => {
  it('§1: a log without forks stands to its end', () => {
    const state = owner.stateOf(rotation, second);
    expectHead(state, 'active', second);
    expect(state.chain).toEqual([owner.inception, rotation, second]);
    expect(state.establishment).toEqual(second.digest);
    expect(state.sequence).toBe(2);
  });

  it('§1: an event that is not below the log changes nothing', () => {
    const other = createController('somebody else');
    const orphan = second;
    const foreign = other.rotate(other.stateOf(), '0', '1');
    const skipped = owner.rotate({ ...start, sequence: 1 }, '0', '1');
    expect(owner.stateOf(orphan, foreign, other.inception, skipped)).toEqual(start);
  });

  it('§1: the inception must be among the events', () => {
    expect(codeOf(() => chooseLog(owner.agentId, []))).toBe('bad-key-log');
    expect(codeOf(() => chooseLog(owner.agentId, [rotation]))).toBe('bad-key-log');
    expect(codeOf(() => chooseLog(new Uint8Array(32), [owner.inception]))).toBe('bad-key-log');
  });

  it('§1: two different children of equal authority are duplicity: forked, frozen, the agent signs nothing', () => {
    const state = owner.stateOf(rotation, second, stolen);
    expectHead(state, 'forked', owner.inception);
    expect(state.signingKey).toBeNull();
    expect(codeOf(() => owner.rotate(state, '0', '9'))).toBe('forked');
  });

  it('§1: a rotation and a tombstone by the rotation key are of equal authority', () => {
    expectHead(owner.stateOf(rotation, owner.end(start, 'rotate 0')), 'forked', owner.inception);
  });

  it('§1: the two events with the lowest digests are kept as proof, whatever else there is', () => {
    const rivals = ['a', 'b', 'c', 'd'].map((name) => owner.rotate(start, '0', name));
    const lowest = rivals.toSorted((left, right) => compareBytes(left.digest, right.digest)).slice(0, 2);
    const state = owner.stateOf(...rivals);
    expect(state.proof).toEqual(lowest);
    expect(state.retained).toEqual([owner.inception, ...lowest]);
    expectHead(owner.stateOf(...lowest), 'forked', owner.inception);
  });

  it('§1: a rec from the fork point resolves the fork', () => {
    const forked = owner.stateOf(rotation, second, stolen);
    const recovery = owner.recover(forked, '0', 'r');
    const state = owner.stateOf(rotation, second, stolen, recovery);
    expectHead(state, 'active', recovery);
    expect(state.retained).toEqual([owner.inception, recovery]);
    expect(state.signingKey).toEqual(owner.key('sign r').publicKey);
  });

  it('§1: a rec from before the fork point resolves it too', () => {
    const late = owner.rotate(owner.stateOf(rotation), '1', 'thief');
    const forked = owner.stateOf(rotation, second, late);
    expectHead(forked, 'forked', rotation);
    const recovery = owner.recover(forked, '0', 'r', owner.inception);
    expectHead(owner.stateOf(rotation, second, late, recovery), 'active', recovery);
  });

  it('§1: a rec from after the fork point does not resolve it', () => {
    const recovery = owner.recover(owner.stateOf(rotation, second), '0', 'r');
    const state = owner.stateOf(rotation, second, stolen, recovery);
    expectHead(state, 'forked', owner.inception);
    const [low, high] = [rotation, stolen].toSorted((left, right) => compareBytes(left.digest, right.digest));
    expect(state.proof).toEqual([low, high]);
    expect(isRecoverable(state)).toBe(false);
  });

  it('§1: a rec whose own parent has other children stands: it comes from the fork point', () => {
    const recovery = owner.recover(owner.stateOf(rotation), '0', 'r');
    const late = owner.rotate(owner.stateOf(rotation), '1', 'thief');
    expectHead(owner.stateOf(rotation, second, late, recovery), 'active', recovery);
  });

  it('§1: two different rec by one recovery key stay forked for ever', () => {
    const first = owner.recover(start, '0', 'r1');
    const other = owner.recover(owner.stateOf(rotation), '0', 'r2');
    const state = owner.stateOf(rotation, first, other);
    expectHead(state, 'forked', owner.inception);
    expect(isRecoverable(state)).toBe(false);
    expect(codeOf(() => owner.recover(state, '0', 'r3'))).toBe('bad-key-log');
    const third = owner.recover(start, '0', 'r3');
    const after = owner.recover(owner.stateOf(first), 'r1', 'r4');
    expectHead(owner.stateOf(rotation, first, other, third, after), 'forked', owner.inception);
  });

  it('§1: a rec and a tombstone by the recovery key are of equal authority', () => {
    const state = owner.stateOf(owner.recover(start, '0', 'r'), owner.end(start, 'recover 0'));
    expectHead(state, 'forked', owner.inception);
  });

  it('§1: a rec beats a branch of any length', () => {
    const branch = rotateTo(27);
    const recovery = owner.recover(start, '0', 'r');
    expectHead(owner.stateOf(...branch, recovery), 'active', recovery);
  });

  it('§1: a rec beats a tombstone by rotation key', () => {
    const tombstone = owner.end(start, 'rotate 0');
    const ended = owner.stateOf(tombstone);
    expectHead(ended, 'tombstoned', tombstone);
    expect(recoveryPoint(ended)).toBe(owner.inception);
    const recovery = owner.recover(ended, '0', 'r');
    expectHead(owner.stateOf(tombstone, recovery), 'active', recovery);
  });

  it('§1: a tombstone by recovery key beats rotations, and nothing undoes it', () => {
    const tombstone = owner.end(start, 'recover 0', 'keyCompromise');
    const state = owner.stateOf(rotation, second, tombstone);
    expectHead(state, 'tombstoned', tombstone);
    expect(isRecoverable(state)).toBe(false);
    expect(codeOf(() => owner.recover(state, '0', 'r'))).toBe('bad-key-log');
  });

  it('§1: a tombstone by recovery key ends a forked log', () => {
    const forked = owner.stateOf(rotation, stolen);
    const tombstone = owner.end(forked, 'recover 0');
    expectHead(owner.stateOf(rotation, stolen, tombstone), 'tombstoned', tombstone);
    expect(codeOf(() => owner.end(forked, 'rotate 0'))).toBe('forked');
  });

  it('§1: nothing stands below a tombstone', () => {
    const tombstone = owner.end(start, 'rotate 0');
    const ended = owner.stateOf(tombstone);
    const asIf: KeyState = { ...ended, status: 'active', rotationDigest: start.rotationDigest };
    expectHead(owner.stateOf(tombstone, owner.rotate(asIf, '0', '1')), 'tombstoned', tombstone);
    expect(codeOf(() => owner.rotate(ended, '0', '1'))).toBe('tombstoned');
    expect(codeOf(() => owner.end(ended, 'rotate 0'))).toBe('tombstoned');
  });

  it('§1: there is no finality by arrival time: a later event overturns whatever a node held', () => {
    const held = owner.stateOf(rotation, second);
    expectHead(chooseLog(owner.agentId, [...held.retained, stolen]), 'forked', owner.inception);
  });

  it('§1: after a rec the spent recovery key changes nothing below it', () => {
    const recovery = owner.recover(start, '0', 'r');
    const recovered = owner.stateOf(recovery);
    const asIf = { ...recovered, recoveryDigest: start.recoveryDigest, retained: [] };
    const stale = owner.recover(asIf, '0', 'again');
    expectHead(owner.stateOf(recovery, stale), 'active', recovery);
    expect(codeOf(() => owner.recover(recovered, '0', 'again'))).toBe('bad-key');
  });

  it('§1: a log goes on after a recovery, and can be recovered again', () => {
    const recovery = owner.recover(start, '0', 'r');
    const next = owner.rotate(owner.stateOf(recovery), 'r', 's');
    const again = owner.recover(owner.stateOf(recovery, next), 'r', 't');
    const state = owner.stateOf(recovery, next, again);
    expectHead(state, 'active', again);
    expect(state.sequence).toBe(3);
  });

  it('§1: a log has at most 32 events, the last 4 only rec or tomb', () => {
    const branch = rotateTo(27);
    const full = owner.stateOf(...branch);
    expect(full.chain.length).toBe(28);
    expect(codeOf(() => owner.rotate(full, '27', '28'))).toBe('bad-key-log');
    const recoveries: KeyEvent[] = [];
    for (const [from, to] of [
      ['0', 'a'],
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ] as const) {
      recoveries.push(owner.recover(owner.stateOf(...branch, ...recoveries), from, to));
    }
    const end = owner.stateOf(...branch, ...recoveries);
    expect(end.chain.length).toBe(32);
    expect(isRecoverable(end)).toBe(false);
    expect(codeOf(() => owner.recover(end, 'd', 'e'))).toBe('bad-key-log');
    expect(codeOf(() => owner.end(end, 'recover d'))).toBe('wrong-shape');
  });

  it('keeps the lower of two signatures on one body', () => {
    const twin = { ...rotation, signature: new Uint8Array(64) };
    expect(owner.stateOf(rotation, twin).head.signature).toEqual(new Uint8Array(64));
    expect(owner.stateOf(twin, rotation).head.signature).toEqual(new Uint8Array(64));
  });

  it('refuses a recovery below an event that the log did not choose', () => {
    const state = owner.stateOf(rotation);
    expect(codeOf(() => owner.recover(state, '0', 'r', stolen))).toBe('bad-key-log');
    const recovered = owner.stateOf(owner.recover(start, '0', 'r'));
    expect(codeOf(() => owner.recover(recovered, 'r', 's', owner.inception))).toBe('bad-key-log');
  });
});
