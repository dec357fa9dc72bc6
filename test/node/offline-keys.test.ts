import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesToHex } from '../../src/core/bytes.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { joinStates } from '../../src/core/record/agent-state.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import type { WeftNode } from '../../src/node/node-types.ts';
import { createOwnAgents, openOwnKeys } from '../../src/node/offline-keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-own-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A daemon that keeps one state, and fails as long as it is told to. */
function createNetwork() {
  let held: AgentState | null = null;
  const network = {
    isDown: false,
    sent: [] as string[],
    async resolve(agentId: Uint8Array) {
      const status = held === null ? ('not-found' as const) : ('ok' as const);
      return { status, agentId, state: held, ageSeconds: null, responders: [], holders: 0, cached: false };
    },
    async publish(bundle: Uint8Array) {
      network.sent.push(bytesToHex(bundle));
      if (network.isDown) throw new Error('the daemon went away');
      held = joinStates(held, decodeState(bundle), Math.floor(Date.now() / 1000)).state;
      return { status: 'stored' as const, acknowledgements: 1, asked: 1, refusal: null, state: held };
    },
  };
  return network satisfies Pick<WeftNode, 'resolve' | 'publish'>;
}

const path = (): string => join(folder, 'own.keys');

/** What a new process would have: everything read from the files again. */
async function open(network: ReturnType<typeof createNetwork>) {
  const keys = await openOwnKeys({ path: path(), passphrase: null });
  return createOwnAgents(keys, `${path()}.journal`, network).agents;
}

describe('keys that stay with the caller', () => {
  it('are in the file before anything is published, and repeat the very same rotation after a crash', async () => {
    const network = createNetwork();
    const { agentId } = await (await open(network)).register({ primaryFactsUrl: 'https://a.example' });
    network.isDown = true;
    await expect((await open(network)).rotate(agentId)).rejects.toThrow('the daemon went away');
    network.isDown = false;
    const result = await (await open(network)).update(agentId, { ttlSeconds: 60 });
    const [, lost, repeated, update] = network.sent;
    expect(repeated).toBe(lost);
    expect(update).not.toBe(lost);
    expect(result.state.keyState).toMatchObject({ status: 'active', sequence: 1 });
    for (const file of [path(), `${path()}.journal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('say that a damaged journal is damaged', async () => {
    const network = createNetwork();
    const { agentId } = await (await open(network)).register({ primaryFactsUrl: 'https://a.example' });
    writeFileSync(`${path()}.journal`, '{"custody/');
    await expect((await open(network)).rotate(agentId)).rejects.toMatchObject({
      name: 'KeystoreError',
      code: 'damaged',
    });
    expect(network.sent).toHaveLength(1);
  });
});
