import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.slow.test.ts', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Threads that come and go while others compile crash V8 where the processor has protection keys (nodejs/node#64500).
    execArgv: ['--no-memory-protection-keys'],
  },
});
