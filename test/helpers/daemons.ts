/** Real daemon processes for tests: run from the source, on loopback, in a temporary folder that goes with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDaemon, type Daemon } from '../../demo/lib/daemon.ts';

const command = [fileURLToPath(new URL('./run-weft.ts', import.meta.url))];

export interface TestDaemons {
  readonly directory: string;
  readonly passphrase: string;
  /** A daemon that does not run yet. */
  create(
    name: string,
    options?: { readonly bootstrap?: readonly string[]; readonly settings?: readonly string[] },
  ): Daemon;
  /** Starts so many that join through the first; resolves when all are ready. */
  startNetwork(count: number, settings?: readonly string[]): Promise<readonly Daemon[]>;
  /** Ends every process that was created here, by its own handle, and removes the folder. */
  close(): Promise<void>;
}

/** Quick to start, quiet, and without what only long runs need. */
export const testSettings = [
  'log.level=warn',
  'keystore.scryptCost=1024',
  'store.ballastBytes=0',
  'store.freeBytesMin=0',
  'verifierWorkers=0',
] as const;

/** A folder for daemons; close it in an `afterEach` or `afterAll`. */
export function createTestDaemons(): TestDaemons {
  const directory = mkdtempSync(join(tmpdir(), 'weft-test-'));
  const passphrase = 'a passphrase of the tests';
  const passphraseFile = join(directory, 'passphrase');
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const daemons: Daemon[] = [];

  function create(
    name: string,
    options: { readonly bootstrap?: readonly string[]; readonly settings?: readonly string[] } = {},
  ): Daemon {
    const { bootstrap = [], settings = [] } = options;
    const daemon = createDaemon({
      name,
      dataDirectory: join(directory, name),
      passphraseFile,
      bootstrap,
      command,
      settings: [...testSettings, ...settings],
    });
    daemons.push(daemon);
    return daemon;
  }

  return {
    directory,
    passphrase,
    create,
    async startNetwork(count, settings = []) {
      const first = create('n1', { settings });
      await first.start();
      const others = Array.from({ length: count - 1 }, (_, index) =>
        create(`n${index + 2}`, { bootstrap: [first.address], settings }),
      );
      for (const daemon of others) await daemon.start();
      return [first, ...others];
    },
    async close() {
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
