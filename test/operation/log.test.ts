/**
 * The log: what each level may say, kept over every call in src; and that nothing which a node keeps secret stands in
 * its log, metrics, key events or spans.
 */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createPinoLog } from '../../src/adapters/system/pino-log.ts';
import { findDaemon } from '../../src/cli/control-client.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { openKeysOfNode } from '../../src/node/offline-keys.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { createLiveNetwork, everyoneHears, meshed } from '../helpers/live-nodes.ts';
import { startCollector } from './collector.ts';
import { readDocument, root } from './scrape.ts';

/** What entries above debug may carry. None of it is written by a peer; a peer's id is a digest of its key. */
const fields = new Set([
  ...['error', 'peer', 'agent', 'addresses', 'fullPeers', 'topic', 'route', 'event', 'alarm', 'lines'],
  ...['key', 'fault', 'location', 'ballastBytes'],
]);
const levelsAbove = ['info', 'warn', 'error'];

interface LogCall {
  readonly place: string;
  readonly level: string;
  readonly text: string;
}

/** Calls of a log in this source, with everything between their parentheses. */
function logCallsOf(path: string, source: string): LogCall[] {
  return [...source.matchAll(/\b\w*[lL]og\??\.(trace|debug|info|warn|error)\(/g)].map((match) => {
    const begin = match.index + match[0].length;
    let depth = 1;
    let end = begin;
    for (; depth > 0; end++) {
      if (source[end] === '(') depth++;
      else if (source[end] === ')') depth--;
    }
    const line = source.slice(0, match.index).split('\n').length;
    return { place: `${path}:${line}`, level: match[1]!, text: source.slice(begin, end - 1) };
  });
}

/** Names in the object that comes first; null when it is no object literal. */
function fieldsOf({ text }: LogCall): string[] | null {
  const object = /^\s*\{((?:[^{}]|\{[^{}]*\})*)\}/.exec(text);
  if (object === null) return null;
  return object[1]!
    .split(/,(?![^(]*\))/)
    .map((part) => part.split(':')[0]!.trim())
    .filter((name) => name !== '');
}

const calls = globSync('src/**/*.ts', { cwd: root })
  .sort()
  .flatMap((path) => logCallsOf(path, readFileSync(join(root, path), 'utf8')));

describe('each call of the log', () => {
  it('is found', () => {
    expect(calls.length).toBeGreaterThan(40);
    const [call] = logCallsOf('a.ts', "x;\nthis.log?.warn({ error, at: f(1, 2) }, 'it (really) is');");
    expect(call).toMatchObject({ place: 'a.ts:2', level: 'warn' });
    expect(fieldsOf(call!)).toEqual(['error', 'at']);
  });

  it('carries plain fields by name, and above debug only those that no peer writes', () => {
    const wrong = calls
      .filter(({ level }) => levelsAbove.includes(level))
      .filter((call) => fieldsOf(call)?.every((name) => fields.has(name)) !== true)
      .map(({ place, text }) => `${place} ${text}`);
    expect(wrong).toEqual([]);
  });

  it('carries no bytes, bodies, keys or tokens at any level', () => {
    const secret =
      /^(bytes|body|data|frame|bundle|message|secret|seed|token|passphrase|keys|privateKey|config)$/i;
    const wrong = calls.filter((call) => fieldsOf(call)?.some((name) => secret.test(name)) ?? true);
    expect(wrong.map(({ place, text }) => `${place} ${text}`)).toEqual([]);
  });

  it('belongs to a level and a subsystem that docs/operating.md explains', () => {
    const section = readDocument('docs/operating.md').split('\n## The log\n')[1]!.split('\n## ')[0]!;
    for (const level of ['error', 'warn', 'info', 'debug', 'trace'])
      expect(section).toContain(`| \`${level}\``);
    const subsystems = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/subsystem: '([\w-]+)'/g)].map(([, name]) => name!),
    );
    expect(subsystems.length).toBeGreaterThan(5);
    for (const name of subsystems) expect(section).toContain(`\`${name}\``);
  });
});

