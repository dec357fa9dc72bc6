import { describe, expect, it } from 'vitest';
import { hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import { openCheckpoint, parseCheckpointText, signCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { formatLogName, parseLogName, peerOfPublicKey } from '../../src/audit/note/log-name.ts';
import {
  formatVerifierKey,
  noteCheck,
  noteKeyId,
  parseNote,
  signNote,
} from '../../src/audit/note/signed-note.ts';
import { formatTilePath, parseTilePath, widthInTree } from '../../src/audit/tile/tile-path.ts';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import {
  createSigner,
  isAdmissiblePublicKey,
  type SignatureCheck,
  verifyAdmitted,
} from '../../src/core/ed25519.ts';

const check = (owed: SignatureCheck): boolean =>
  isAdmissiblePublicKey(owed.publicKey) && verifyAdmitted(owed);
const signer = createSigner(new Uint8Array(32).fill(7));
const origin = formatLogName({ peer: peerOfPublicKey(signer.publicKey), logId: '0123456789abcdef' });
const head = { size: 3, root: hashLeaf(utf8ToBytes('root')) };
const note = signCheckpoint(origin, head, signer);

describe('a signed note', () => {
  // The example of the C2SP signed-note specification.
  const publicKey = new Uint8Array(
    Buffer.from('AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'base64'),
  ).subarray(1);
  const key = { name: 'example.com/foo', publicKey };
  const example =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

  it('of the specification holds, under the verifier key that stands there', () => {
    expect(formatVerifierKey(key)).toBe(
      'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    );
    expect(check(noteCheck(parseNote(example), key)!)).toBe(true);
    expect(check(noteCheck(parseNote(example.replace('an', 'no')), key)!)).toBe(false);
  });

  it('may have signatures of others, which are let be', () => {
    const others = `${note}— other.example/witness ${Buffer.alloc(76, 1).toString('base64')}\n`;
    expect(openCheckpoint(others, check)).toMatchObject({ ...head, origin });
  });

  it('keeps its text up to the last empty line', () => {
    const text = 'one\n\ntwo\n';
    const parsed = parseNote(signNote(text, 'a.example/log', signer));
    expect(parsed.text).toBe(text);
    expect(parsed.signatures[0]!.keyId).toEqual(
      noteKeyId({ name: 'a.example/log', publicKey: signer.publicKey }),
    );
  });

  it.each([
    ['no signature', 'text\n'],
    ['no line feed at the end', example.slice(0, -1)],
    ['a control character', example.replace('an', 'a\u0001n')],
    ['a carriage return', example.replaceAll('\n', '\r\n')],
    ['base64 in another spelling', example.replace('yaQM=', 'yaQN=')],
    ['a name with a plus', example.replace('— example.com/foo', '— example.com+foo')],
    ['a hyphen for the dash', example.replace('—', '-')],
    ['half a pair of surrogates', example.replace('an', '\ud800')],
    ['more than it may have', `${'a'.repeat(140_000)}\n\n— a AAAAAAA=\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseNote(text)).toThrow(expect.objectContaining({ name: 'AuditError', code: 'bad-note' }));
  });
});

describe('a checkpoint', () => {
  it('has origin, size and root, and is signed by the node of its origin', () => {
    expect(note.split('\n').slice(0, 3)).toEqual([origin, '3', Buffer.from(head.root).toString('base64')]);
    expect(openCheckpoint(note, check)).toMatchObject({ ...head, origin, logId: '0123456789abcdef', note });
    expect(parseLogName(origin).key.publicKey).toEqual(signer.publicKey);
  });

  it('of another node is refused, whoever signed it', () => {
    const stranger = createSigner(new Uint8Array(32).fill(8));
    expect(() => openCheckpoint(signCheckpoint(origin, head, stranger), check)).toThrow(
      expect.objectContaining({ code: 'wrong-signer' }),
    );
  });

  it.each([
    ['its size', note.replace('\n3\n', '\n4\n')],
    ['its root', note.replace(/\n3\n./, '\n3\nA')],
    ['its log', note.replaceAll('0123456789abcdef', '1123456789abcdef')],
    ['an extension line', note.replace('\n\n', '\nmore\n\n')],
  ])('is refused when somebody changed %s', (_, altered) => {
    expect(altered).not.toBe(note);
    expect(() => openCheckpoint(altered, check)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/wrong-signer|bad-note/) as unknown }),
    );
  });

  it.each([
    '',
    'origin\n',
    'origin\n03\nAAAA\n',
    `origin\n-1\n${Buffer.alloc(32).toString('base64')}\n`,
    `o\n1\n${Buffer.alloc(31).toString('base64')}\n`,
    `o\n9007199254740993\n${Buffer.alloc(32).toString('base64')}\n`,
  ])('is not %j', (text) => {
    expect(() => parseCheckpointText(text)).toThrow(expect.objectContaining({ code: 'bad-note' }));
  });

  it.each([
    'example.com/log',
    'weft/log/12D3/0123456789abcdef',
    'weft/log/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/0123456789abcdef',
  ])('has no weft node in the origin %s', (text) => {
    expect(() => parseLogName(text)).toThrow(expect.objectContaining({ code: 'bad-note' }));
  });
});

describe('the path of a tile', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
    [{ level: null, index: 273, width: 112 }, 'tile/entries/273.p/112'],
    [{ level: 2, index: 1000, width: 1 }, 'tile/2/x001/000.p/1'],
  ])('of %j is %s', (place, path) => {
    expect(formatTilePath(place)).toBe(path);
    expect(parseTilePath(path)).toEqual(place);
  });

  it.each([
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/1000',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/entries/../000',
    'tile/0/000/',
    '',
  ])('is not %s', (path) => {
    expect(parseTilePath(path)).toBe(null);
  });

  it('says how wide the tiles of a tree are: 70,000 as in the specification', () => {
    expect(widthInTree(0, 272, 70_000)).toBe(256);
    expect(widthInTree(0, 273, 70_000)).toBe(112);
    expect(widthInTree(0, 274, 70_000)).toBe(0);
    expect(widthInTree(1, 0, 70_000)).toBe(256);
    expect(widthInTree(1, 1, 70_000)).toBe(17);
    expect(widthInTree(2, 0, 70_000)).toBe(1);
    expect(widthInTree(3, 0, 70_000)).toBe(0);
    expect(widthInTree(63, 0, 2 ** 52)).toBe(0);
  });
});
