/**
 * `npm run size`: builds the light node for pages and says what a page loads of it, compressed as a web server would.
 * Exits 1 over the limit. `--json` prints `{gzipBytes, limit, ok}`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const limit = 250_000;

export interface BundleSize {
  readonly gzipBytes: number;
  readonly limit: number;
  readonly ok: boolean;
}

/** Builds the bundle from the source as `light.js` in this folder, where other files stay; its text. */
export async function buildLightBundle(folder: string): Promise<string> {
  const configFile = fileURLToPath(new URL('../vite.light.config.ts', import.meta.url));
  await build({ configFile, build: { outDir: folder, emptyOutDir: false } });
  return readFileSync(join(folder, 'light.js'), 'utf8');
}

export function sizeOf(bundle: string): BundleSize {
  const gzipBytes = gzipSync(bundle, { level: 9 }).length;
  return { gzipBytes, limit, ok: gzipBytes <= limit };
}

async function measure(): Promise<BundleSize> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-size-'));
  try {
    return sizeOf(await buildLightBundle(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const size = await measure();
  if (process.argv.includes('--json')) console.log(JSON.stringify(size));
  else {
    const words = `${(size.gzipBytes / 1000).toFixed(1)} kB of at most ${limit / 1000} kB`;
    console.log(`the light node in a page: ${words}, gzipped${size.ok ? '' : ': too large'}`);
  }
  if (!size.ok) process.exitCode = 1;
}
