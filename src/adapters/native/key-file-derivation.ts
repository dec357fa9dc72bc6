/** From a passphrase to keys, with scrypt: slow on purpose, so each salt is derived once and its key kept. */
import { randomBytes, scrypt } from 'node:crypto';
import { KeystoreError } from '../../ports/keystore.ts';

/** Parameters of scrypt as they stand in a file; memory is 128 bytes × cost × blockSize. */
export interface KeyDerivation {
  readonly name: 'scrypt';
  /** N, a power of two. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  /** Hexadecimal. */
  readonly salt: string;
}

export interface KeyDeriver {
  /** A key to seal with: always the same of this deriver, each file has its own nonce. */
  forWriting(): Promise<{ readonly derivation: KeyDerivation; readonly key: Uint8Array }>;
  /** The key of a file with these parameters. */
  forReading(derivation: KeyDerivation): Promise<Uint8Array>;
}

/** Asked for when a key must be derived: once, unless files with several salts are opened. */
export type PassphraseSource = () => Promise<Uint8Array>;

/** 128 MiB and about half a second. */
const scryptCostDefault = 2 ** 17;
const blockSize = 8;
const parallelization = 1;
const keyBytes = 32;
const saltBytes = 16;
/** Keys kept, one for each salt: those of the keystore and of a few exports. */
const keptMax = 16;

/** New files get the parameters of the first file opened, if any, so that a keystore has one salt. */
export function createKeyDeriver(passphrase: PassphraseSource, cost = scryptCostDefault): KeyDeriver {
  const keyByDerivation = new Map<string, Promise<Uint8Array>>();
  let own: KeyDerivation | null = null;

  function forReading(derivation: KeyDerivation): Promise<Uint8Array> {
    const name = JSON.stringify(derivation);
    const kept = keyByDerivation.get(name);
    if (kept !== undefined) return kept;
    const derived = derive(passphrase, derivation);
    if (keyByDerivation.size >= keptMax) keyByDerivation.delete(keyByDerivation.keys().next().value!);
    keyByDerivation.set(name, derived);
    own ??= derivation;
    derived.catch(() => {
      keyByDerivation.delete(name);
      if (own === derivation) own = null;
    });
    return derived;
  }

  return {
    forReading,
    async forWriting() {
      own ??= {
        name: 'scrypt',
        cost,
        blockSize,
        parallelization,
        salt: randomBytes(saltBytes).toString('hex'),
      };
      const derivation = own;
      return { derivation, key: await forReading(derivation) };
    },
  };
}

async function derive(passphrase: PassphraseSource, derivation: KeyDerivation): Promise<Uint8Array> {
  const { cost, blockSize: r, parallelization: p, salt } = derivation;
  const secret = await passphrase();
  if (secret.length === 0) throw new KeystoreError('no-passphrase', 'the passphrase is empty: give one');
  const options = { N: cost, r, p, maxmem: 128 * r * (cost + p) + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(secret, Buffer.from(salt, 'hex'), keyBytes, options, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(new KeystoreError('unreadable', `scrypt failed: ${error.message}`, { cause: error }));
    });
  });
}
