/** The dashboard as the build leaves it, once for each file of tests. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export interface BuiltDashboard {
  readonly folder: string;
  /** Paths as a page asks for them, with their content: `/`, `/assets/…`; the packed forms are left out. */
  readonly files: ReadonlyMap<string, Buffer>;
  remove(): Promise<void>;
}

/** Builds into a temporary folder. */
export async function buildDashboard(): Promise<BuiltDashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-dashboard-'));
  const configFile = fileURLToPath(new URL('../../vite.dashboard.config.ts', import.meta.url));
  await build({ configFile, build: { outDir: folder } });
  const files = new Map([['/', await readFile(join(folder, 'index.html'))]]);
  for (const name of await readdir(join(folder, 'assets'))) {
    if (!/\.(gz|br)$/.test(name)) files.set(`/assets/${name}`, await readFile(join(folder, 'assets', name)));
  }
  return { folder, files, remove: () => rm(folder, { recursive: true, force: true }) };
}
