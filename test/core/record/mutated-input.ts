/** Wire decoders under mutation: seeded, so that a failure can be repeated; every decoder's contract in one place. */

import { isProtocolError } from '../../../src/core/errors.ts';
import { admitBundle } from '../../../src/core/record/admission.ts';
import { decodeAgentAddr, encodeAgentAddrBody } from '../../../src/core/record/agent-addr-codec.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeBundle, encodeBundle } from '../../../src/core/record/bundle-codec.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import { decodeOperation } from '../../../src/core/record/operation-codec.ts';
import { createRandom, type Random } from '../../../src/core/rng.ts';
import {
  authorNamed,
  bundleOf,
  fenceOf,
  operationOn,
  revocationOf,
  startSeconds,
  textBytes,
  tokenFor,
} from './fixtures.ts';

export interface MutationResult {
  readonly accepted: number;
  readonly codes: ReadonlyMap<string, number>;
  readonly slowestMs: number;
}

interface WireDecoder {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Decodes, and gives back what was accepted encoded again; throws ProtocolError. */
  readonly decode: (bytes: Uint8Array) => Uint8Array;
}

const author = authorNamed('mutated');
const token = tokenFor(author, 'writer', { rights: 3 });
const three = fenceOf(author, {
  urls: { primary: 'https://a.example', private: 'ipfs://b', adaptive: 'did:web:c' },
});
const blinded = fenceOf(author, {
  urls: { primary: 'https://a.example', private: new Uint8Array(16).fill(1) },
});
const operations = [
  operationOn(author, three.addr),
  operationOn(author, three.addr, { token, field: 'private', value: new Uint8Array(16) }),
  operationOn(author, three.addr, { n: 2, field: 'ttl', value: 4, left: new Uint8Array(16).fill(2) }),
];
const bundles = [
  bundleOf(author),
  bundleOf(author, three),
  bundleOf(author, {
    ...three,
    delegations: [token],
    operations,
    revocations: [revocationOf(author, tokenFor(author, 'other'))],
  }),
];

export const wireDecoders: readonly WireDecoder[] = [
  {
    name: 'AgentAddr',
    seeds: [three.addr.bytes, blinded.addr.bytes, fenceOf(author, { urls: {} }).addr.bytes],
    decode(bytes) {
      const addr = decodeAgentAddr(bytes);
      return Uint8Array.of(...encodeAgentAddrBody(addr), ...addr.signature);
    },
  },
  {
    name: 'operation',
    seeds: operations.map((operation) => operation.bytes),
    decode: (bytes) => decodeOperation(bytes).bytes,
  },
  {
    name: 'bundle',
    seeds: bundles.map(encodeBundle),
    decode(bytes) {
      const bundle = decodeBundle(bytes);
      judge(bundle);
      return encodeBundle(bundle);
    },
  },
];

/** A bundle that decodes is refused with a code, or is a state that can be encoded and merged. */
function judge(bundle: ReturnType<typeof decodeBundle>): void {
  const { state } = admitBundle(bundle, null, startSeconds, null);
  encodeState(state);
  if (state.addr !== null) materialise(state);
}

/** Mutates the decoder's seeds so often; throws, with seed and bytes, on anything but a typed refusal or the same bytes. */
export function mutateDecoder(decoder: WireDecoder, count: number, seed: string): MutationResult {
  const random = createRandom(textBytes(`${seed} ${decoder.name}`.padEnd(16)));
  const codes = new Map<string, number>();
  let accepted = 0;
  let slowestMs = 0;
  for (let index = 0; index < count; index++) {
    const bytes = mutate(decoder.seeds[random.below(decoder.seeds.length)]!, decoder.seeds, random);
    const start = performance.now();
    try {
      if (Buffer.compare(decoder.decode(bytes), bytes) !== 0)
        throw new Error('accepted, but encodes to other bytes');
      accepted++;
    } catch (error) {
      if (!isProtocolError(error)) {
        const message = `${decoder.name}, seed "${seed}", input ${index}: ${Buffer.from(bytes).toString('hex')}`;
        throw new Error(message, { cause: error });
      }
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }
  return { accepted, codes, slowestMs };
}

/** One to four changes: a flipped bit, a set, inserted or removed byte, a cut, or a piece of another seed. */
function mutate(input: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = [...input];
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(7)) {
      case 0:
      case 1:
        if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
        break;
      case 2:
        if (at < bytes.length) bytes[at] = random.below(256);
        break;
      case 3:
        bytes.splice(at, 0, random.below(256));
        break;
      case 4:
        bytes.splice(at, 1 + random.below(8));
        break;
      case 5:
        bytes.length = at;
        break;
      default: {
        const other = others[random.below(others.length)]!;
        const from = random.below(other.length);
        bytes.splice(at, random.below(80), ...other.subarray(from, from + random.below(80)));
      }
    }
  }
  return Uint8Array.from(bytes);
}
