import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { installNativeHash } from '../../src/adapters/native/native-hash.ts';
import { appendLeaf, emptyFrontier, type Frontier, rootOf } from '../../src/audit/merkle/frontier.ts';
import { emptyRoot, hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import {
  firstDifference,
  proveConsistency,
  proveInclusion,
  treeRoot,
} from '../../src/audit/merkle/tree-proof.ts';
import { holdsConsistency, holdsInclusion } from '../../src/audit/merkle/verify-proof.ts';
import { foldHashes } from '../../src/audit/tile/tile-reader.ts';
import { bytesEqual, concatBytes, hexToBytes, utf8ToBytes } from '../../src/core/bytes.ts';

interface Vectors {
  readonly inclusion: readonly {
    name: string;
    leafIdx: number;
    treeSize: number;
    root: string;
    leafHash: string;
    proof: string[] | null;
    wantErr: boolean;
  }[];
  readonly consistency: readonly {
    name: string;
    size1: number;
    size2: number;
    root1: string | null;
    root2: string | null;
    proof: string[] | null;
    wantErr: boolean;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/merkle/proofs.json', import.meta.url), 'utf8'),
) as Vectors;
const bytes = (text: string | null): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64'));

// Some 100,000 proofs: the hash of the host makes it a second.
installNativeHash();
const sizeMax = 300;
const leaves = Array.from({ length: sizeMax + 1 }, (_, index) => hashLeaf(utf8ToBytes(`leaf ${index}`)));
const frontiers: Frontier[] = [emptyFrontier];
for (const leaf of leaves.slice(0, sizeMax)) frontiers.push(appendLeaf(frontiers.at(-1)!, leaf));
const roots = frontiers.map(rootOf);
const head = (size: number) => ({ size, root: roots[size]! });

function readerOf(hashes: readonly Uint8Array[]) {
  const known = new Map<string, Uint8Array>();
  return async (level: number, index: number): Promise<Uint8Array> => {
    const key = `${level}/${index}`;
    const span = 2 ** level;
    const hash = known.get(key) ?? foldHashes(concatBytes(...hashes.slice(index * span, (index + 1) * span)));
    known.set(key, hash);
    return hash;
  };
}
const read = readerOf(leaves);

/** Every way to change a proof by one bit, one hash more, one less, or two in each other's place. */
function alterations(proof: readonly Uint8Array[], bit: number): Uint8Array[][] {
  const flipped = proof.map((hash, at) => {
    const changed = hash.slice();
    changed[bit % 32]! ^= 1 << (bit % 8);
    return proof.map((other, index) => (index === at ? changed : other));
  });
  const swapped = proof
    .slice(1)
    .map((_, at) =>
      proof.map((hash, index) => (index === at ? proof[at + 1]! : index === at + 1 ? proof[at]! : hash)),
    );
  return [
    ...flipped,
    ...swapped,
    proof.slice(1),
    proof.slice(0, -1),
    [...proof, leaves[0]!],
    [leaves[0]!, ...proof],
  ];
}

describe('the published proofs of transparency-dev/merkle', () => {
  it.each(vectors.inclusion)(
    'judges inclusion $name',
    ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
      const tree = { size: treeSize, root: bytes(root) };
      expect(holdsInclusion(bytes(leafHash), leafIdx, tree, (proof ?? []).map(bytes))).toBe(!wantErr);
    },
  );

  it.each(vectors.consistency)(
    'judges consistency $name',
    ({ size1, size2, root1, root2, proof, wantErr }) => {
      const older = { size: size1, root: bytes(root1) };
      const newer = { size: size2, root: bytes(root2) };
      expect(holdsConsistency(older, newer, (proof ?? []).map(bytes))).toBe(!wantErr);
    },
  );
});

describe('the known answers of Certificate Transparency', () => {
  const entries = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ].map((hex) => hexToBytes(hex));
  const known = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it('has their roots for every size up to eight', async () => {
    let frontier = emptyFrontier;
    expect(Buffer.from(emptyRoot()).toString('hex')).toBe(known[0]);
    const hashes = entries.map(hashLeaf);
    for (const [index, hash] of hashes.entries()) {
      frontier = appendLeaf(frontier, hash);
      expect(Buffer.from(rootOf(frontier)).toString('hex')).toBe(known[index + 1]);
      expect(Buffer.from(await treeRoot(readerOf(hashes), index + 1)).toString('hex')).toBe(known[index + 1]);
    }
  });
});

