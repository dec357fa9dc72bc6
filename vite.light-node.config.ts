/**
 * The light node for Node: `dist/light/index.js` with what it needs of its packages in it. Unbundled it is 600 modules,
 * and the memory of loading them is half of what an embedded node costs.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  logLevel: 'warn',
  // An addon is loaded from where it is installed, and so is what only names of the DNS take.
  ssr: { noExternal: true, external: ['sodium-native', 'undici', 'dns-packet'] },
  build: {
    ssr: fileURLToPath(new URL('src/light/index.ts', import.meta.url)),
    outDir: 'dist/light',
    emptyOutDir: false,
    target: 'node22',
    minify: true,
    rolldownOptions: {
      output: { format: 'es', entryFileNames: 'index.js', chunkFileNames: 'parts/[name].js' },
    },
  },
});
