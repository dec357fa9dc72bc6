/** The documents agree with the repository: links, scripts, decisions, dependencies, domain strings. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { layers } from './helpers/tidy-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = globSync(
  ['*.md', 'docs/**/*.md', 'config/*.md', 'examples/*.md', 'benchmarks/*.md', 'demo/*.md'],
  {
    cwd: root,
  },
).sort();
const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Targets of links and images that are files of this repository. */
function localLinks(text: string): string[] {
  const withoutCode = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...withoutCode.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map((match) => (match[1] ?? match[2])!.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

function scriptsNamed(text: string): string[] {
  return [...text.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1]!);
}

function domainStrings(text: string): Set<string> {
  return new Set([...text.matchAll(/['"`](weft\/[a-z]+\/1)['"`]/g)].map((match) => match[1]!));
}

describe('the documents', () => {
  it('link to files that exist', () => {
    const broken = documents.flatMap((path) =>
      localLinks(read(path))
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
    expect(documents.flatMap((path) => localLinks(read(path))).length).toBeGreaterThan(10);
  });

  it('name scripts that package.json has', () => {
    const named = documents.flatMap((path) => scriptsNamed(read(path)).map((script) => ({ path, script })));
    expect(named.filter(({ script }) => manifest.scripts[script] === undefined)).toEqual([]);
    expect(named.length).toBeGreaterThan(3);
  });

  it('list every decision', () => {
    const index = read('docs/decisions/README.md');
    const pages = globSync('docs/decisions/[0-9]*.md', { cwd: root }).map((path) => path.split('/').at(-1)!);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([]);
  });

  it('give a reason for every runtime dependency, and for none that is gone', () => {
    const rows = read('docs/decisions/0005-dependencies.md')
      .split('## Development')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| package'));
    const named = rows.flatMap((line) =>
      line
        .split('|')[1]!
        .split(',')
        .map((name) => name.trim()),
    );
    expect(named.sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('have a row of the layer table for each layer that is kept by machine, and no other', () => {
    const table = read('docs/architecture.md').split('| folder | may import |')[1]!.split('\n\n')[0]!;
    const rows = [...table.matchAll(/^\| ([a-z.]+) \|/gm)].map((match) => match[1]!.replace(/\.ts$/, ''));
    expect(rows.sort()).toEqual([...new Set(layers.map((layer) => layer.at.split('/')[0]!))].sort());
  });

  it('list the domain strings that the code uses', () => {
    const listed = domainStrings(read('docs/protocol.md').split('## Appendix B')[1]!);
    const used = new Set(
      globSync('src/core/**/*.ts', { cwd: root }).flatMap((path) => [...domainStrings(read(path))]),
    );
    expect([...used].filter((name) => !listed.has(name))).toEqual([]);
    expect(used.size).toBeGreaterThan(5);
  });

  it('are checked by patterns that find what they look for', () => {
    expect(
      localLinks('[a](b.md#c) ![d](images/e.svg) [f](https://x.y) `[g](h.md)` <img src="i.svg">'),
    ).toEqual(['b.md', 'images/e.svg', 'i.svg']);
    expect(scriptsNamed('run `npm run test:slow -- x` and npm run demo')).toEqual(['test:slow', 'demo']);
    expect([...domainStrings(`domain('weft/kel/1'), \`weft/op/1\``)]).toEqual(['weft/kel/1', 'weft/op/1']);
  });
});
