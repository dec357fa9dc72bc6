/**
 * Writes test/vectors/valid/delegation/ and test/vectors/invalid/delegation/: grants as they travel, made of the tokens of
 * test/vectors/valid/identity. Deterministic: run it again after a change of the protocol and read the difference.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { type CborValue, encodeCanonical } from '../../src/core/cbor.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { type Delegation, decodeDelegation, delegationValue } from '../../src/core/identity/delegation.ts';
import { createGrant, formatGrant } from '../../src/core/identity/delegation-grant.ts';

interface TokenFile {
  readonly cases: readonly { readonly bytes: string }[];
}

const file = new URL('./valid/identity/delegations.json', import.meta.url);
const tokens = (JSON.parse(readFileSync(file, 'utf8')) as TokenFile).cases.map(({ bytes }) =>
  decodeDelegation(hexToBytes(bytes)),
);
const byHash = new Map(tokens.map((token) => [token.key, token]));
const leaf = tokens.find(({ depth }) => depth === 3)!;
const middle = byHash.get(bytesToHex(leaf.issuer))!;
const root = byHash.get(bytesToHex(middle.issuer))!;
const writer = tokens.find(({ slot }) => slot > 0)!;

const valid = (name: string, ...chain: readonly Delegation[]): object => {
  const grant = createGrant(chain);
  return {
    name,
    bytes: bytesToHex(grant.bytes),
    text: formatGrant(grant),
    agentId: formatAgentId(grant.agentId),
    holder: bytesToHex(grant.token.audience),
    depth: grant.token.depth,
  };
};
const invalid = (name: string, value: CborValue, code: string): object => ({
  name,
  bytes: bytesToHex(encodeCanonical(value)),
  code,
});
const values = (...chain: readonly Delegation[]): CborValue => chain.map(delegationValue);

write('valid', {
  rule: 'grant',
  cases: [
    valid('of the controller', root),
    valid('of a delegate', root, middle),
    valid('of a delegate of a delegate', root, middle, leaf),
    valid('of a writer, by its slot', writer),
  ],
});
write('invalid', {
  rule: 'grant',
  cases: [
    invalid('version 2', [2, values(root)], 'wrong-shape'),
    invalid('no version', [values(root)], 'wrong-shape'),
    invalid('no token', [1, []], 'wrong-shape'),
    invalid('four tokens', [1, values(root, middle, leaf, leaf)], 'wrong-shape'),
    invalid('without its root', [1, values(middle, leaf)], 'bad-delegation'),
    invalid('with a gap', [1, values(root, leaf)], 'bad-delegation'),
    invalid('the last first', [1, values(middle, root)], 'bad-delegation'),
    invalid('a token twice', [1, values(root, root)], 'bad-delegation'),
    { name: 'a byte more', bytes: `${bytesToHex(createGrant([root]).bytes)}00`, code: 'not-canonical' },
  ],
});

function write(folder: 'valid' | 'invalid', content: object): void {
  const directory = new URL(`./${folder}/delegation/`, import.meta.url);
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL('grants.json', directory), `${JSON.stringify(content, null, 2)}\n`);
}
