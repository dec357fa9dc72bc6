/** Keys at rest: encrypted, the owner's alone, and never half written. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createKeystore } from '../../../src/adapters/native/keystore.ts';
import { exportKeys, importKeys, openKeystoreFile } from '../../../src/adapters/native/keystore-file.ts';
import { toBase32 } from '../../../src/core/bytes.ts';
import type { AgentKeys, Keystore } from '../../../src/ports/keystore.ts';

/** Cheap, so that the tests are quick; the parameters stand in the file. */
const cost = 2 ** 4;
const passphrase = async (): Promise<Uint8Array> => Buffer.from('correct horse');
const wrongPassphrase = async (): Promise<Uint8Array> => Buffer.from('battery staple');
const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const alice = seed(0xa1);
const bob = seed(0xb0);
const fileOf = (agentId: Uint8Array): string => `${toBase32(agentId)}.key`;

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-keys-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const open = (directory: string, source: typeof passphrase | null = passphrase): Promise<Keystore> =>
  createKeystore({ directory, passphrase: source, cost });

describe.each([
  ['a keystore', async () => open(await temporaryDirectory())],
  ['a keystore that is not encrypted', async () => open(await temporaryDirectory(), null)],
  [
    'a file of keys',
    async (): Promise<AgentKeys> =>
      openKeystoreFile({ path: join(await temporaryDirectory(), 'agent.keys'), passphrase, cost }),
  ],
])('%s', (_name, create) => {
  it('has nothing of an agent that it does not know', async () => {
    const keys = await create();
    expect(await keys.list()).toEqual([]);
    expect(await keys.read(alice)).toEqual({});
    expect(await keys.readStaged(alice)).toEqual({});
  });

  it('gives back the seeds of each role and replaces those of the same role', async () => {
    const keys = await create();
    await keys.add(alice, { signing: seed(1), rotation: seed(2), recovery: seed(3) });
    await keys.add(bob, { delegate: seed(4) });
    await keys.add(alice, { signing: seed(5) });
    expect(await keys.read(alice)).toEqual({ signing: seed(5), rotation: seed(2), recovery: seed(3) });
    expect(await keys.list()).toEqual([
      { agentId: alice, roles: ['signing', 'rotation', 'recovery'] },
      { agentId: bob, roles: ['delegate'] },
    ]);
  });

  it('keeps staged keys apart until they are promoted, all in one step', async () => {
    const keys = await create();
    await keys.add(alice, { signing: seed(1), rotation: seed(2), recovery: seed(3) });
    await keys.stage(alice, { signing: seed(7) });
    await keys.stage(alice, { signing: seed(2), rotation: seed(8) });
    expect(await keys.read(alice)).toEqual({ signing: seed(1), rotation: seed(2), recovery: seed(3) });
    expect(await keys.readStaged(alice)).toEqual({ signing: seed(2), rotation: seed(8) });
    await keys.promote(alice);
    expect(await keys.read(alice)).toEqual({ signing: seed(2), rotation: seed(8), recovery: seed(3) });
    expect(await keys.readStaged(alice)).toEqual({});
  });

  it('forgets staged keys that are discarded, and an agent of which nothing is left', async () => {
    const keys = await create();
    await keys.stage(alice, { signing: seed(7) });
    expect(await keys.list()).toEqual([]);
    await keys.discardStaged(alice);
    expect(await keys.readStaged(alice)).toEqual({});
    await keys.promote(alice);
    expect(await keys.read(alice)).toEqual({});
  });

  it('destroys the keys of the roles named, or of all', async () => {
    const keys = await create();
    await keys.add(alice, { signing: seed(1), rotation: seed(2), recovery: seed(3) });
    await keys.stage(alice, { signing: seed(7) });
    await keys.remove(alice, ['rotation', 'recovery', 'delegate']);
    expect(await keys.read(alice)).toEqual({ signing: seed(1) });
    expect(await keys.readStaged(alice)).toEqual({ signing: seed(7) });
    await keys.remove(alice);
    expect([await keys.read(alice), await keys.readStaged(alice), await keys.list()]).toEqual([{}, {}, []]);
  });

  it('loses no change of calls made at once', async () => {
    const keys = await create();
    await Promise.all([
      keys.add(alice, { signing: seed(1) }),
      keys.add(alice, { rotation: seed(2) }),
      keys.add(bob, { signing: seed(3) }),
      keys.stage(alice, { recovery: seed(4) }),
      keys.promote(alice),
    ]);
    expect(await keys.read(alice)).toEqual({ signing: seed(1), rotation: seed(2), recovery: seed(4) });
    expect(await keys.read(bob)).toEqual({ signing: seed(3) });
  });

  it('does not depend on what the caller does with its seeds afterwards', async () => {
    const keys = await create();
    const mine = seed(1);
    const added = keys.add(alice, { signing: mine });
    await added;
    mine.fill(0);
    expect(await keys.read(alice)).toEqual({ signing: seed(1) });
  });

  it('refuses a seed that is not 32 bytes', async () => {
    const keys = await create();
    await expect(keys.add(alice, { signing: new Uint8Array(31) })).rejects.toThrow(TypeError);
    await expect(keys.stage(alice, { rotation: new Uint8Array(33) })).rejects.toThrow(TypeError);
  });
});

