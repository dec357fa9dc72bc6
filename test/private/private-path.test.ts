/** The private path over real nodes: who sees what, and what is survived (docs/protocol.md §7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealedAnswerLengths } from '../../src/core/private/sealed-text.ts';
import type { LiveNode } from '../helpers/live-nodes.ts';
import { contains, type PrivateNetwork, settledAgent, startPrivateNetwork } from './private-nodes.ts';

let net: PrivateNetwork;
let publisher: LiveNode;
let asker: LiveNode;
let agentId: Uint8Array;

beforeAll(async () => {
  net = await startPrivateNetwork(6);
  [publisher, asker] = [net.nodes[0]!, net.nodes[5]!];
  agentId = await settledAgent(publisher, net.nodes);
}, 60_000);
afterAll(() => net.stop());

describe('a private resolve', { timeout: 60_000 }, () => {
  it('finds what a direct one finds', async () => {
    const direct = await asker.node.resolve(agentId, { fresh: true });
    const inPrivate = await asker.node.resolvePrivately(agentId);
    expect(inPrivate.status).toBe('ok');
    expect(inPrivate.state).toEqual(direct.state);
    expect(inPrivate.holders).toBeGreaterThanOrEqual(3);
    console.log(inPrivate.responders.length, net.ofType('relay').length, net.ofType('sealed').length);
  });
});
