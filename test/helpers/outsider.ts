/**
 * A peer that speaks the record protocol and follows no rules: it puts what it likes, asks one node what that node
 * itself holds, and writes to streams and topics. Tests use it as attacker and as witness.
 */
import { randomBytes } from 'node:crypto';
import { createHost } from '../../src/adapters/libp2p/create-host.ts';
import type { Host } from '../../src/adapters/libp2p/host-types.ts';
import { gossipTopics } from '../../src/core/gossip/announcement.ts';
import {
  decodeFindAnswers,
  decodePutAnswers,
  encodeRequest,
  type FoundRecord,
  type PutAnswer,
} from '../../src/core/overlay/message.ts';

/** Where a request goes: a peer, and its address with or without the id. */
export interface Target {
  readonly peer: string;
  readonly address: string;
}

export interface Outsider {
  readonly host: Host;
  /** The node's own answer to any bytes. @throws OverlayError when there is none. */
  ask(target: Target, body: Uint8Array): Promise<Uint8Array>;
  put(target: Target, bundles: readonly Uint8Array[]): Promise<readonly PutAnswer[]>;
  /** What that node itself holds of the agent. */
  find(target: Target, agentId: Uint8Array): Promise<FoundRecord>;
  /** The same of many, in few requests. */
  findAll(target: Target, agentIds: readonly Uint8Array[]): Promise<readonly FoundRecord[]>;
  stop(): Promise<void>;
}

const findsPerRequest = 100;
const timeoutMs = 10_000;

/** Serves nobody, joins nobody: it only dials what it is told to. */
export async function createOutsider(): Promise<Outsider> {
  const host = await createHost({
    privateKey: randomBytes(32),
    listen: [],
    bootstrap: [],
    profile: 'private',
    protocolPrefix: '/weft',
    mode: 'client',
    topics: gossipTopics('/weft'),
  });
  await host.overlay.start({
    peerAdded() {},
    peerRemoved() {},
    peerConnected() {},
    peerDisconnected() {},
    requestReceived: async () => new Uint8Array(0),
    pushReceived() {},
  });
  await host.start();

  const ask = ({ peer, address }: Target, body: Uint8Array): Promise<Uint8Array> =>
    host.overlay.request({ peer, addresses: [address.split('/p2p/')[0]!] }, body, { timeoutMs });

  async function findAll(target: Target, agentIds: readonly Uint8Array[]): Promise<FoundRecord[]> {
    const found: FoundRecord[] = [];
    for (let at = 0; at < agentIds.length; at += findsPerRequest) {
      const items = agentIds.slice(at, at + findsPerRequest).map((agentId) => ({ agentId, known: null }));
      const answer = await ask(target, encodeRequest({ type: 'find', closerMax: 0, items }));
      found.push(...decodeFindAnswers(answer, items.length).map(({ record }) => record));
    }
    return found;
  }

  return {
    host,
    ask,
    async put(target, bundles) {
      return decodePutAnswers(await ask(target, encodeRequest({ type: 'put', bundles })), bundles.length);
    },
    find: async (target, agentId) => (await findAll(target, [agentId]))[0]!,
    findAll,
    stop: () => host.stop(),
  };
}
