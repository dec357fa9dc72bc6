/** What a trace tells of private calls: that there was one, and how it ended. */
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import { tracePrivate } from '../../src/node/traced-calls.ts';
import type { SpanAttributes, Tracing } from '../../src/ports/tracing.ts';
import type { PrivateCalls } from '../../src/private/path-types.ts';

describe('the trace of a private call', () => {
  it('names no agent, no blob and no peer', async () => {
    const agentId = new Uint8Array(32).fill(7);
    const told: [string, SpanAttributes][] = [];
    const tracing = {
      async within(name: string, attributes: SpanAttributes, task: (span: object) => Promise<unknown>) {
        told.push([name, attributes]);
        return task({ describe: (more: SpanAttributes) => told.push([name, more]), fail: () => undefined });
      },
    } as unknown as Tracing;
    const resolution = { agentId, status: 'ok', responders: ['12D3KooWsomebody'] } as unknown as Resolution;
    const calls: PrivateCalls = {
      resolve: async () => resolution,
      fetch: async () => new Uint8Array(3),
      fetchDirectly: async () => null,
      hold: async () => Promise.reject(new Error('not here')),
    };
    const traced = tracePrivate(calls, tracing);
    expect(await traced.resolve(agentId)).toBe(resolution);
    expect(await traced.fetch(agentId)).toEqual(new Uint8Array(3));
    expect(told.map(([name]) => name)).toEqual([
      ...['resolve-privately', 'resolve-privately'],
      ...['fetch-privately', 'fetch-privately'],
    ]);
    const text = JSON.stringify(told);
    for (const secret of [bytesToHex(agentId), formatAgentId(agentId), '12D3KooW'])
      expect(text).not.toContain(secret);
    expect(tracePrivate(calls, undefined)).toBe(calls);
  });
});
