/** The image, built and run without an engine: what its steps leave behind is a node that works. Needs the package registry or its cache. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage, type Image } from './image-steps.ts';

/** The image's own part, without the base image. */
const sizeBytesMax = 90e6;
let image: Image;

beforeAll(() => {
  image = buildImage();
}, 600_000);
afterAll(() => image?.remove());

/** Nothing of this machine but its Node and its system. */
function environment(): NodeJS.ProcessEnv {
  const path = `${image.place('/usr/local/bin')}:${join(process.execPath, '..')}:/usr/bin:/bin`;
  return {
    PATH: path,
    HOME: image.place('/'),
    WEFT_PASSPHRASE_FILE: image.place('passphrase'),
    ...image.environment,
  };
}

describe('the image', () => {
  it('holds what runs, and neither sources, nor what is for development, nor other systems', () => {
    const modules = image.place('/opt/weft/node_modules');
    for (const name of ['vitest', 'typescript', 'vite', 'kubernetes-models', 'playwright-core'])
      expect(existsSync(join(modules, name)), name).toBe(false);
    for (const name of ['libp2p', 'classic-level', 'sodium-native', 'fastify'])
      expect(existsSync(join(modules, name)), name).toBe(true);
    expect(existsSync(image.place('/opt/weft/src'))).toBe(false);
    const builds = globSync('**/prebuilds/*', { cwd: modules });
    expect(builds.length).toBeGreaterThan(0);
    expect(builds.filter((name) => !/\/linux-[^/]+$/.test(name))).toEqual([]);
    const sizeBytes = globSync('**/*', { cwd: image.place('/opt/weft') })
      .map((name) => lstatSync(join(image.place('/opt/weft'), name)))
      .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
    console.info(`the image adds ${(sizeBytes / 1e6).toFixed(0)} MB to its base`);
    expect(sizeBytes).toBeLessThan(sizeBytesMax);
    expect(statSync(image.place('/data')).mode & 0o777).toBe(0o700);
  });

  it('starts, is healthy while it runs and not before, and ends at SIGTERM', {
    timeout: 120_000,
  }, async () => {
    writeFileSync(image.place('passphrase'), 'a passphrase of the tests\n', { mode: 0o600 });
    const [program, ...argv] = image.start;
    const env = { ...environment(), WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0', WEFT_API_PORT: '0' };
    const [health, ...healthArgv] = image.health;
    const check = (): unknown => JSON.parse(execFileSync(health!, healthArgv, { env, encoding: 'utf8' }));
    expect(check).toThrow(/Command failed/);
    const child = spawn(program!, [...argv, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const lines = createInterface({ input: child.stdout });
    const first = await Promise.race([
      new Promise<string>((resolve) => lines.once('line', resolve)),
      exited.then((code) => `ended with ${code}: ${stderr}`),
    ]);
    expect(JSON.parse(first)).toMatchObject({ type: 'ready', dataDirectory: image.place('/data') });
    expect(check()).toMatchObject({ state: 'ready' });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(check).toThrow(/Command failed/);
  });
});
