/** The log of key events: what real nodes write, what a disk that is full or a crash does to it, and `weft events`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createBoundedTextFile } from '../../src/adapters/system/bounded-text-file.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { formatKeyEvent, keyEventFileName, parseKeyEvent } from '../../src/node/key-event-log.ts';
import { openObserver } from '../../src/node/observed-node.ts';
import type { Log } from '../../src/ports/log.ts';
import { runCommand } from '../cli/run-command.ts';
import { createLiveNetwork, eventually, everyoneHears, meshed } from '../helpers/live-nodes.ts';
import { parseScrape } from './scrape.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-events-'));
afterAll(() => rmSync(folder, { recursive: true }));
let places = 0;
const place = (): string => mkdtempSync(join(folder, `${places++}-`));
const silent: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};

const sample = {
  time: '2026-11-21T09:33:39.123Z',
  event: 'rotated',
  agentId: `nanda:${'b'.repeat(52)}`,
  detail: 'sequence 3',
  source: 'gossip',
};

describe('a line of key events', () => {
  it('reads as it was written', () => {
    expect(formatKeyEvent(sample)).toBe(
      `2026-11-21T09:33:39.123Z  rotated             ${sample.agentId}  sequence 3, by gossip`,
    );
    expect(parseKeyEvent(formatKeyEvent(sample))).toEqual(sample);
    const longest = { ...sample, event: 'credential-revoked', detail: 'cessationOfOperation' };
    expect(parseKeyEvent(formatKeyEvent(longest))).toEqual(longest);
  });

  it.each(['', 'x', '2026-11-21T09:33:39.123Z  lost                3 events are missing', '2026-11-21T09:3'])(
    'is none of the log when it is %j',
    (line) => expect(parseKeyEvent(line)).toBeNull(),
  );
});

describe('a bounded text file', () => {
  function openFile(path: string, bytesMax = 8192) {
    const counts = { written: 0, lost: 0, errors: [] as unknown[] };
    const file = createBoundedTextFile({
      path,
      bytesMax,
      gapLine: (lost) => `${lost} are missing`,
      onWritten: (lines) => {
        counts.written += lines;
      },
      onLost: (lines, error) => {
        counts.lost += lines;
        if (error !== null) counts.errors.push(error);
      },
    });
    return { file, counts };
  }

  it('never outgrows its bound, and keeps the newest lines in order', async () => {
    const path = join(place(), 'log');
    const { file, counts } = openFile(path);
    for (let index = 0; index < 1000; index++) {
      file.append(`line ${index} ${'x'.repeat(50)}`);
      if (index % 10 === 9) await eventually(() => counts.written === index + 1);
    }
    await file.close();
    expect(counts).toEqual({ written: 1000, lost: 0, errors: [] });
    expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(8192);
    const kept = `${readFileSync(`${path}.1`, 'utf8')}${readFileSync(path, 'utf8')}`.trimEnd().split('\n');
    const numbers = kept.map((line) => Number(line.split(' ')[1]));
    expect(numbers.at(-1)).toBe(999);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes no more lines than fit into memory, and says in the file how many it lost', async () => {
    const path = join(place(), 'log');
    const { file, counts } = openFile(path);
    for (let index = 0; index < 1000; index++) file.append(`line ${index}`);
    await eventually(() => counts.written > 0);
    expect(counts.lost).toBe(1000 - counts.written);
    expect(counts.lost).toBeGreaterThan(0);
    file.append('the last');
    await file.close();
    expect(readFileSync(path, 'utf8')).toMatch(/^\d+ are missing$/m);
    expect(readFileSync(path, 'utf8').endsWith('the last\n')).toBe(true);
  });

  it('loses lines on a full disk, and goes on when there is room', async () => {
    const path = join(place(), 'log');
    symlinkSync('/dev/full', path);
    const { file, counts } = openFile(path);
    file.append('one');
    file.append('two');
    await eventually(() => counts.lost === 2);
    expect(counts.errors).toHaveLength(1);
    expect((counts.errors[0] as NodeJS.ErrnoException).code).toBe('ENOSPC');
    rmSync(path);
    file.append('three');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('2 are missing\nthree\n');
    expect(counts.written).toBe(1);
  });

  it('loses lines without a folder, and throws nothing', async () => {
    const { file, counts } = openFile(join(folder, 'nowhere', 'log'));
    file.append('one');
    await file.close();
    expect(counts).toMatchObject({ written: 0, lost: 1 });
  });

  it('ends a line that a crash cut short', async () => {
    const path = join(place(), 'log');
    writeFileSync(path, 'whole\ncut sh');
    const { file } = openFile(path);
    file.append('next');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('whole\ncut sh\nnext\n');
  });
});

describe('the log of key events of a live node', () => {
  it('has what the node accepted, each once, and not what only changed a record', async () => {
    const network = createLiveNetwork();
    try {
      const nodes = await network.startMany(2);
      const [home, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
      await meshed(nodes);
      const dataDirectory = place();
      const observer = await openObserver(loadConfig({ flags: { dataDirectory } }), silent);
      const observed = observer.observe(other.node);
      const { agentId } = await home.node.agents.register({ primaryFactsUrl: 'https://facts.example/a' });
      await home.node.agents.update(agentId, { primaryFactsUrl: 'https://facts.example/b' });
      await home.node.agents.rotate(agentId);
      await everyoneHears(nodes, agentId, 'rotated');
      await home.node.agents.revoke(agentId, 'keyCompromise');
      await everyoneHears(nodes, agentId, 'tombstoned');
      const path = join(dataDirectory, keyEventFileName);
      const lines = (): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
      await eventually(() => statSync(path, { throwIfNoEntry: false }) !== undefined && lines().length === 2);
      const events = lines().map(parseKeyEvent);
      const accepted = other.changes.filter(({ change }) => change !== 'changed');
      expect(events.map((event) => event!.event)).toEqual(['rotated', 'tombstoned']);
      expect(events.map((event) => event!.detail)).toEqual(['sequence 1', 'keyCompromise']);
      for (const [index, event] of events.entries()) {
        expect(event).toMatchObject({ agentId: formatAgentId(agentId), source: accepted[index]!.source });
        expect(Date.parse(event!.time)).toBe(accepted[index]!.acceptedAtMs);
      }
      const { samples } = parseScrape(await observed.metrics());
      expect(samples.get('weft_key_events_total{kind="written"}')).toBe(2);
      await observer.close();
    } finally {
      await network.stop();
    }
  });

  it('is not written when its size is 0', async () => {
    const network = createLiveNetwork();
    try {
      const live = await network.start('alone');
      const dataDirectory = place();
      const config = loadConfig({ flags: { dataDirectory, 'log.eventsBytesMax': 0 } });
      const observer = await openObserver(config, silent);
      observer.observe(live.node);
      const { agentId } = await live.node.agents.register({});
      await live.node.agents.rotate(agentId);
      await observer.close();
      expect(statSync(join(dataDirectory, keyEventFileName), { throwIfNoEntry: false })).toBeUndefined();
    } finally {
      await network.stop();
    }
  });
});

describe('weft events', () => {
  const agent = (letter: string): string => `nanda:${letter.repeat(51)}a`;
  const line = (time: string, letter: string, event = 'rotated'): string =>
    formatKeyEvent({ ...sample, time, agentId: agent(letter), event });

  function filled(): string {
    const data = place();
    const older = [line('2026-11-20T10:00:00.000Z', 'b'), line('2026-11-20T11:00:00.000Z', 'c', 'forked')];
    const newer = [
      '2026-11-20T11:30:00.000Z  lost                3 events are missing',
      line('2026-11-20T12:00:00.000Z', 'b', 'tombstoned'),
    ];
    writeFileSync(join(data, `${keyEventFileName}.1`), `${older.join('\n')}\n`);
    writeFileSync(join(data, keyEventFileName), `${newer.join('\n')}\n2026-11-20T12:0`);
    return data;
  }

  it('shows both files in order, in words and as objects', async () => {
    const data = filled();
    const words = await runCommand(['events', '--data', data]);
    expect(words).toMatchObject({ code: 0, stderr: '' });
    expect(words.stdout.trimEnd().split('\n')).toEqual([
      line('2026-11-20T10:00:00.000Z', 'b'),
      line('2026-11-20T11:00:00.000Z', 'c', 'forked'),
      line('2026-11-20T12:00:00.000Z', 'b', 'tombstoned'),
    ]);
    const objects = await runCommand(['events', '--data', data, '--json', agent('c')]);
    expect(objects.json()).toEqual({
      ...sample,
      time: '2026-11-20T11:00:00.000Z',
      agentId: agent('c'),
      event: 'forked',
    });
  });

  it('leaves out what was before, and says when nothing is left', async () => {
    const data = filled();
    const since = await runCommand(['events', '--data', data, '--since', '2026-11-20T11:30Z']);
    expect(since.stdout.trimEnd().split('\n')).toHaveLength(1);
    const none = await runCommand(['events', '--data', place()]);
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'no such event is in the log\n' });
    const wrong = await runCommand(['events', '--data', data, '--since', 'yesterday']);
    expect(wrong.code).toBe(2);
  });

  it('follows the file through its rotation, and ends at SIGINT', async () => {
    const data = filled();
    const path = join(data, keyEventFileName);
    writeFileSync(path, `${line('2026-11-20T12:00:00.000Z', 'b')}\n`);
    const weft = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
    const child = spawn(process.execPath, [weft, 'events', '--follow', '--data', data], { stdio: 'pipe' });
    const seen: string[] = [];
    createInterface({ input: child.stdout }).on('line', (text) => seen.push(text.slice(0, 24)));
    try {
      await eventually(() => seen.length === 3);
      appendFileSync(path, `${line('2026-11-20T13:00:00.000Z', 'b')}\n`);
      await eventually(() => seen.length === 4);
      const { file, written } = (() => {
        const counts = { written: 0 };
        const made = createBoundedTextFile({
          path,
          bytesMax: 8192,
          gapLine: () => '',
          onWritten: (lines) => {
            counts.written += lines;
          },
          onLost: (lines) => expect.unreachable(`${lines} lines are lost`),
        });
        return { file: made, written: () => counts.written };
      })();
      for (let index = 0; index < 60; index++) {
        file.append(line(`2026-11-20T14:${String(index).padStart(2, '0')}:00.000Z`, 'b'));
        await eventually(() => written() === index + 1);
      }
      await eventually(() => seen.length === 64, { what: () => `64 lines, not ${seen.length}` });
      expect(seen).toEqual([...new Set(seen)].sort());
      await file.close();
    } finally {
      child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    }
  });
});
