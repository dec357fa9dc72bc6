/** What every implementation of the gossip port must do, run against each. */
import { afterEach, describe, expect, it } from 'vitest';
import { announcementBytesMax } from '../../src/core/limits.ts';
import type { GossipVerdict } from '../../src/core/peer/events.ts';
import type { Gossip } from '../../src/ports/gossip.ts';
import { eventually } from '../adapters/libp2p/network.ts';

export interface GossipMember {
  readonly gossip: Gossip;
  /** Texts of the messages that came to the handler, in order. */
  readonly received: readonly string[];
}

export type Judge = (text: string) => GossipVerdict | Promise<GossipVerdict>;

export interface GossipNetwork {
  readonly topic: string;
  readonly otherTopic: string;
  /** A started member that is subscribed to both topics and linked to the first member alone. */
  join(judge?: Judge): Promise<GossipMember>;
  close(): Promise<void>;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function gossipContract(name: string, createNetwork: () => GossipNetwork): void {
  describe(`gossip (${name})`, () => {
    let network: GossipNetwork;
    afterEach(() => network?.close());

    /** A star: what one leaf says reaches the others through the hub. */
    async function star(leaves: number, judgeOfHub?: Judge) {
      network = createNetwork();
      const hub = await network.join(judgeOfHub);
      const others: GossipMember[] = [];
      for (let index = 0; index < leaves; index++) others.push(await network.join());
      await eventually(() => (hub.gossip.meshSizes().get(network.topic) ?? 0) === leaves, {
        what: 'a mesh of everybody',
      });
      return { hub, others };
    }

    it('brings what one member says to every other, once, and not back', async () => {
      const { hub, others } = await star(3);
      const [first, second, third] = others;
      await first!.gossip.publish(network.topic, utf8('news'));
      await eventually(() => [hub, second!, third!].every(({ received }) => received.includes('news')));
      await first!.gossip.publish(network.topic, utf8('more'));
      await eventually(() => [hub, second!, third!].every(({ received }) => received.includes('more')));
      for (const { received } of [hub, second!, third!])
        expect([...received].sort()).toEqual(['more', 'news']);
      expect(first!.received).toEqual([]);
    });

    it.each(['ignore', 'reject'] as const)(
      'does not pass on a message that is judged %s',
      async (verdict) => {
        const { hub, others } = await star(2, (text) => (text.startsWith('old') ? verdict : 'accept'));
        const [first, second] = others;
        await first!.gossip.publish(network.topic, utf8('old news'));
        await eventually(() => hub.received.includes('old news'));
        await first!.gossip.publish(network.topic, utf8('new news'));
        await eventually(() => second!.received.includes('new news'));
        expect(second!.received).toEqual(['new news']);
      },
    );

    it('waits for a verdict before it passes a message on, and does not hold up others meanwhile', async () => {
      let decide: ((verdict: GossipVerdict) => void) | undefined;
      const slow = new Promise<GossipVerdict>((resolve) => {
        decide = resolve;
      });
      const { hub, others } = await star(2, (text) => (text === 'slow' ? slow : 'accept'));
      await others[0]!.gossip.publish(network.topic, utf8('slow'));
      await eventually(() => hub.received.includes('slow'));
      await others[0]!.gossip.publish(network.topic, utf8('quick'));
      await eventually(() => others[1]!.received.includes('quick'));
      expect(others[1]!.received).toEqual(['quick']);
      decide?.('accept');
      await eventually(() => others[1]!.received.includes('slow'), {
        what: 'the message that was judged late',
      });
    });

    it('is no error alone', async () => {
      network = createNetwork();
      const alone = await network.join();
      await expect(alone.gossip.publish(network.topic, utf8('x'))).resolves.toBeUndefined();
      expect(alone.gossip.meshSizes().get(network.topic)).toBe(0);
    });

    it('takes the same words twice for one message', async () => {
      const { hub, others } = await star(1);
      await others[0]!.gossip.publish(network.topic, utf8('x'));
      await others[0]!.gossip.publish(network.topic, utf8('x'));
      await others[0]!.gossip.publish(network.topic, utf8('y'));
      await eventually(() => hub.received.includes('y'));
      expect(hub.received).toEqual(['x', 'y']);
    });

    it('brings nothing of a topic that is not subscribed any more', async () => {
      const { hub, others } = await star(1);
      hub.gossip.unsubscribe(network.topic);
      await others[0]!.gossip.publish(network.topic, utf8('x'));
      await others[0]!.gossip.publish(network.otherTopic, utf8('y'));
      await eventually(() => hub.received.includes('y'));
      expect(hub.received).toEqual(['y']);
      expect(hub.gossip.meshSizes().has(network.topic)).toBe(false);
    });

    it('carries 16 KiB and refuses more', async () => {
      const { hub, others } = await star(1);
      const most = new Uint8Array(announcementBytesMax).fill(0x61);
      await others[0]!.gossip.publish(network.topic, most);
      await eventually(() => hub.received.some((text) => text.length === announcementBytesMax));
      const over = others[0]!.gossip.publish(network.topic, new Uint8Array(announcementBytesMax + 1));
      await expect(over).rejects.toThrow('too large');
    });
  });
}
