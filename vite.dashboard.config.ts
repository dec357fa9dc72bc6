/** The dashboard: dashboard/ as a page with hashed assets in `dist/dashboard`, packed for the way. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('dashboard', import.meta.url)),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  // Whoever builds, a test among them, gets the same: without the names of source files.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  plugins: [packed()],
  build: {
    outDir: fileURLToPath(new URL('dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: false,
    // A policy without inline parts takes no data: URL for a style or a script.
    assetsInlineLimit: 0,
  },
});

/** Only `.gz` of each file: what nearly every client takes, and a third of the bytes in the package. */
function packed(): Plugin {
  let folder = '';
  return {
    name: 'packed',
    apply: 'build',
    configResolved: ({ build }) => {
      folder = build.outDir;
    },
    closeBundle: () => {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name.endsWith('.gz')) continue;
        const path = join(entry.parentPath, entry.name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        rmSync(path);
      }
    },
  };
}
