/**
 * A network of weft nodes that keep announcements, in one process. The announcements come from a peer that is no node: it
 * gives each of them to each node, as the nodes of their owners would, without the time that 10,000 owners take.
 */
import { randomBytes } from 'node:crypto';
import { createHost } from '../../src/adapters/libp2p/create-host.ts';
import type { Host } from '../../src/adapters/libp2p/host-types.ts';
import { signCapabilities } from '../../src/core/capability/announcement.ts';
import { gossipTopics } from '../../src/core/gossip/announcement.ts';
import { decodeAnnounceAnswers } from '../../src/core/overlay/capability-message.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import type { WeftNode } from '../../src/node/node-types.ts';
import { startWeftNetwork, type WeftNetwork } from '../subjects/weft-network.ts';
import { waitForCalm } from './calm.ts';
import { runInLanes } from './lanes.ts';
import { recordSeed } from './records.ts';
import { createBenchmarkAgent, secondsNow } from './weft-records.ts';
import { serveCalls } from './worker-calls.ts';

export interface AnnounceRequest {
  readonly seed: number;
  readonly count: number;
}

/** Over all announcements and nodes: each announcement is sent to each node. */
export interface AnnounceOutcome {
  readonly sent: number;
  readonly stored: number;
  readonly announceMs: number;
}

export interface SearchRequest {
  readonly seed: number;
  /** How many there are. */
  readonly announcements: number;
  readonly searches: number;
  readonly limit: number;
}

export interface SearchOutcome {
  readonly tagMs: readonly number[];
  readonly prefixMs: readonly number[];
  /** Answers with fewer agents than there are, or with others than were asked for. */
  readonly wrong: number;
}

/** 20 roots with 10 tags each: of 10,000 agents each tag has 50, fewer than the 64 that a storing peer keeps of one. */
const rootCount = 20;
const tagsPerRoot = 10;
const tagCount = rootCount * tagsPerRoot;
/** Announcements of one message: checked in a few milliseconds, so that no node falls silent for its neighbours. */
const batchSize = 50;
const sendTimeoutMs = 60_000;
const warmUps = 50;
/** One search in so many asks for a prefix. */
const prefixEvery = 4;

let network: WeftNetwork;
let sender: Host;

const calls = { announce, search };
export type SearchCalls = typeof calls;

serveCalls({
  start,
  ...calls,
  stop: async () => {
    await sender.stop();
    await network.stop();
  },
});

async function start(nodes: number): Promise<void> {
  network = await startWeftNetwork(nodes);
  sender = await startSender();
  await waitForCalm();
}

/** Serves nobody, joins nobody. */
async function startSender(): Promise<Host> {
  const prefix = '/weft';
  const host = await createHost({
    privateKey: randomBytes(32),
    listen: [],
    bootstrap: [],
    profile: 'private',
    protocolPrefix: prefix,
    mode: 'client',
    topics: gossipTopics(prefix),
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
  return host;
}

function tagOf(record: number): string {
  const index = record % tagCount;
  return `${rootOf(index)}/variant-${index % tagsPerRoot}`;
}

function rootOf(tag: number): string {
  return `/skill-${Math.floor(tag / tagsPerRoot)}`;
}

/** Signs the announcements of so many agents and gives them to every node. */
async function announce({ seed, count }: AnnounceRequest): Promise<AnnounceOutcome> {
  const issuedAt = secondsNow();
  const beganMs = performance.now();
  let stored = 0;
  for (let first = 0; first < count; first += batchSize) {
    const announcements = Array.from({ length: Math.min(batchSize, count - first) }, (_, index) => {
      const record = first + index;
      const { signer, state } = createBenchmarkAgent(seed, record, issuedAt);
      return signCapabilities({ keyState: state.keyState, signer, tags: [tagOf(record)], issuedAt }).bytes;
    });
    const body = encodeRequest({ type: 'announce', announcements });
    await runInLanes(network.members.length, 4, async (member) => {
      const kept = await give(network.members[member]!, body, announcements.length);
      stored += kept;
    });
  }
  const announceMs = performance.now() - beganMs;
  await waitForCalm();
  return { sent: count * network.members.length, stored, announceMs };
}

/** How many the node keeps. */
async function give(node: WeftNode, body: Uint8Array, count: number): Promise<number> {
  const contact = { peer: node.peer, addresses: node.addresses().map((one) => one.split('/p2p/')[0]!) };
  const answer = await sender.overlay.request(contact, body, { timeoutMs: sendTimeoutMs });
  return decodeAnnounceAnswers(answer, count).filter(({ status }) => status === 'stored').length;
}

/** Searches one after the other, by the node that stores nothing. */
async function search({ seed, announcements, searches, limit }: SearchRequest): Promise<SearchOutcome> {
  const tagMs: number[] = [];
  const prefixMs: number[] = [];
  let wrong = 0;
  for (let index = -warmUps; index < searches; index++) {
    const drawn = recordSeed(seed, index, 'search').readUInt32BE(0) % tagCount;
    const isPrefix = index % prefixEvery === 0;
    const tag = isPrefix ? rootOf(drawn) : tagOf(drawn);
    const beganMs = performance.now();
    const { results } = await network.reader.capabilities.search({ tag, limit });
    const tookMs = performance.now() - beganMs;
    if (index < 0) continue;
    (isPrefix ? prefixMs : tagMs).push(tookMs);
    const isThere = Math.min(limit, Math.floor(announcements / (isPrefix ? rootCount : tagCount)));
    const fits = results.every(({ tags }) => tags.some((one) => one === tag || one.startsWith(`${tag}/`)));
    if (results.length < isThere || !fits) wrong++;
  }
  return { tagMs, prefixMs, wrong };
}
