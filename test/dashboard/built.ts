/** The dashboard as the build leaves it, once for each file of tests. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'vite';

export interface BuiltDashboard {
  readonly folder: string;
  /** Paths as a page asks for them, with their content, unpacked: `/`, `/assets/…`. */
  readonly files: ReadonlyMap<string, Buffer>;
  remove(): Promise<void>;
}

/** Builds into a temporary folder. */
export async function buildDashboard(): Promise<BuiltDashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-dashboard-'));
  const configFile = fileURLToPath(new URL('../../vite.dashboard.config.ts', import.meta.url));
  await build({ configFile, build: { outDir: folder } });
  const unpacked = async (path: string): Promise<Buffer> => gunzipSync(await readFile(join(folder, path)));
  const files = new Map([['/', await unpacked('index.html.gz')]]);
  for (const name of await readdir(join(folder, 'assets'))) {
    files.set(`/assets/${name.replace(/\.gz$/, '')}`, await unpacked(`assets/${name}`));
  }
  return { folder, files, remove: () => rm(folder, { recursive: true, force: true }) };
}
