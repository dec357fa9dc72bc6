import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openNodeKeys } from '../../src/node/custody-keys.ts';

describe('the keys of a node', () => {
  const entropy = createSystemEntropy();
  let dataDirectory: string;
  const configOf = (flags: Record<string, string | number> = {}) =>
    loadConfig({ flags: { dataDirectory, 'keystore.scryptCost': 1024, ...flags } });

  beforeEach(() => {
    dataDirectory = mkdtempSync(join(tmpdir(), 'weft-test-keys-'));
  });
  afterEach(() => rmSync(dataDirectory, { recursive: true, force: true }));

  it('are made once: the node is the same peer after a restart', async () => {
    const first = await openNodeKeys(configOf(), entropy, 'secret');
    expect(first.identitySeed).toHaveLength(32);
    const seeds = { signing: new Uint8Array(32).fill(1) };
    await first.keys.add(new Uint8Array(32).fill(9), seeds);
    const second = await openNodeKeys(configOf(), entropy, 'secret');
    expect(second.identitySeed).toEqual(first.identitySeed);
    expect(await second.keys.read(new Uint8Array(32).fill(9))).toEqual(seeds);
  });

  it('open with the first line of the configured file', async () => {
    const file = join(dataDirectory, 'passphrase');
    writeFileSync(file, 'secret\nnot this\n', { mode: 0o600 });
    const first = await openNodeKeys(configOf(), entropy, 'secret');
    const second = await openNodeKeys(configOf({ 'keystore.passphraseFile': file }), entropy);
    expect(second.identitySeed).toEqual(first.identitySeed);
  });

  it('stay closed without a passphrase, or with another', async () => {
    await openNodeKeys(configOf(), entropy, 'secret');
    await expect(openNodeKeys(configOf(), entropy)).rejects.toMatchObject({ code: 'no-passphrase' });
    await expect(openNodeKeys(configOf(), entropy, 'other')).rejects.toMatchObject({
      code: 'wrong-passphrase',
    });
    const missing = configOf({ 'keystore.passphraseFile': join(dataDirectory, 'missing') });
    await expect(openNodeKeys(missing, entropy)).rejects.toMatchObject({ code: 'no-passphrase' });
  });

  it('need none where the configuration says so', async () => {
    const config = configOf({ 'keystore.protection': 'none' });
    const first = await openNodeKeys(config, entropy);
    expect((await openNodeKeys(config, entropy)).identitySeed).toEqual(first.identitySeed);
  });
});
