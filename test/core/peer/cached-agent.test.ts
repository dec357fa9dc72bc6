import { describe, expect, it } from 'vitest';
import { createCachedAgent } from '../../../src/core/peer/cached-agent.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { authorNamed, fenceOf, stateFrom } from '../record/fixtures.ts';

const author = authorNamed('cached');
const state = stateFrom(author, fenceOf(author));
const encoded = encodeState(state);
const about = { mark: null, isHeld: true, learnedAt: 0, confirmedAtMs: 0 };

describe('an agent in the cache', () => {
  it('keeps nothing of the frame that its bundle came in', () => {
    const frame = new Uint8Array(1024 * 1024);
    frame.set(encoded, 1000);
    const view = frame.subarray(1000, 1000 + encoded.length);
    const agent = createCachedAgent({ ...about, state: null, bundle: view });
    frame.fill(0);
    expect(agent.bundle).toEqual(Uint8Array.from(encoded));
    expect(agent.bundle.buffer.byteLength).toBe(encoded.length);
  });

  it('shows an equal state after it rested, decoded once', () => {
    const agent = createCachedAgent({ ...about, state, bundle: encoded });
    expect(agent.state).toBe(state);
    agent.rest();
    const again = agent.state;
    expect(again).not.toBe(state);
    expect(encodeState(again)).toEqual(encoded);
    expect(again).toEqual(state);
    expect(agent.state).toBe(again);
  });
});
