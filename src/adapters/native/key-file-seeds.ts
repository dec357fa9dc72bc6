/**
 * What a key file of agents holds, as dCBOR: [1, [agent...]], agent = [id 32 B, in use, staged], each of the two
 * [[role, seed 32 B]...] in the order of the roles (0 signing, 1 rotation, 2 recovery, 3 delegate).
 */
import { type CborValue, decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { isProtocolError } from '../../core/errors.ts';
import { agentIdFromKey, agentKey } from '../../core/identity/agent-id.ts';
import { readArray, readBytes, readInteger } from '../../core/shape.ts';
import type { AgentSeeds, KeyRole } from '../../ports/keystore.ts';
import { damaged } from './key-file.ts';

/** The keys of one agent. */
export interface AgentKeyring {
  readonly inUse: AgentSeeds;
  readonly staged: AgentSeeds;
}

/** In the order of their numbers in a file. */
export const keyRoles: readonly KeyRole[] = ['signing', 'rotation', 'recovery', 'delegate'];
export const emptyKeyring: AgentKeyring = { inUse: {}, staged: {} };

const version = 1;
const agentsMax = 1024;
const seedBytes = 32;
const contentBytesMax = 1024 * 1024;

/** Keyrings by agent key (hexadecimal). */
export function encodeKeyrings(keyringByAgent: ReadonlyMap<string, AgentKeyring>): Uint8Array {
  const agents = [...keyringByAgent]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, { inUse, staged }]) => [agentIdFromKey(key), seedsValue(inUse), seedsValue(staged)]);
  return encodeCanonical([version, agents]);
}

/** @throws KeystoreError `damaged`; `path` is for the message. */
export function decodeKeyrings(path: string, content: Uint8Array): Map<string, AgentKeyring> {
  try {
    const [found, agents] = readArray(decodeCanonical(content, contentBytesMax), 'keys', 2);
    readInteger(found, 'version', version, version);
    return new Map(
      readArray(agents, 'agents', { max: agentsMax }).map((agent) => {
        const [id, inUse, staged] = readArray(agent, 'agent', 3);
        return [
          agentKey(readBytes(id, 'id', seedBytes)),
          { inUse: readSeeds(inUse), staged: readSeeds(staged) },
        ];
      }),
    );
  } catch (error) {
    if (isProtocolError(error)) throw damaged(path, error.message);
    throw error;
  }
}

/** The roles that have a seed, in their order. */
export function rolesIn(seeds: AgentSeeds): readonly KeyRole[] {
  return keyRoles.filter((role) => seeds[role] !== undefined);
}

/** @throws TypeError when a seed is not 32 bytes: a mistake of the caller. */
export function assertSeeds(seeds: AgentSeeds): void {
  for (const role of rolesIn(seeds)) {
    if (seeds[role]!.length !== seedBytes) throw new TypeError(`the seed of a ${role} key has 32 bytes`);
  }
}

function seedsValue(seeds: AgentSeeds): CborValue {
  return rolesIn(seeds).map((role) => [keyRoles.indexOf(role), seeds[role]!]);
}

function readSeeds(value: CborValue | undefined): AgentSeeds {
  const seeds: Partial<Record<KeyRole, Uint8Array>> = {};
  for (const item of readArray(value, 'seeds', { max: keyRoles.length })) {
    const [role, seed] = readArray(item, 'seed', 2);
    seeds[keyRoles[readInteger(role, 'role', 0, keyRoles.length - 1)]!] = readBytes(
      seed,
      'seed',
      seedBytes,
    ).slice();
  }
  return seeds;
}
