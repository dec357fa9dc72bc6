/** What a page loads: bounded, and nothing of Node in it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLightBundle, sizeOf } from '../../scripts/bundle-size.ts';

const script = fileURLToPath(new URL('../../scripts/bundle-size.ts', import.meta.url));

describe('the light node for pages', () => {
  let folder: string;
  let bundle: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weft-bundle-'));
    bundle = await buildLightBundle(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is at most 250 kB, gzipped, as `npm run size -- --json` says', () => {
    const printed = execFileSync(process.execPath, [script, '--json'], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual({ ...sizeOf(bundle), ok: true, limit: 250_000 });
  });

  it('is too large with twice the text in it', () => {
    const other = Array.from({ length: 300_000 }, (_, index) => Math.sin(index).toString(36)[6]).join('');
    expect(sizeOf(bundle + other)).toMatchObject({ ok: false });
  });

  it('has the private path and names in a module each, for the first who asks for one', () => {
    const engines = ['light-name-engine.js', 'light-path-engine.js'];
    expect(readdirSync(folder).sort()).toEqual([...engines, 'light.js']);
    expect(bundle.match(/import\([^)]*\)/g)?.sort()).toEqual(engines.map((file) => `import(\`./${file}\`)`));
    for (const [index, bytesMax] of [8_000, 12_000].entries())
      expect(gzipSync(readFileSync(join(folder, engines[index]!))).length).toBeLessThan(bytesMax);
  });

  it('loads nothing else, and is without TCP, kad-dht and whatever only Node has', () => {
    // Verdicts, not texts: a failure would print the whole bundle.
    expect(/(?:^|[;}\n])import\s*[\w{*("'`]/.test(bundle)).toBe(false);
    for (const absent of ['`node:', '"node:', '/kad/', 'libp2p:tcp', 'sodium', '/circuit/relay', 'upnp']) {
      expect(bundle.includes(absent), absent).toBe(false);
    }
    expect(bundle.includes('createLightNode')).toBe(true);
  });
});