describe(`every tree of up to ${sizeMax} leaves`, () => {
  it('has one root, whether appended or read', async () => {
    for (let size = 0; size <= sizeMax; size++)
      expect(bytesEqual(await treeRoot(read, size), roots[size]!)).toBe(true);
  });

  it('proves each of its leaves, at that place and size alone', async () => {
    for (let size = 1; size <= sizeMax; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await proveInclusion(read, index, size);
        if (!holdsInclusion(leaves[index]!, index, head(size), proof)) throw new Error(`${index} of ${size}`);
        if (size > 1 && holdsInclusion(leaves[index]!, (index + 1) % size, head(size), proof))
          throw new Error(`${index} of ${size} also at the next place`);
      }
    }
  });

  it('proves that it begins with each smaller one', async () => {
    for (let newer = 1; newer <= sizeMax; newer++) {
      for (let older = 1; older <= newer; older++) {
        const proof = await proveConsistency(read, older, newer);
        if (!holdsConsistency(head(older), head(newer), proof)) throw new Error(`${older} in ${newer}`);
      }
    }
  });

  it('is not proven by a proof that was altered', async () => {
    const sizes = fc.integer({ min: 2, max: sizeMax });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), fc.nat(), async (size, one, two, bit) => {
        const index = one % size;
        const inclusion = await proveInclusion(read, index, size);
        for (const altered of alterations(inclusion, bit)) {
          const isSame =
            altered.length === inclusion.length &&
            altered.every((hash, at) => bytesEqual(hash, inclusion[at]!));
          expect(!isSame && holdsInclusion(leaves[index]!, index, head(size), altered)).toBe(false);
        }
        expect(holdsInclusion(leaves[sizeMax]!, index, head(size), inclusion)).toBe(false);
        expect(holdsInclusion(leaves[index]!, index, { size, root: leaves[0]! }, inclusion)).toBe(false);
        const older = 1 + (two % (size - 1));
        const consistency = await proveConsistency(read, older, size);
        for (const altered of alterations(consistency, bit))
          expect(holdsConsistency(head(older), head(size), altered)).toBe(false);
        expect(holdsConsistency({ size: older, root: leaves[sizeMax]! }, head(size), consistency)).toBe(
          false,
        );
        expect(holdsConsistency(head(older), { size, root: leaves[sizeMax]! }, consistency)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('tells where another one first differs', async () => {
    for (const at of [0, 1, 2, 127, 128, 255, 256, 299]) {
      const other = readerOf(leaves.map((hash, index) => (index >= at ? hashLeaf(hash) : hash)));
      expect(await firstDifference(read, other, sizeMax)).toBe(at);
    }
    expect(await firstDifference(read, readerOf(leaves), sizeMax)).toBe(null);
  });
});

describe('a proof that is no proof', () => {
  it.each([-1, 0.5, Number.NaN, 8, 2 ** 53])('has no place %s in a tree of eight', (index) => {
    expect(holdsInclusion(leaves[0]!, index, head(8), [])).toBe(false);
  });

  it('has hashes of 32 bytes', async () => {
    const proof = await proveInclusion(read, 3, 8);
    expect(
      holdsInclusion(
        leaves[3]!,
        3,
        head(8),
        proof.map((hash) => hash.subarray(1)),
      ),
    ).toBe(false);
    expect(holdsInclusion(leaves[3]!.subarray(1), 3, head(8), proof)).toBe(false);
  });
});
