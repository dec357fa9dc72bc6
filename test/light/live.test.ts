/** A light node over real sockets: among full nodes, beside hostile ones, and in a process that ends by itself. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Stream } from '@libp2p/interface';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrameHead, responseKind } from '../../src/adapters/libp2p/frame.ts';
import { createAgentKeys, createLightNode, type LightNode } from '../../src/light/index.ts';
import { createStranger, recordProtocol, type Stranger } from '../adapters/libp2p/stranger.ts';
import { createLiveNetwork, eventually, type LiveNode, watchUncaught } from '../helpers/live-nodes.ts';

const network = createLiveNetwork();
let nodes: readonly LiveNode[];
let light: LightNode;
let uncaught: ReturnType<typeof watchUncaught>;

beforeAll(async () => {
  nodes = await network.startMany(4);
});
afterAll(() => network.stop());
beforeEach(() => {
  uncaught = watchUncaught();
});
afterEach(async () => {
  await light?.stop();
  uncaught.stop();
  expect(uncaught.errors).toEqual([]);
});

const urls = { primaryFactsUrl: 'https://agents.example/live' };
const addresses = (): string[] => nodes.map(({ address }) => address);

async function join(bootstrap: readonly string[] = addresses().slice(0, 1)): Promise<void> {
  light = await createLightNode({ bootstrap });
  await light.start();
}

describe('a light node over sockets', () => {
  it('has its first answer within a second of being made', async () => {
    const { agentId } = await nodes[2]!.node.agents.register(urls);
    const beganMs = performance.now();
    await join();
    const { status, record } = await light.resolve(agentId);
    expect(performance.now() - beganMs).toBeLessThan(1000);
    expect({ status, url: record?.primaryFactsUrl }).toEqual({ status: 'ok', url: urls.primaryFactsUrl });
  });

  it('can be stopped before it was started', async () => {
    light = await createLightNode({ bootstrap: addresses() });
    await light.stop();
    await expect(light.start()).rejects.toMatchObject({ code: 'not-running' });
  });

  it('is told of a revocation made at a full node while the caller there still waits', async () => {
    const { agentId } = await nodes[1]!.node.agents.register(urls);
    await join();
    await light.resolve(agentId);
    await eventually(async () => (await nodes[3]!.metric('weft_watched_agents')) > 0, {
      what: () => 'a watch',
    });
    const heard = light.events.once('revoked');
    await nodes[1]!.node.agents.revoke(agentId, 'keyCompromise');
    expect((await heard).what).toBe('agent');
    expect((await light.resolve(agentId)).status).toBe('tombstoned');
  });

  it('registers a hundred agents at once that every full node then knows', async () => {
    await join();
    const registered = await Promise.all(
      Array.from({ length: 100 }, () => light.register(urls, createAgentKeys())),
    );
    expect(registered.map(({ publish }) => publish.status)).toEqual(Array(100).fill('stored'));
    const { agentId } = registered[99]!;
    expect((await nodes[3]!.node.resolve(agentId)).status).toBe('ok');
  });

  it('ends with its process, which nothing keeps alive', async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./leaves-nothing.ts', import.meta.url)), addresses()[0]!],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
    const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once('close', (...ended) => resolve(ended)),
    );
    clearTimeout(kill);
    expect({ exitCode, signal }).toEqual({ exitCode: 0, signal: null });
    const { status, livedOnMs } = JSON.parse(printed) as { status: string; livedOnMs: number };
    expect(status).toBe('ok');
    expect(livedOnMs).toBeLessThan(250);
  });
});

describe('beside a hostile full node', () => {
  const strangers: Stranger[] = [];
  const timers: ReturnType<typeof setInterval>[] = [];
  afterEach(async () => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    await light.stop();
    await Promise.all(strangers.splice(0).map((stranger) => stranger.stop()));
  });

  /** Says that it serves the record protocol, and does this with each stream. */
  async function hostile(behave: (stream: Stream) => void): Promise<string> {
    const stranger = await createStranger();
    strangers.push(stranger);
    await stranger.libp2p.handle(recordProtocol, (stream) => {
      stream.addEventListener('close', () => {});
      behave(stream);
    });
    return stranger.libp2p.getMultiaddrs()[0]!.toString();
  }

  const every = (intervalMs: number, task: () => void): void =>
    void timers.push(setInterval(task, intervalMs));
  const isOpen = (stream: Stream): boolean => stream.status === 'open';

  const behaviours: readonly (readonly [string, (stream: Stream) => void])[] = [
    [
      'drips an answer a byte at a time',
      (stream) => {
        stream.send(encodeFrameHead(1, responseKind, 100_000));
        every(50, () => isOpen(stream) && stream.send(Uint8Array.of(0)));
      },
    ],
    [
      'answers without end',
      (stream) => {
        const body = new Uint8Array(60_000);
        every(5, () => {
          if (!isOpen(stream)) return;
          stream.send(encodeFrameHead(4_000_000, responseKind, body.length));
          stream.send(body);
        });
      },
    ],
    ['says nothing', () => {}],
    ['ends every stream', (stream) => stream.abort(new Error('hostile'))],
    ['sends a length without end', (stream) => stream.send(new Uint8Array(100).fill(0xff))],
  ];

  it.each(behaviours)('that %s, resolves and registers with the honest ones', async (_name, behave) => {
    const { agentId } = await nodes[2]!.node.agents.register(urls);
    await join([await hostile(behave), await hostile(behave), addresses()[1]!]);
    const beganMs = performance.now();
    expect((await light.resolve(agentId)).status).toBe('ok');
    expect(performance.now() - beganMs).toBeLessThan(3_000);
    const { publish } = await light.register(urls, createAgentKeys(), { acknowledgements: 3 });
    expect(publish.acknowledgements).toBeGreaterThan(0);
    expect(performance.now() - beganMs).toBeLessThan(8_000);
  });

  it('alone, says that it could not', async () => {
    const { agentId } = await nodes[2]!.node.agents.register(urls);
    await join([await hostile((stream) => stream.send(new Uint8Array(100).fill(0xff)))]);
    await expect(light.resolve(agentId, { timeoutMs: 2_000 })).rejects.toMatchObject({
      name: 'LightNodeError',
      code: 'no-usable-answers',
    });
  });
});
