/**
 * The keys of an agent as an embedding program holds them. The node keeps them in memory for as long as it keeps the
 * agent alive, and never writes them anywhere.
 */
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import type { Signer } from '../core/ed25519.ts';
import { keyBytes } from '../core/limits.ts';
import type { AgentSecrets } from '../custody/custody-types.ts';
import { LightNodeError } from './light-error.ts';

/** 32 bytes of seed, or a signer that keeps its seed to itself. */
export type KeySource = Uint8Array | Signer;

/**
 * What one agent is controlled with. `signing` signs the record and is needed all the time; `rotation` replaces it and
 * is spent by that; `recovery` outranks both and is best kept somewhere else.
 */
export interface AgentKeys {
  readonly signing: KeySource;
  readonly rotation?: KeySource;
  readonly recovery?: KeySource;
}

/** Seeds that `createAgentKeys` made: plain bytes, to be kept secret. */
export interface AgentSeeds extends AgentKeys {
  readonly signing: Uint8Array;
  readonly rotation: Uint8Array;
  readonly recovery: Uint8Array;
}

/** Three new random seeds. */
export function createAgentKeys(): AgentSeeds {
  const { randomBytes } = createSystemEntropy();
  return {
    signing: randomBytes(keyBytes),
    rotation: randomBytes(keyBytes),
    recovery: randomBytes(keyBytes),
  };
}

const roles = ['signing', 'rotation', 'recovery'] as const;

/**
 * Signers of the keys given.
 * @throws LightNodeError `bad-argument` for one of `wanted` that is missing, or a seed that is not 32 bytes.
 */
export function signersOf(
  keys: Partial<AgentKeys>,
  createSigner: (seed: Uint8Array) => Signer,
  wanted: readonly (typeof roles)[number][],
): AgentSecrets<Signer> {
  const signers: { -readonly [Role in (typeof roles)[number]]?: Signer } = {};
  for (const role of roles) {
    const source = keys[role];
    if (source === undefined) {
      if (!wanted.includes(role)) continue;
      throw new LightNodeError('bad-argument', `a ${role} key is needed here: createAgentKeys() makes one`);
    }
    signers[role] = signerOf(source, role, createSigner);
  }
  return signers;
}

/** @throws LightNodeError `bad-argument` */
export function signerOf(
  source: KeySource,
  role: string,
  createSigner: (seed: Uint8Array) => Signer,
): Signer {
  if (!(source instanceof Uint8Array)) return source;
  if (source.length === keyBytes) return createSigner(source);
  throw new LightNodeError(
    'bad-argument',
    `the ${role} key is a seed of ${keyBytes} bytes, not ${source.length}`,
  );
}
