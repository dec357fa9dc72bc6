/**
 * The light node for pages: one ESM file, `dist/browser/light.js`, and beside it `light-path-engine.js` and
 * `light-name-engine.js`, which are loaded with the first private call and the first name. Those take what they need from the
 * first, under short names that are nobody else's to use.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  logLevel: 'warn',
  resolve: { alias: [{ find: /^\.\/idna\.ts$/, replacement: './idna-page.ts' }] },
  build: {
    outDir: 'dist/browser',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    modulePreload: false,
    // An input and not `lib`: a library's module keeps its white space, a third of what a page would load.
    rolldownOptions: {
      input: fileURLToPath(new URL('src/light/browser.ts', import.meta.url)),
      preserveEntrySignatures: 'allow-extension',
      output: { format: 'es', entryFileNames: 'light.js', chunkFileNames: 'light-[name].js' },
    },
  },
});