describe('a healthy network', () => {
  it('says at info what the node became, and neither warns nor complains, however much it does', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const replace = { log: createPinoLog({ level: 'trace', pretty: false, stream }) };
    const network = createLiveNetwork();
    try {
      const nodes = await network.startMany(3, { replace });
      await meshed(nodes);
      const home = nodes[0]!.node;
      for (let index = 0; index < 10; index++) {
        const { agentId } = await home.agents.register({ primaryFactsUrl: `https://facts.example/${index}` });
        await home.agents.rotate(agentId);
        await everyoneHears(nodes, agentId, 'rotated');
        await nodes[1]!.node.resolve(agentId, { fresh: true });
      }
    } finally {
      await network.stop();
    }
    const entries = lines.map((line) => JSON.parse(line) as { level: string; msg: string; event?: string });
    const said = new Set(
      entries.filter(({ level }) => !['trace', 'debug'].includes(level)).map(({ msg }) => msg),
    );
    const expected = [
      'no bootstrap address and no known peer: this is a new network',
      'joined the network',
      'the node is running',
      'no full peer is connected any more; dialling on',
      'the node has stopped',
    ];
    expect([...said].filter((message) => !expected.includes(message))).toEqual([]);
    expect(entries.some(({ level, event }) => level === 'trace' && event === 'gossip-received')).toBe(true);
    expect(entries.filter(({ level }) => level === 'info').length).toBeLessThanOrEqual(3 * 4);
  });
});

describe('what a node keeps secret', () => {
  const daemons = createTestDaemons();
  afterAll(() => daemons.close());

  it('stands in no log at trace, no metric, no key event, no span and no answer', {
    timeout: 180_000,
  }, async () => {
    const collector = await startCollector();
    const daemon = daemons.create('secretive', {
      settings: ['log.level=trace', 'tracing.enabled=true', `tracing.endpoint=${collector.endpoint}`],
    });
    const said: string[] = [];
    try {
      await daemon.start();
      const client = daemon.client();
      const say = async (...given: Parameters<typeof client.call>): Promise<Record<string, unknown>> => {
        const answer = (await client.call(...given)) as Record<string, unknown>;
        said.push(JSON.stringify(answer));
        return answer;
      };
      const { agentId } = await say('POST', '/v1/agents', { primaryFactsUrl: 'https://facts.example/a' });
      const { agentId: other } = await say('POST', '/v1/agents', {});
      await say('POST', `/v1/agents/${agentId}/rotate`, {});
      await say('POST', `/v1/agents/${agentId}/recover`, {});
      await say('POST', `/v1/agents/${other}/delegate-key`, {});
      await say('POST', `/v1/agents/${other}/revoke`, { reason: 'keyCompromise' });
      for (const path of [
        '/v1/status',
        '/v1/agents',
        `/v1/agents/${agentId}`,
        `/v1/agents/${agentId}/history`,
      ])
        await say('GET', path);
      const refused = await client.call('GET', '/v1/agents/nanda:nothing').catch((error: unknown) => error);
      said.push(JSON.stringify(refused), String(refused));
      const { url, token } = findDaemon(daemon.dataDirectory);
      said.push(await (await fetch(`${url}/metrics`)).text());
      await daemon.stop();
      said.push(...collector.bodies);
      for (const name of readdirSync(daemon.dataDirectory).filter((file) => file.endsWith('.log')))
        said.push(readFileSync(join(daemon.dataDirectory, name), 'utf8'));

      const secrets = await secretsOf(daemon.dataDirectory, daemons.passphrase);
      expect(secrets.length).toBeGreaterThan(5);
      const all = said.join('\n');
      expect(all.includes('"level":"trace"')).toBe(true);
      expect(collector.spans.map(({ name }) => name)).toContain('rotate');
      expect(/Z {2}rotated +nanda:/.test(all)).toBe(true);
      // What is public is found by the same search: the keys that these are the secrets of.
      const isSaid = (bytes: Uint8Array): boolean => formsOf(bytes).some((form) => all.includes(form));
      expect(secrets.filter((secret) => isSaid(createSigner(secret).publicKey)).length).toBeGreaterThan(1);
      const leaked = [
        ...[daemons.passphrase, token].filter((text) => all.includes(text)),
        ...secrets.flatMap(formsOf).filter((form) => all.includes(form)),
      ];
      expect(leaked).toEqual([]);
    } finally {
      await collector.close();
    }
  });
});

/** Every seed in the keystore of a node that does not run: its own, and those of its agents in all roles. */
async function secretsOf(dataDirectory: string, passphrase: string): Promise<Uint8Array[]> {
  const config = loadConfig({ flags: { dataDirectory } });
  const { keys, identitySeed } = await openKeysOfNode(config, passphrase);
  const secrets = [identitySeed];
  for (const { agentId } of await keys.list()) secrets.push(...Object.values(await keys.read(agentId)));
  return secrets;
}

/** How bytes look in texts. Half of them is enough to know them again. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret).subarray(0, 18);
  return [
    bytes.toString('hex').slice(0, 32),
    bytes.toString('base64').slice(0, 22),
    bytes.toString('base64url').slice(0, 22),
    bytes.subarray(0, 12).join(','),
    bytes.subarray(0, 12).toString('latin1'),
  ];
}
