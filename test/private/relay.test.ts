/** A relay and an asker over overlays in memory: where a target is, what is dialled, who is asked next (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNativeAgreement } from '../../src/adapters/native/native-agreement.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { createNobleVerifier } from '../../src/adapters/system/noble-verifier.ts';
import {
  decodeRelay,
  decodeSealed,
  decodeSealedAnswer,
  encodeRelay,
  encodeSealedAnswer,
} from '../../src/core/overlay/content-message.ts';
import { decodeRequest, encodeClosestAnswer } from '../../src/core/overlay/message.ts';
import { contentMessages, messageType } from '../../src/core/overlay/message-type.ts';
import { createRoutingTable } from '../../src/core/overlay/routing-table.ts';
import type { PeerContact } from '../../src/core/peer/events.ts';
import { sealedAnswerLengths, sealedRequestLength } from '../../src/core/private/sealed-text.ts';
import { OverlayError } from '../../src/ports/overlay.ts';
import type { KnownPeers, PathParts } from '../../src/private/path-types.ts';
import { createPrivateAsker } from '../../src/private/private-asker.ts';
import { createRelay } from '../../src/private/relay.ts';
import { createSealing } from '../../src/private/sealing.ts';
import { createManualClock, startMs } from '../node/fake-network.ts';
import { peerIdOfSeed } from './peer-id-of-seed.ts';

const seedOf = (index: number): Uint8Array => new Uint8Array(32).fill(index);
const contactOf = (index: number, address = `/ip4/198.${index}.0.1/tcp/4801`): PeerContact => ({
  peer: peerIdOfSeed(seedOf(index)),
  addresses: [address],
});
const answerBytes = new Uint8Array(sealedAnswerLengths[0]!).fill(9);
const sealed = new Uint8Array(sealedRequestLength).fill(3);

interface World {
  readonly parts: PathParts;
  readonly known: KnownPeers;
  /** Who was asked, and what. */
  readonly asked: { readonly to: PeerContact; readonly body: Uint8Array }[];
}

