import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { configKeys } from '../../src/config/config-keys.ts';
import { type ConfigSources, defaultsFile, loadConfig } from '../../src/config/load-config.ts';
import { packageRoot } from '../../src/config/package-root.ts';
import { configTable, valueAt } from './config-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: unknown): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function errorOf(sources: ConfigSources): ConfigError {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the configuration', () => {
  it.each(globSync('config/*.json', { cwd: packageRoot() }).sort())('loads %s', (name) => {
    const config = loadConfig({ file: join(packageRoot(), name) });
    expect(config.dataDirectory).toMatch(/^\//);
    expect(config.api.tokenFile).toBe(join(config.dataDirectory, 'api.token'));
  });

  it('has one default, one row and one variable for each key', () => {
    const defaults = JSON.parse(readFileSync(defaultsFile(), 'utf8')) as Record<string, unknown>;
    for (const key of configKeys) expect(valueAt(defaults, key.path), key.path).not.toBeUndefined();
    expect(new Set(configKeys.map((key) => key.environment)).size).toBe(configKeys.length);
    expect(readFileSync(join(packageRoot(), 'config', 'README.md'), 'utf8')).toContain(configTable(defaults));
  });

  it('prefers flags to the environment, the environment to the file, the file to the defaults', () => {
    const inFile = file({ api: { port: 1, host: '::1' }, connectionsMax: 11, protocolPrefix: '/file' });
    const environment = { WEFT_API_PORT: '2', WEFT_CONNECTIONS_MAX: '12', HOME: '/nowhere' };
    const config = loadConfig({ file: inFile, environment, flags: { 'api.port': '3' } });
    expect(config.api).toMatchObject({ port: 3, host: '::1', remote: false });
    expect(config.connectionsMax).toBe(12);
    expect(config.protocolPrefix).toBe('/file');
    expect(config.replication.count).toBe(20);
  });

  it('reads every kind of value from the environment', () => {
    const config = loadConfig({
      environment: {
        WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0',
        WEFT_MDNS: '1',
        WEFT_BOOTSTRAP: '',
        WEFT_PRE_SHARED_KEY_FILE: '',
        WEFT_PASSPHRASE_FILE: '/run/passphrase',
        WEFT_DATA: '~/other',
        WEFT_STORE_BALLAST_BYTES: '0',
      },
    });
    expect(config.listen).toEqual(['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0']);
    expect(config.mdns).toBe(true);
    expect(config.bootstrap).toEqual([]);
    expect(config.preSharedKeyFile).toBeNull();
    expect(config.keystore.passphraseFile).toBe('/run/passphrase');
    expect(config.dataDirectory).toBe(join(homedir(), 'other'));
    expect(config.store.ballastBytes).toBe(0);
  });

  it('takes paths of a file relative to the file, and other paths relative to the working directory', () => {
    const config = loadConfig({
      file: file({ preSharedKeyFile: 'swarm.key' }),
      flags: { dataDirectory: 'data' },
    });
    expect(config.preSharedKeyFile).toBe(join(folder, 'swarm.key'));
    expect(config.dataDirectory).toBe(join(process.cwd(), 'data'));
  });

  it('cannot be changed afterwards, at any depth', () => {
    const config = loadConfig() as unknown as Record<string, Record<string, unknown>>;
    expect(() => {
      config['api'] = {};
    }).toThrow(TypeError);
    expect(() => {
      config['api']!['port'] = 1;
    }).toThrow(TypeError);
    expect(() => (config['listen'] as unknown as string[]).push('x')).toThrow(TypeError);
  });
});

describe('a setting that cannot be used', () => {
  it.each<[string, ConfigSources, string, RegExp]>([
    ['a typing mistake in a flag', { flags: { 'api.prot': '1' } }, 'unknown-key', /did you mean "api\.port"/],
    [
      'a typing mistake in a variable',
      { environment: { WEFT_API_PROT: '1' } },
      'unknown-key',
      /did you mean WEFT_API_PORT/,
    ],
    [
      'a word where a number stands',
      { environment: { WEFT_API_PORT: 'many' } },
      'bad-value',
      /api\.port \(environment variable WEFT_API_PORT\).*0\.\.65535.*"many"/,
    ],
    ['a number out of range', { flags: { 'api.port': '70000' } }, 'bad-value', /api\.port \(--api-port\)/],
    ['an unknown word', { flags: { profile: 'secret' } }, 'bad-value', /"private", "public"/],
    [
      'an address that is none',
      { flags: { listen: ['localhost:1'] } },
      'bad-value',
      /listen \(--listen\).*not a multiaddr/,
    ],
    [
      'a bootstrap peer without its id',
      { flags: { bootstrap: ['/ip4/10.0.0.1/tcp/1'] } },
      'bad-value',
      /does not end in \/p2p/,
    ],
    ['an API that everybody reaches', { flags: { 'api.host': '0.0.0.0' } }, 'bad-value', /api\.remote/],
    [
      'more acknowledgements than peers',
      { flags: { 'replication.count': 3 } },
      'bad-value',
      /replication\.count/,
    ],
    ['a burst below the rate', { flags: { 'quotas.putsBurst': 1 } }, 'bad-value', /quotas\.putsPerSecond/],
    [
      'a cost that is no power of two',
      { flags: { 'keystore.scryptCost': '100000' } },
      'bad-value',
      /power of two/,
    ],
    ['a file that is not there', { file: join(folder, 'none.json') }, 'unreadable-file', /does not exist/],
    ['a folder for a file', { file: folder }, 'unreadable-file', /cannot read/],
  ])('is refused with what to do: %s', (_, sources, code, message) => {
    const error = errorOf(sources);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no JSON', '{"api": ', 'bad-file', /not JSON/],
    ['no object', '[]', 'bad-file', /expected an object/],
    ['an unknown key', { lisen: [] }, 'unknown-key', /did you mean "listen"/],
    ['an unknown key in a group', { api: { hosts: 'x' } }, 'unknown-key', /did you mean "api\.host"/],
    ['a value for a group', { api: 3 }, 'bad-value', /expected an object/],
    ['a group for a value', { mdns: { on: true } }, 'bad-value', /true or false/],
    ['the prototype', '{"__proto__": {"polluted": true}}', 'unknown-key', /__proto__/],
    ['the prototype in a group', '{"api": {"__proto__": {"polluted": true}}}', 'unknown-key', /__proto__/],
    ['a key that every object has', '{"constructor": 1}', 'unknown-key', /constructor/],
    ['null for a value', { listen: null }, 'bad-value', /multiaddrs/],
    ['a number as text', { connectionsMax: '12' }, 'bad-value', /whole number/],
  ])('is refused in a file: %s', (_, content, code, message) => {
    const error = errorOf({ file: file(content) });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
