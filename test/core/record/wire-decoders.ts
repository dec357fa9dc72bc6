/** The wire decoders of the record, with samples: for the tests under mutation. */
import { admitBundle } from '../../../src/core/record/admission.ts';
import { decodeAgentAddr, encodeAgentAddrBody } from '../../../src/core/record/agent-addr-codec.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeBundle, encodeBundle } from '../../../src/core/record/bundle-codec.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import { decodeOperation } from '../../../src/core/record/operation-codec.ts';
import {
  authorNamed,
  bundleOf,
  fenceOf,
  operationOn,
  revocationOf,
  startSeconds,
  tokenFor,
} from './fixtures.ts';

export interface WireDecoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** Decodes and encodes again; throws ProtocolError on what is refused. */
  readonly recode: (bytes: Uint8Array) => Uint8Array;
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
    samples: [three.addr.bytes, blinded.addr.bytes, fenceOf(author, { urls: {} }).addr.bytes],
    recode(bytes) {
      const addr = decodeAgentAddr(bytes);
      return Uint8Array.of(...encodeAgentAddrBody(addr), ...addr.signature);
    },
  },
  {
    name: 'operation',
    samples: operations.map((operation) => operation.bytes),
    recode: (bytes) => decodeOperation(bytes).bytes,
  },
  {
    name: 'bundle',
    samples: bundles.map(encodeBundle),
    recode(bytes) {
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

/** What is accepted must be the one encoding of what it says. */
export function decodeStrictly(decoder: WireDecoder, bytes: Uint8Array): void {
  if (Buffer.compare(decoder.recode(bytes), bytes) !== 0)
    throw new Error('accepted, but encodes to other bytes');
}