/** @param answer what the others say; throwing is not answering */
function createWorld(
  peers: readonly PeerContact[],
  answer: (to: PeerContact, body: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  { relays = true, isConnected = true } = {},
): World {
  const self = contactOf(1);
  const asked: World['asked'][number][] = [];
  const routing = createRoutingTable(self.peer);
  for (const contact of peers) routing.add(contact);
  const parts: PathParts = {
    overlay: {
      self,
      start: async () => {},
      meet: () => {},
      push: () => {},
      stop: async () => {},
      async request(to, body) {
        asked.push({ to, body });
        return answer(to, body);
      },
    },
    settings: {
      ...{ role: 'full', protocolPrefix: '/weft', relays, contentBytesMax: 1_000_000 },
      ...{ replication: 20, slack: 4, parallelism: 4, respondersMin: 3 },
    },
    seed: seedOf(1),
    agreement: createNativeAgreement(),
    store: createMemoryStore(),
    verifier: createNobleVerifier(),
    clock: createManualClock(),
    entropy: createSystemEntropy(),
    counted: () => {},
  };
  return { parts, asked, known: { routing, connected: () => peers, isConnected: () => isConnected } };
}

const codeOf = (answer: Uint8Array): string => {
  try {
    decodeSealedAnswer('relay', answer);
    return 'answered';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const unreachable = (): never => {
  throw new OverlayError('unreachable', 'nobody there');
};

describe('a relay', () => {
  const asker = contactOf(90).peer;
  const target = contactOf(50);
  const near = contactOf(51);

  it('asks peers for the place of a target that it does not know, and passes on to the peer of that id', async () => {
    const { parts, known, asked } = createWorld([near], (to, body) => {
      if (to.peer === target.peer) return encodeSealedAnswer('sealed', answerBytes);
      expect(decodeRequest(body)).toMatchObject({ type: 'closest' });
      return encodeClosestAnswer([contactOf(52), target]);
    });
    const answer = await createRelay(parts, known)(asker, encodeRelay(target.peer, sealed));
    expect(decodeSealedAnswer('relay', answer)).toEqual(answerBytes);
    const last = asked.at(-1)!;
    expect(last.to).toEqual(target);
    expect(decodeSealed(last.body)).toEqual(sealed);
  });

  it('gives up on a target that nobody names, after a few questions', async () => {
    const others = Array.from({ length: 20 }, (_, index) => contactOf(100 + index));
    const { parts, known, asked } = createWorld([near], () => encodeClosestAnswer(others));
    expect(codeOf(await createRelay(parts, known)(asker, encodeRelay(target.peer, sealed)))).toBe(
      'no-usable-answers',
    );
    expect(asked.length).toBeLessThanOrEqual(12);
    expect(asked.every(({ body }) => messageType(body) === 7)).toBe(true);
  });

  it('searches for only so many in one burst', async () => {
    const { parts, known, asked } = createWorld([near], () => encodeClosestAnswer([]));
    const relay = createRelay(parts, known);
    for (let index = 0; index < 70; index++)
      await relay(`asker ${index}`, encodeRelay(peerIdOfSeed(seedOf(130 + index)), sealed));
    expect(asked).toHaveLength(20);
  });

  it('passes on nothing but answers of the two lengths, and refusals as such', async () => {
    for (const [answer, code] of [
      [Uint8Array.of(0x82, 13, 0x43, 1, 2, 3), 'wrong-shape'],
      [new Uint8Array(1000), 'not-canonical'],
      [Uint8Array.of(0x82, 0, 0x64, 0x62, 0x75, 0x73, 0x79), 'busy'],
    ] as const) {
      const { parts, known } = createWorld([target], () => answer);
      expect(codeOf(await createRelay(parts, known)(asker, encodeRelay(target.peer, sealed)))).toBe(code);
    }
    const { parts, known } = createWorld([target], unreachable);
    expect(codeOf(await createRelay(parts, known)(asker, encodeRelay(target.peer, sealed)))).toBe(
      'no-usable-answers',
    );
  });

  it('dials only so many in one burst, whoever asks', async () => {
    const others = Array.from({ length: 70 }, (_, index) => contactOf(100 + index));
    const { parts, known, asked } = createWorld(others, unreachable, { isConnected: false });
    const relay = createRelay(parts, known);
    for (const [index, { peer }] of others.entries())
      await relay(`asker ${index}`, encodeRelay(peer, sealed));
    expect(asked).toHaveLength(50);
  });

  it('relays nothing where that is switched off', async () => {
    const { parts, known, asked } = createWorld([target], () => answerBytes, { relays: false });
    expect(codeOf(await createRelay(parts, known)(asker, encodeRelay(target.peer, sealed)))).toBe('busy');
    expect(asked).toEqual([]);
  });
});

describe('an asker', () => {
  const target = contactOf(50);
  const body = Uint8Array.of(1, 2, 3);
  const options = () => ({ deadlineMs: startMs + 60_000, used: new Set<string>() });
  const agreement = createNativeAgreement();
  const network = '/weft';
  const entropy = createSystemEntropy();
  const targetSealing = createSealing({ agreement, entropy, network, self: seedOf(50) });
  const askerSealing = createSealing({ agreement, entropy, network, self: null });
  const honest = (request: Uint8Array): Uint8Array => {
    const opened = targetSealing.open(decodeRelay(request).sealed)!;
    expect(opened.question.body).toEqual(body);
    return encodeSealedAnswer('relay', opened.seal(Uint8Array.of(7)));
  };

  it('tries three relays, each with a new seal, then gives up', async () => {
    const relays = [2, 3, 4, 5, 6].map((index) => contactOf(index));
    const { parts, known, asked } = createWorld(relays, unreachable);
    const asker = createPrivateAsker(parts, known, askerSealing);
    expect(await asker.ask(target, body, options())).toBeNull();
    expect(new Set(asked.map(({ to }) => to.peer)).size).toBe(3);
    expect(new Set(asked.map(({ body: sent }) => Buffer.from(sent).toString('hex'))).size).toBe(3);
    expect(asked.every(({ body: sent }) => messageType(sent) === contentMessages.relay)).toBe(true);
  });

  it('asks a relay that failed last', async () => {
    const relays = [2, 3].map((index) => contactOf(index));
    const bad = relays[0]!.peer;
    const { parts, known, asked } = createWorld(relays, (to, sent) =>
      to.peer === bad ? unreachable() : honest(sent),
    );
    const asker = createPrivateAsker(parts, known, askerSealing);
    for (let round = 0; round < 20; round++)
      expect(await asker.ask(target, body, options())).toEqual(Uint8Array.of(7));
    expect(asked.filter(({ to }) => to.peer === bad).length).toBeLessThanOrEqual(1);
  });

  it('uses no relay of the target’s addresses, and none at all rather than such a one', async () => {
    const beside = contactOf(2, '/ip4/198.50.9.9/tcp/1');
    const { parts, known, asked } = createWorld([beside, target], (_, sent) => honest(sent));
    const asker = createPrivateAsker(parts, known, askerSealing);
    expect(await asker.ask(target, body, options())).toBeNull();
    expect(asked).toEqual([]);
  });

  it('asks nobody whose id carries no key, and nobody after its time', async () => {
    const { parts, known, asked } = createWorld([contactOf(2), contactOf(3)], (_, sent) => honest(sent));
    const asker = createPrivateAsker(parts, known, askerSealing);
    const rsa = { peer: 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC', addresses: [] };
    expect(await asker.ask(rsa, body, options())).toBeNull();
    expect(await asker.ask(target, body, { ...options(), deadlineMs: startMs - 1 })).toBeNull();
    expect(asked).toEqual([]);
  });
});
