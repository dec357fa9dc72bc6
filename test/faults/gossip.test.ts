/** Faults of gossip, on full nodes: streams that die under a living connection, and replays of what was said long ago. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeAnnouncements, gossipTopic } from '../../src/core/gossip/announcement.ts';
import { createGossipNeighbour, type GossipNeighbour } from '../helpers/gossip-neighbour.ts';
import {
  createLiveNetwork,
  eventually,
  everyoneHears,
  gossipStreams,
  gossipsubOf,
  type LiveNetwork,
  type LiveNode,
  meshed,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { bornAgent, rotated, type TestAgent } from '../helpers/test-agent.ts';

const topicOf = ({ agentId }: TestAgent): string => gossipTopic('/weft', agentId);
const announcementOf = ({ state }: TestAgent): Uint8Array => encodeAnnouncements(state)[0]!;

/** More heartbeats than any message is offered to latecomers for. */
const heartbeatsOfTwoMinutes = 120;

/** As gossipsub does by itself two minutes after a message: by then it has long left the message cache, too. */
function forgetSeen(pubsub: object): void {
  const caches = pubsub as Record<'seenCache' | 'fastMsgIdCache', { clear(): void }> & {
    readonly mcache: { shift(): void };
  };
  caches.seenCache.clear();
  caches.fastMsgIdCache.clear();
  for (let heartbeat = 0; heartbeat < heartbeatsOfTwoMinutes; heartbeat++) caches.mcache.shift();
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

describe('gossip among full nodes', () => {
  let network: LiveNetwork;
  let neighbour: GossipNeighbour | null;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeEach(() => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    neighbour = null;
  });

  afterEach(async () => {
    await neighbour?.stop();
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  it('heals after its streams were reset under living connections (F4; stock: 0 of 6 messages in 47 s)', async () => {
    const timing = { heartbeatMs: 250 };
    const hub = await network.start('hub', { timing });
    const leaf = { timing, settings: { listen: [] }, bootstrap: [hub.address] };
    // Nobody can dial a leaf: all that one hears of the other comes through the hub.
    const left = await network.start('left', leaf);
    const right = await network.start('right', leaf);
    const nodes = [hub, left, right];
    await meshed(nodes);
    const connections = nodes.map(({ host }) =>
      host.libp2p
        .getConnections()
        .map(({ id }) => id)
        .join(),
    );

    const ends = [hub, left, right].flatMap(({ host }) => gossipStreams(host, 'outbound'));
    expect(ends.length).toBeGreaterThanOrEqual(4);
    const startMs = performance.now();
    for (const stream of ends) stream.abort(new Error('reset by the test'));
    const isWritable = (live: LiveNode, count: number): boolean =>
      gossipStreams(live.host, 'outbound').filter(({ writeStatus }) => writeStatus === 'writable').length ===
      count;
    await eventually(() => isWritable(hub, 2) && isWritable(left, 1) && isWritable(right, 1), {
      what: () =>
        `a gossip stream on each connection again: ${nodes.map(({ host }) => `${host.libp2p.getConnections().length} connections ${gossipStreams(host, 'outbound').map(({ writeStatus }) => writeStatus)} ${gossipStreams(host, 'inbound').length}`)}`,
    });
    await meshed(nodes);
    const healedMs = performance.now() - startMs;

    let heard = 0;
    for (let index = 0; index < 6; index++) {
      const [from, to] = index % 2 === 0 ? [left, right] : [right, left];
      const agent = rotated(bornAgent(`after the reset ${index}`, nowSeconds()), nowSeconds());
      await from.host.gossip.publish(topicOf(agent), announcementOf(agent));
      await everyoneHears([to], agent.agentId, 'rotated');
      if (to.changes.find(({ change }) => change === 'rotated')?.source === 'gossip') heard++;
    }
    console.info(
      `F4: ${heard} of 6 messages after the reset, healed in ${Math.round(healedMs)} ms; stock gossipsub: 0 of 6 in 47 s`,
    );
    expect(heard).toBe(6);
    expect(
      nodes.map(({ host }) =>
        host.libp2p
          .getConnections()
          .map(({ id }) => id)
          .join(),
      ),
    ).toEqual(connections);
  });

  it('does not pass on what it knows once gossipsub has forgotten it (F6; stock: 30 receipts of 29)', async () => {
    const nodes = await network.startMany(6);
    await meshed(nodes, 2);
    const [first, ...others] = nodes as [LiveNode, ...LiveNode[]];
    const agents = [0, 1, 2].map((index) => {
      const born = bornAgent(`said before ${index}`, nowSeconds());
      return { born, later: rotated(born, nowSeconds()) };
    });
    neighbour = await createGossipNeighbour(
      first.address,
      agents.map(({ later }) => topicOf(later)),
    );
    const { pubsub } = neighbour;
    const say = async ({ later }: (typeof agents)[number]): Promise<void> => {
      await pubsub.publish(topicOf(later), announcementOf(later));
      await everyoneHears(nodes, later.agentId, 'rotated');
    };
    const receipts = (among: readonly LiveNode[], verdict: string): Promise<number[]> =>
      Promise.all(among.map((live) => live.metric('weft_gossip_received_total', verdict)));

    const [before, between, after] = agents as [
      (typeof agents)[number],
      (typeof agents)[number],
      (typeof agents)[number],
    ];
    await say(before);
    const changed = nodes.map(({ changes }) => changes.length);
    const replays = 5;
    let known = 0;
    for (let replay = 0; replay < replays; replay++) {
      for (const one of [pubsub, ...nodes.map(({ host }) => gossipsubOf(host))]) forgetSeen(one);
      await pubsub.publish(topicOf(before.later), announcementOf(before.later));
      await eventually(async () => (await receipts([first], 'ignore:known'))[0] === replay + 1, {
        what: `receipt of replay ${replay + 1} by the neighbour`,
      });
      // The last copies of the first flood may arrive after everybody has heard it and forgotten it again.
      if (replay === 0) known = sum(await receipts(others, 'ignore:known'));
    }
    expect(nodes.map(({ changes }) => changes.length)).toEqual(changed);
    // Streams keep the order: what was passed on would be there before these.
    await say(between);
    await say(after);
    const passedOn = sum(await receipts(others, 'ignore:known')) - known;
    console.info(
      `F6: ${replays} replays were received ${replays} times by the one neighbour and ${passedOn} times by ${others.length} others; stock gossipsub: 30 of 29 receipts`,
    );
    expect(passedOn).toBe(0);
    expect(await receipts(nodes, 'accept')).toEqual(nodes.map(() => 3));
  });
});
