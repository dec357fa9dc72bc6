/** A thief with a copy of a node's key files and their passphrase: what a stolen backup and a careless note give away. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeystore } from '../../src/adapters/native/keystore.ts';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import { parseAgentId } from '../../src/core/identity/agent-id.ts';

/** The seed of the agent's next rotation key, from a copy of the folder. */
export async function copyRotationKey(
  dataDirectory: string,
  passphrase: string,
  agentId: string,
): Promise<Uint8Array> {
  const copy = mkdtempSync(join(tmpdir(), 'weft-demo-thief-'));
  try {
    cpSync(join(dataDirectory, 'keys'), copy, { recursive: true });
    const keystore = await createKeystore({
      directory: copy,
      passphrase: async () => utf8ToBytes(passphrase),
    });
    const { rotation } = await keystore.read(parseAgentId(agentId));
    if (rotation === undefined) throw new Error('the copy holds no rotation key');
    return rotation;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
