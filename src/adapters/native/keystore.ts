/**
 * The keystore of a node: a directory of key files, `keystore.key` (proves the passphrase and fixes the salt),
 * `node.key`, and `<52 characters of the agent's id>.key` for each agent. One passphrase, derived once.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { agentIdFromKey, agentKey, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { type Keystore, KeystoreError } from '../../ports/keystore.ts';
import { damaged, type KeyFilePurpose, openKeyFile, sealKeyFile } from './key-file.ts';
import { createKeyDeriver, type KeyDeriver, type PassphraseSource } from './key-file-derivation.ts';
import { readKeyFile, removeKeyFile, writeKeyFile } from './key-file-disk.ts';
import { decodeKeyrings, encodeKeyrings } from './key-file-seeds.ts';
import { createAgentKeys } from './keystore-keys.ts';

export interface KeystoreOptions {
  /** Made with mode 0700 when it is not there. */
  readonly directory: string;
  /** Null: the files are not encrypted, their mode alone protects them. */
  readonly passphrase: PassphraseSource | null;
  /** N of scrypt for a new keystore; an existing one has its own. Default 2^17. */
  readonly cost?: number;
}

const extension = '.key';
const agentFile = /^([a-z2-7]{52})\.key$/;

/**
 * Opens a keystore, or makes it.
 * @throws KeystoreError `wrong-passphrase` at once, before anything is written under another passphrase.
 */
export async function createKeystore({ directory, passphrase, cost }: KeystoreOptions): Promise<Keystore> {
  const deriver = passphrase === null ? null : createKeyDeriver(passphrase, cost);
  const files = createSubjectFiles(directory, deriver);
  await makeDirectory(directory);
  if ((await files.read('keystore', 'keystore', null)) === null) {
    await provePassphrase(directory, deriver);
    await files.write('keystore', 'keystore', null, new Uint8Array(0));
  }
  const nameOf = (agent: string): string => formatAgentId(agentIdFromKey(agent)).slice('nanda:'.length);
  const keys = createAgentKeys({
    async agents() {
      const names = await readdir(directory);
      return names.flatMap((name) => {
        const id = agentFile.exec(name)?.[1];
        return id === undefined ? [] : [agentKey(parseAgentId(id))];
      });
    },
    async load(agent) {
      const content = await files.read(nameOf(agent), 'agent', subjectOf(agent));
      if (content === null) return null;
      const path = files.pathOf(nameOf(agent));
      const keyring = decodeKeyrings(path, content).get(agent);
      if (keyring === undefined) throw damaged(path, 'it holds the keys of another agent');
      return keyring;
    },
    save: (agent, keyring) =>
      files.write(nameOf(agent), 'agent', subjectOf(agent), encodeKeyrings(new Map([[agent, keyring]]))),
    remove: (agent) => removeKeyFile(files.pathOf(nameOf(agent))),
  });
  return {
    ...keys,
    readIdentity: () => files.read('node', 'node', null),
    writeIdentity: (bytes) => files.write('node', 'node', null, bytes),
  };
}

/** A keystore that lost its `keystore.key` gets a new one, under the passphrase and salt of the other files. */
async function provePassphrase(directory: string, deriver: KeyDeriver | null): Promise<void> {
  const other = (await readdir(directory)).find((name) => name.endsWith(extension));
  if (other === undefined) return;
  const path = join(directory, other);
  const text = await readKeyFile(path);
  if (text !== null) await openKeyFile(path, text, deriver);
}

function createSubjectFiles(directory: string, deriver: KeyDeriver | null) {
  const pathOf = (name: string): string => join(directory, name + extension);
  return {
    pathOf,
    async read(name: string, purpose: KeyFilePurpose, subject: string | null): Promise<Uint8Array | null> {
      const path = pathOf(name);
      const text = await readKeyFile(path);
      if (text === null) return null;
      const opened = await openKeyFile(path, text, deriver);
      if (opened.purpose === purpose && opened.subject === subject) return opened.content;
      throw damaged(
        path,
        `it is the key file of ${opened.subject ?? `the ${opened.purpose}`}, under another name`,
      );
    },
    async write(name: string, purpose: KeyFilePurpose, subject: string | null, content: Uint8Array) {
      await writeKeyFile(pathOf(name), await sealKeyFile({ purpose, subject, content }, deriver));
    },
  };
}

function subjectOf(agent: string): string {
  return formatAgentId(agentIdFromKey(agent));
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new KeystoreError(
      'write-failed',
      `${directory} cannot be made: ${(error as Error).message}; check the owner of the folder`,
      { cause: error },
    );
  }
}
