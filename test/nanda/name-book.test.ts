/** The file of the names: what is promised stays, what is damaged is said, and a change costs one line. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NamedAgent, namesMax, openNameBook } from '../../src/api/nanda/name-book.ts';

let folder: string;
let file: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-names-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  file = join(folder, `names-${++files}.jsonl`);
});

function named(name: string, more: Partial<NamedAgent> = {}): NamedAgent {
  return {
    name,
    agentId: `nanda:${'a'.repeat(52)}`,
    agentUrl: 'https://agents.example/bridge',
    apiUrl: null,
    alive: false,
    assignedTo: null,
    lastUpdate: '2026-11-21T09:00:00.000Z',
    capabilities: [],
    tags: [],
    ...more,
  };
}

const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');
/** A file of so many names, as one that has been written before. */
function fill(count: number): void {
  const header = '{"file":"names of the NANDA index","version":1}';
  const all = Array.from({ length: count }, (_, index) => JSON.stringify(named(`agent-${index}`)));
  writeFileSync(file, `${[header, ...all].join('\n')}\n`);
}

describe('the names', () => {
  it('are what was last said of each, whatever came before and however often the file is opened', async () => {
    const change = fc.record({
      name: fc.constantFrom('a', 'b', '__proto__', 'constructor', 'n\nl', '🦊', '\ud800'),
      removed: fc.boolean(),
      tags: fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 3 }),
      reopen: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
        rmSync(file, { force: true });
        const wanted = new Map<string, NamedAgent>();
        let book = await openNameBook(file);
        for (const { name, removed, tags, reopen } of changes) {
          if (removed) {
            wanted.delete(name);
            await book.delete(name);
          } else {
            wanted.set(name, named(name, { tags }));
            await book.set(named(name, { tags }));
          }
          if (!reopen) continue;
          await book.close();
          book = await openNameBook(file);
        }
        expect(book.all()).toEqual([...wanted.values()]);
        expect(book.size).toBe(wanted.size);
        await book.close();
      }),
      { numRuns: 50 },
    );
  });

  it('are readable by their owner alone, also in a file that was not', async () => {
    fill(1);
    chmodSync(file, 0o644);
    await (await openNameBook(file)).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('come in the order in which they were promised, many at once', async () => {
    const book = await openNameBook(file);
    await Promise.all(Array.from({ length: 300 }, (_, index) => book.set(named(`agent-${index}`))));
    await Promise.all([book.set(named('agent-7', { alive: true })), book.delete('agent-8')]);
    const all = book.all();
    await book.close();
    const again = await openNameBook(file);
    expect(again.all()).toEqual(all);
    expect(again.size).toBe(299);
    expect(again.get('agent-7')?.alive).toBe(true);
    await again.close();
  });

  it('are 10,000 and no more, and a change of one of so many writes one line', async () => {
    fill(namesMax);
    const book = await openNameBook(file);
    expect(book.size).toBe(namesMax);
    const before = statSync(file).size;
    await book.set(named('agent-5', { alive: true }));
    expect(statSync(file).size - before).toBeLessThan(400);
    await expect(book.set(named('one more'))).rejects.toMatchObject({ code: 'too-many-names' });
    await book.delete('agent-5');
    await book.set(named('one more'));
    await book.close();
  });

  it('keep their file short: what is out of date goes in time, and nothing with it', async () => {
    const book = await openNameBook(file);
    for (let index = 0; index < 100; index++) await book.set(named(`agent-${index}`));
    const changes = Array.from({ length: 5000 }, (_, index) =>
      book.set(named(`agent-${index % 100}`, { tags: [String(index)] })),
    );
    await Promise.all(changes);
    await book.close();
    expect(lines().length).toBeLessThan(4500);
    const again = await openNameBook(file);
    expect(again.size).toBe(100);
    expect(again.get('agent-42')?.tags).toEqual(['4942']);
    await again.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('a file that is not whole', () => {
  it('loses the line that a crash cut, which was promised to nobody, and nothing else', async () => {
    fill(3);
    const whole = readFileSync(file);
    const cut = JSON.stringify(named('half', { tags: ['ä'] }));
    for (const length of [1, 20, Buffer.byteLength(cut) - 1, Buffer.byteLength(cut)]) {
      writeFileSync(file, Buffer.concat([whole, Buffer.from(cut).subarray(0, length)]));
      const book = await openNameBook(file);
      expect(book.all().map(({ name }) => name)).toEqual(['agent-0', 'agent-1', 'agent-2']);
      await book.set(named('after'));
      await book.close();
      const again = await openNameBook(file);
      expect(again.size).toBe(4);
      await again.close();
    }
  });

  it('begins anew when only its first line was cut', async () => {
    writeFileSync(file, '{"file":"names of');
    const book = await openNameBook(file);
    await book.set(named('a'));
    await book.close();
    expect(lines()).toHaveLength(2);
  });

  it.each([
    ['a line that is no JSON', (text: string) => text.replace('{"name":"agent-1"', '{"name":"agent-1'), 3],
    ['a line without what it needs', (text: string) => text.replaceAll('"agentUrl"', '"url"'), 2],
    ['an agent id that is none', (text: string) => text.replace('nanda:aa', 'nanda:a1'), 2],
    ['a flipped bit', (text: string) => text.replace('"alive":false', '"alive":fa,se'), 2],
    ['null', (text: string) => `${text}null\n`, 5],
  ])('is refused with its place: %s', async (_what, damage, line) => {
    fill(3);
    const damaged = damage(readFileSync(file, 'utf8'));
    writeFileSync(file, damaged);
    await expect(openNameBook(file)).rejects.toMatchObject({
      name: 'ApiError',
      code: 'bad-names-file',
      message: `${file} cannot be used: line ${line} is damaged`,
    });
    expect(readFileSync(file, 'utf8')).toBe(damaged);
  });

  it.each(['[]\n', 'something else', '{"file":"names of the NANDA index","version":2}\n', '\n\n', '\u0000'])(
    'is left alone when it is not ours: %j',
    async (text) => {
      writeFileSync(file, text);
      await expect(openNameBook(file)).rejects.toMatchObject({ code: 'bad-names-file' });
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('is refused when it is a folder', async () => {
    mkdirSync(file);
    await expect(openNameBook(file)).rejects.toMatchObject({ code: 'bad-names-file' });
  });
});

it('keeps what it promised on a full disk, and promises nothing more', async () => {
  // A process that may write files of 8 blocks and is told so by an error, not by a signal.
  const script = fileURLToPath(new URL('./fill-names.ts', import.meta.url));
  const command = `trap '' XFSZ; ulimit -f 8; exec "$0" "$1" "$2"`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command, process.execPath, script, file], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const { promised, refused } = JSON.parse(stdout) as { promised: string[]; refused: string[] };
  expect(promised.length).toBeGreaterThan(5);
  expect(new Set(refused)).toEqual(new Set(['names-not-kept']));
  const book = await openNameBook(file);
  expect(book.all().map(({ name }) => name)).toEqual(promised);
  await book.close();
});
