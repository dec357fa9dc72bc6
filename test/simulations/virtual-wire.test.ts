/** A connection of the virtual network, as TCP is one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWire, type WireEnd, type WirePath } from '../../simulations/virtual/virtual-wire.ts';

interface Path extends WirePath {
  isCut: boolean;
  isGone: boolean;
  isDark: boolean;
  oneWayMs: number;
}

function path(oneWayMs: number): Path {
  const self: Path = {
    isCut: false,
    isGone: false,
    isDark: false,
    oneWayMs,
    delayMs: () => (self.isCut ? null : self.oneWayMs),
    isAlive: () => !self.isGone,
    isSilent: () => self.isDark,
    arrived() {},
  };
  return self;
}

function listen(end: WireEnd): string[] {
  const heard: string[] = [];
  end.handlers = {
    received: (bytes) => heard.push(Buffer.from(bytes).toString()),
    drained: () => heard.push('drained'),
    ended: () => heard.push('ended'),
    broken: () => heard.push('broken'),
  };
  return heard;
}

const text = (words: string): Uint8Array => Buffer.from(words);

describe('a wire', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  function connected() {
    const [there, back] = [path(10), path(10)];
    const wire = createWire([there, back], Date.now);
    return { wire, there, back, left: listen(wire.ends[0]), right: listen(wire.ends[1]) };
  }

  it('brings what is written in order, and what one turn writes together', () => {
    const { wire, there, right } = connected();
    wire.ends[0].send(text('a'));
    wire.ends[0].send(text('b'));
    vi.advanceTimersByTime(1);
    there.oneWayMs = 1;
    wire.ends[0].send(text('c'));
    vi.advanceTimersByTime(8);
    expect(right).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(right).toEqual(['ab', 'c']);
  });

  it('holds back what a cut stops, and brings it after the cut', () => {
    const { wire, there, right } = connected();
    there.isCut = true;
    wire.ends[0].send(text('a'));
    vi.advanceTimersByTime(60_000);
    wire.ends[0].send(text('b'));
    wire.ends[0].close();
    expect(right).toEqual([]);
    there.isCut = false;
    wire.resume(() => 500);
    vi.advanceTimersByTime(509);
    expect(right).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(right).toEqual(['a', 'b', 'ended']);
  });

  it('lets the other way pass when only one is cut', () => {
    const { wire, there, left } = connected();
    there.isCut = true;
    wire.ends[1].send(text('still here'));
    vi.advanceTimersByTime(10);
    expect(left).toEqual(['still here']);
  });

  it('tells of a reset after the way there, and loses it in a cut', () => {
    const { wire, there, right } = connected();
    wire.ends[0].reset();
    vi.advanceTimersByTime(9);
    expect(right).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(right).toEqual(['broken']);
    const other = connected();
    other.there.isCut = true;
    other.wire.ends[0].reset();
    other.there.isCut = false;
    vi.advanceTimersByTime(60_000);
    expect(other.right).toEqual([]);
    expect(there.isCut).toBe(false);
  });

  it('answers with a reset where the process is gone, and with silence where the machine is', () => {
    const gone = connected();
    gone.there.isGone = true;
    gone.wire.orphan(1);
    gone.wire.ends[0].send(text('hello'));
    vi.advanceTimersByTime(20);
    expect(gone.left).toEqual(['broken']);
    const dark = connected();
    dark.there.isGone = true;
    dark.there.isDark = true;
    dark.wire.orphan(1);
    dark.wire.ends[0].send(text('hello'));
    vi.advanceTimersByTime(60_000);
    expect(dark.left).toEqual([]);
  });

  it('asks a writer to wait, and says when there is room again', () => {
    const { wire, left } = connected();
    expect(wire.ends[0].send(new Uint8Array(200_000))).toBe(true);
    expect(wire.ends[0].send(new Uint8Array(100_000))).toBe(false);
    vi.advanceTimersByTime(10);
    expect(left).toEqual(['drained']);
  });

  it('keeps what arrives while its reader pauses', () => {
    const { wire, right } = connected();
    wire.ends[1].setPaused(true);
    wire.ends[0].send(text('a'));
    vi.advanceTimersByTime(10);
    wire.ends[0].send(text('b'));
    vi.advanceTimersByTime(10);
    expect(right).toEqual([]);
    wire.ends[1].setPaused(false);
    expect(right).toEqual(['a', 'b']);
  });
});
