/** The keystore of a node as its configuration says, and the key by which other peers know it. */
import { readFile } from 'node:fs/promises';
import { createKeystore } from '../adapters/native/keystore.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { utf8ToBytes } from '../core/bytes.ts';
import type { Entropy } from '../ports/entropy.ts';
import { type AgentKeys, KeystoreError } from '../ports/keystore.ts';

export interface NodeKeys {
  readonly keys: AgentKeys;
  /** 32 bytes, made once and kept. */
  readonly identitySeed: Uint8Array;
}

const identitySeedBytes = 32;

/**
 * Opens the keystore, or makes it.
 * @param passphrase left out: the first line of the configured file.
 * @throws KeystoreError `no-passphrase` when neither is there, and what createKeystore throws.
 */
export async function openNodeKeys(
  config: NodeConfig,
  entropy: Entropy,
  passphrase: string | null = null,
): Promise<NodeKeys> {
  const { directory, protection, passphraseFile, scryptCost } = config.keystore;
  const isEncrypted = protection === 'passphrase';
  const keystore = await createKeystore({
    directory,
    passphrase: isEncrypted
      ? async () => utf8ToBytes(passphrase ?? (await readPassphrase(passphraseFile)))
      : null,
    cost: scryptCost,
  });
  const kept = await keystore.readIdentity();
  if (kept !== null) return { keys: keystore, identitySeed: kept };
  const identitySeed = entropy.randomBytes(identitySeedBytes);
  await keystore.writeIdentity(identitySeed);
  return { keys: keystore, identitySeed };
}

async function readPassphrase(file: string | null): Promise<string> {
  const ask = 'name a file that holds it (keystore.passphraseFile, WEFT_PASSPHRASE_FILE)';
  if (file === null)
    throw new KeystoreError(
      'no-passphrase',
      `the key files are encrypted, and no passphrase is given: ${ask}`,
    );
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0]!;
  } catch (error) {
    const message = `the passphrase file ${file} cannot be read: ${(error as Error).message}; ${ask}`;
    throw new KeystoreError('no-passphrase', message, { cause: error });
  }
}