describe('the keystore of a node', () => {
  it('has everything again after a restart', async () => {
    const directory = await temporaryDirectory();
    const first = await open(directory);
    await first.add(alice, { signing: seed(1) });
    await first.stage(alice, { signing: seed(2) });
    expect(await first.readIdentity()).toBeNull();
    await first.writeIdentity(Uint8Array.of(8, 1, 18, 64));
    const second = await open(directory);
    expect(await second.read(alice)).toEqual({ signing: seed(1) });
    expect(await second.readStaged(alice)).toEqual({ signing: seed(2) });
    expect(await second.readIdentity()).toEqual(Uint8Array.of(8, 1, 18, 64));
  });

  it('asks for the passphrase once and derives from it once, however many agents there are', async () => {
    const directory = await temporaryDirectory();
    let asked = 0;
    const source = async (): Promise<Uint8Array> => {
      asked += 1;
      return passphrase();
    };
    const first = await open(directory, source);
    for (let index = 0; index < 50; index++) await first.add(seed(index), { signing: seed(index) });
    expect(asked).toBe(1);
    const second = await open(directory, source);
    expect(await second.list()).toHaveLength(50);
    expect(await second.read(seed(7))).toEqual({ signing: seed(7) });
    expect(asked).toBe(2);
  });

  it('writes files that only their owner can read, and leaves nothing else behind', async () => {
    const directory = join(await temporaryDirectory(), 'keys');
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(1) });
    await keystore.writeIdentity(seed(9));
    const names = (await readdir(directory)).sort();
    expect(names).toEqual([fileOf(alice), 'keystore.key', 'node.key'].sort());
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('has no seed in clear in its files, and says in each how it was encrypted', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(0x41) });
    const text = await readFile(join(directory, fileOf(alice)), 'utf8');
    const file = JSON.parse(text);
    expect(file).toMatchObject({
      format: 'weft-keys',
      version: 1,
      purpose: 'agent',
      kdf: { name: 'scrypt', cost, blockSize: 8, parallelization: 1 },
    });
    const sealed = Buffer.from(file.sealed, 'base64');
    expect(sealed.includes(Buffer.from(seed(0x41)))).toBe(false);
    expect(file.nonce).toHaveLength(48);
  });

  it('never uses a nonce twice', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    const nonces = new Set<string>();
    for (let index = 0; index < 20; index++) {
      await keystore.add(alice, { signing: seed(1) });
      nonces.add(JSON.parse(await readFile(join(directory, fileOf(alice)), 'utf8')).nonce);
    }
    expect(nonces.size).toBe(20);
  });

  it('refuses a wrong passphrase when it is opened, before anything is written under it', async () => {
    const directory = await temporaryDirectory();
    await open(directory);
    await expect(open(directory, wrongPassphrase)).rejects.toMatchObject({
      name: 'KeystoreError',
      code: 'wrong-passphrase',
    });
    await expect(open(directory, null)).rejects.toMatchObject({ code: 'no-passphrase' });
    await expect(open(directory, async () => new Uint8Array(0))).rejects.toMatchObject({
      code: 'no-passphrase',
    });
    expect(await readdir(directory)).toEqual(['keystore.key']);
  });

  it('refuses a passphrase for files that are not encrypted', async () => {
    const directory = await temporaryDirectory();
    await open(directory, null);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'not-encrypted',
      message: expect.stringContaining('keystore.protection'),
    });
  });

  it.each([0o640, 0o604, 0o660])('refuses a file of mode %o, and says chmod 600', async (mode) => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(1) });
    const path = join(directory, fileOf(alice));
    await chmod(path, mode);
    await expect(keystore.read(alice)).rejects.toMatchObject({
      code: 'readable-by-others',
      message: expect.stringContaining(`chmod 600 ${path}`),
    });
    await chmod(path, 0o600);
    expect(await keystore.read(alice)).toEqual({ signing: seed(1) });
  });

  it('tells a damaged file from a wrong passphrase, wherever the damage is', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(1) });
    const path = join(directory, fileOf(alice));
    const text = await readFile(path, 'utf8');
    const fields = JSON.parse(text);
    const damages: string[] = [
      '',
      text.slice(0, text.length / 2),
      '[]',
      '{"format":"weft-keys","version":1}',
      JSON.stringify({ ...fields, sealed: `${fields.sealed.slice(0, 8)}AAAA${fields.sealed.slice(12)}` }),
      JSON.stringify({ ...fields, nonce: '00'.repeat(24) }),
      JSON.stringify({ ...fields, subject: null }),
      JSON.stringify({ ...fields, kdf: null }),
      JSON.stringify({ ...fields, kdf: { ...fields.kdf, cost: 2 ** 30 } }),
      JSON.stringify({ ...fields, kdf: { ...fields.kdf, cost: 3 } }),
      JSON.stringify({ ...fields, kdf: { ...fields.kdf, salt: '00'.repeat(16) } }),
      JSON.stringify({ ...fields, checksum: '' }),
    ];
    for (const damage of damages) {
      await writeFile(path, damage);
      await expect(keystore.read(alice), damage).rejects.toMatchObject({ code: 'damaged' });
    }
    await writeFile(path, JSON.stringify({ ...fields, version: 9 }));
    await expect(keystore.read(alice)).rejects.toMatchObject({ code: 'wrong-version' });
    await writeFile(path, JSON.stringify(fields));
    expect(await keystore.read(alice)).toEqual({ signing: seed(1) });
  });

  it('does not take the keys of one agent for those of another', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(1) });
    await keystore.add(bob, { signing: seed(2) });
    await writeFile(join(directory, fileOf(bob)), await readFile(join(directory, fileOf(alice))));
    await expect(keystore.read(bob)).rejects.toMatchObject({ code: 'damaged' });
  });

  it('keeps the old keys when a crash left a new file half written', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.add(alice, { signing: seed(1) });
    await writeFile(join(directory, `${fileOf(alice)}.new`), '{"format":"weft-ke', { mode: 0o644 });
    const again = await open(directory);
    expect(await again.list()).toEqual([{ agentId: alice, roles: ['signing'] }]);
    await again.add(alice, { signing: seed(2) });
    expect(await again.read(alice)).toEqual({ signing: seed(2) });
    expect((await stat(join(directory, fileOf(alice)))).mode & 0o777).toBe(0o600);
  });

  it('makes a lost keystore.key again, under the passphrase of the other files only', async () => {
    const directory = await temporaryDirectory();
    await (await open(directory)).add(alice, { signing: seed(1) });
    await rm(join(directory, 'keystore.key'));
    await expect(open(directory, wrongPassphrase)).rejects.toMatchObject({ code: 'wrong-passphrase' });
    const again = await open(directory);
    expect(await again.read(alice)).toEqual({ signing: seed(1) });
    expect((await readdir(directory)).sort()).toEqual([fileOf(alice), 'keystore.key'].sort());
  });

  it('says where it cannot be made', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    await expect(open(path)).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining(path),
    });
  });

  it('uses a cost that makes guessing dear unless told otherwise', async () => {
    const directory = await temporaryDirectory();
    await createKeystore({ directory, passphrase });
    const file = JSON.parse(await readFile(join(directory, 'keystore.key'), 'utf8'));
    expect(file.kdf).toMatchObject({ cost: 131_072, blockSize: 8, parallelization: 1 });
  });
});

