/** What every implementation of the overlay port must do, run against each. */
import { afterEach, describe, expect, it } from 'vitest';
import { frameBytesMax } from '../../src/core/limits.ts';
import { type Overlay, OverlayError, type OverlayHandlers } from '../../src/ports/overlay.ts';
import { eventually } from '../adapters/libp2p/network.ts';

export interface OverlayNetwork {
  /** A started overlay that is joined to the others of this network, or will be soon. */
  join(
    handlers: OverlayHandlers,
    mode: 'full' | 'client',
  ): Promise<{ readonly overlay: Overlay; leave(): Promise<void> }>;
  close(): Promise<void>;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const nobody = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo';

async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'none';
  } catch (error) {
    return error instanceof OverlayError ? error.code : `not an OverlayError: ${error}`;
  }
}

export function overlayContract(name: string, createNetwork: () => OverlayNetwork): void {
  describe(`an overlay (${name})`, () => {
    let network: OverlayNetwork | undefined;
    afterEach(() => network?.close());

    async function member(
      handlers: Partial<OverlayHandlers> = {},
      mode: 'full' | 'client' = 'full',
    ): Promise<{ overlay: Overlay; known: Set<string>; connected: Set<string>; leave(): Promise<void> }> {
      network ??= createNetwork();
      const known = new Set<string>();
      const connected = new Set<string>();
      const joined = await network.join(
        {
          peerAdded: ({ peer }) => void known.add(peer),
          peerRemoved: (peer) => void known.delete(peer),
          peerConnected: (peer) => void connected.add(peer),
          peerDisconnected: (peer) => void connected.delete(peer),
          requestReceived: async (_peer, body) => body,
          pushReceived: () => {},
          ...handlers,
        },
        mode,
      );
      return { ...joined, known, connected };
    }

    async function pair(handlers: Partial<OverlayHandlers> = {}) {
      network = createNetwork();
      const server = await member(handlers);
      const asker = await member();
      await eventually(() => asker.known.has(server.overlay.self.peer), { what: 'meeting the server' });
      return { server, asker, to: { peer: server.overlay.self.peer, addresses: [] } };
    }

    it('carries a request to the handler, with who asks, and its value back', async () => {
      const askers: string[] = [];
      const { asker, to } = await pair({
        requestReceived: async (peer, body) => {
          askers.push(peer);
          return utf8(`${textOf(body)}!`);
        },
      });
      const answer = await asker.overlay.request(to, utf8('hello'), { timeoutMs: 5000 });
      expect(textOf(answer)).toBe('hello!');
      expect(askers).toEqual([asker.overlay.self.peer]);
    });

    it('gives each of many requests in flight its own answer, in whatever order they come', async () => {
      const { asker, to } = await pair({
        requestReceived: async (_peer, body) => {
          const delay = Number(textOf(body)) % 7;
          await new Promise((resolve) => setTimeout(resolve, delay));
          return body;
        },
      });
      const numbers = Array.from({ length: 300 }, (_, index) => String(index));
      const answers = await Promise.all(
        numbers.map((number) => asker.overlay.request(to, utf8(number), { timeoutMs: 10_000 })),
      );
      expect(answers.map(textOf)).toEqual(numbers);
    });

    it('reaches a peer by the addresses given alone', async () => {
      const { server, asker } = await pair();
      const { self } = server.overlay;
      expect(self.addresses.length).toBeGreaterThan(0);
      expect(textOf(await asker.overlay.request(self, utf8('x'), { timeoutMs: 5000 }))).toBe('x');
    });

    it('carries empty bodies and the largest ones', async () => {
      const { asker, to } = await pair();
      const largest = new Uint8Array(frameBytesMax).fill(5);
      expect(await asker.overlay.request(to, new Uint8Array(0), { timeoutMs: 5000 })).toHaveLength(0);
      const answer = await asker.overlay.request(to, largest, { timeoutMs: 10_000 });
      expect(Buffer.compare(answer, largest)).toBe(0);
    });

    it('refuses a body over 1 MiB with too-large', async () => {
      const { asker, to } = await pair();
      const body = new Uint8Array(frameBytesMax + 1);
      expect(await codeOf(asker.overlay.request(to, body, { timeoutMs: 5000 }))).toBe('too-large');
    });

    it('ends a request without an answer in time with timeout, and forgets an answer that comes later', async () => {
      let release: (() => void) | undefined;
      const { asker, to } = await pair({
        requestReceived: (_peer, body) =>
          textOf(body) === 'slow'
            ? new Promise((resolve) => {
                release = () => resolve(body);
              })
            : Promise.resolve(body),
      });
      await asker.overlay.request(to, utf8('first'), { timeoutMs: 5000 });
      expect(await codeOf(asker.overlay.request(to, utf8('slow'), { timeoutMs: 100 }))).toBe('timeout');
      await eventually(() => release !== undefined, { what: 'the request at the handler' });
      release?.();
      expect(textOf(await asker.overlay.request(to, utf8('next'), { timeoutMs: 5000 }))).toBe('next');
    });

    it('ends a request to a peer that nobody knows with unreachable', async () => {
      const { asker } = await pair();
      const to = { peer: nobody, addresses: [] };
      expect(await codeOf(asker.overlay.request(to, utf8('x'), { timeoutMs: 5000 }))).toBe('unreachable');
    });

    it('ends requests in flight with closed when the other side leaves', async () => {
      let isReached = false;
      const { server, asker, to } = await pair({
        requestReceived: () => {
          isReached = true;
          return new Promise(() => {});
        },
      });
      const answer = codeOf(asker.overlay.request(to, utf8('x'), { timeoutMs: 20_000 }));
      await eventually(() => isReached);
      await server.leave();
      expect(await answer).toBe('closed');
    });

    it('ends a request with closed when the caller gives up', async () => {
      const { asker, to } = await pair({ requestReceived: () => new Promise(() => {}) });
      const caller = new AbortController();
      const answer = asker.overlay.request(to, utf8('x'), { timeoutMs: 20_000, signal: caller.signal });
      caller.abort();
      expect(await codeOf(answer)).toBe('closed');
    });

    it('tells of full peers that come and go, once per change', async () => {
      const { server, asker } = await pair();
      await eventually(() => server.known.has(asker.overlay.self.peer));
      await server.leave();
      await eventually(() => !asker.known.has(to(server)), { what: 'the removal of the peer that left' });
      expect(asker.connected.has(to(server))).toBe(false);
    });

    it('lets a client ask and be pushed to, and tells nobody of it as a peer', async () => {
      network = createNetwork();
      const pushed: string[] = [];
      const server = await member();
      const client = await member(
        { pushReceived: (_peer, body) => void pushed.push(textOf(body)) },
        'client',
      );
      await eventually(() => client.known.has(to(server)));
      const answer = await client.overlay.request(server.overlay.self, utf8('x'), { timeoutMs: 5000 });
      expect(textOf(answer)).toBe('x');
      expect(server.connected.has(to(client))).toBe(true);
      server.overlay.push(to(client), utf8('news'));
      await eventually(() => pushed.includes('news'), { what: 'the push' });
      expect(server.known.has(to(client))).toBe(false);
    });

    it('pushes to a peer that asked before', async () => {
      const pushed: [string, string][] = [];
      const { server, asker } = await pair({
        pushReceived: (peer, body) => void pushed.push([peer, textOf(body)]),
      });
      await asker.overlay.request(server.overlay.self, utf8('x'), { timeoutMs: 5000 });
      asker.overlay.push(to(server), utf8('news'));
      await eventually(() => pushed.length > 0);
      expect(pushed).toEqual([[to(asker), 'news']]);
    });

    it('drops a push to a peer without a connection', async () => {
      const { asker } = await pair();
      expect(() => asker.overlay.push(nobody, utf8('x'))).not.toThrow();
    });
  });
}

function to({ overlay }: { readonly overlay: Overlay }): string {
  return overlay.self.peer;
}