describe('keys that live offline', () => {
  const other = async (): Promise<Uint8Array> => Buffer.from('kept in a safe');

  async function subject(): Promise<{ keystore: Keystore; path: string }> {
    const directory = await temporaryDirectory();
    const keystore = await open(join(directory, 'keys'));
    await keystore.add(alice, { signing: seed(1), rotation: seed(2), recovery: seed(3) });
    return { keystore, path: join(directory, 'offline.keys') };
  }

  it('are exported to a file with its own passphrase, and stay unless they are to go', async () => {
    const { keystore, path } = await subject();
    const moved = await exportKeys({ from: keystore, agentId: alice, path, passphrase: other, cost });
    expect(moved).toEqual({ agentId: alice, roles: ['rotation', 'recovery'] });
    expect(Object.keys(await keystore.read(alice))).toEqual(['signing', 'rotation', 'recovery']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const file = await openKeystoreFile({ path, passphrase: other });
    expect(await file.read(alice)).toEqual({ rotation: seed(2), recovery: seed(3) });
    await expect(openKeystoreFile({ path, passphrase })).rejects.toMatchObject({ code: 'wrong-passphrase' });
  });

  it('are gone from the keystore when that is asked for, and come back by an import', async () => {
    const { keystore, path } = await subject();
    await exportKeys({
      from: keystore,
      agentId: alice,
      path,
      passphrase: other,
      cost,
      roles: ['recovery'],
      remove: true,
    });
    expect(await keystore.read(alice)).toEqual({ signing: seed(1), rotation: seed(2) });
    expect(await importKeys({ into: keystore, path, passphrase: other })).toEqual([
      { agentId: alice, roles: ['recovery'] },
    ]);
    expect(await keystore.read(alice)).toEqual({ signing: seed(1), rotation: seed(2), recovery: seed(3) });
  });

  it('never overwrite a file, and then nothing is removed', async () => {
    const { keystore, path } = await subject();
    await writeFile(path, 'something dear');
    await expect(
      exportKeys({ from: keystore, agentId: alice, path, passphrase: other, cost, remove: true }),
    ).rejects.toMatchObject({ code: 'already-there' });
    expect(await readFile(path, 'utf8')).toBe('something dear');
    expect(Object.keys(await keystore.read(alice))).toHaveLength(3);
  });

  it('must be there to be exported, and a file must hold some to be imported', async () => {
    const { keystore, path } = await subject();
    await expect(
      exportKeys({ from: keystore, agentId: bob, path, passphrase: other, cost }),
    ).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no rotation key of nanda:'),
    });
    await expect(importKeys({ into: keystore, path, passphrase: other })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('are not taken from a file that holds no agent, such as the key of the node', async () => {
    const directory = await temporaryDirectory();
    const keystore = await open(directory);
    await keystore.writeIdentity(seed(1));
    await expect(openKeystoreFile({ path: join(directory, 'node.key'), passphrase })).rejects.toMatchObject({
      code: 'damaged',
    });
  });
});
