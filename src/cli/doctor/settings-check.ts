/** Settings that are valid each, and still not what anybody wants together. */
import { existsSync, readFileSync } from 'node:fs';
import { isPrivate } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import type { NodeConfig } from '../../config/config-types.ts';
import { isLoopback } from '../../config/load-config.ts';
import { hasKeys } from '../data-folder.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Scene } from './scene.ts';

export function checkSettings({ config, daemon }: Scene): readonly Finding[] {
  const found = [
    ...placeFindings(config, daemon.state === 'running'),
    ...networkFindings(config),
    ...apiFindings(config),
  ];
  return found.length > 0 ? found : [ok('settings', `no contradiction; data folder ${config.dataDirectory}`)];
}

function placeFindings(config: NodeConfig, isRunning: boolean): Finding[] {
  const { keystore, preSharedKeyFile } = config;
  const found: Finding[] = [];
  if (!isRunning && !hasKeys(config))
    found.push(
      warning(
        'data folder',
        `${config.dataDirectory} holds no node`,
        '`weft init` or `weft start` makes one',
      ),
    );
  for (const [name, file] of [
    ['keystore.passphraseFile', keystore.protection === 'none' ? null : keystore.passphraseFile],
    ['preSharedKeyFile', preSharedKeyFile],
  ] as const) {
    const reason = file === null ? null : unreadable(file);
    if (reason !== null) found.push(problem(name, `${file}: ${reason}`, `correct ${name}, or make the file`));
  }
  if (keystore.protection === 'none' && existsSync(keystore.directory))
    found.push(
      warning(
        'keystore.protection',
        'the key files are not encrypted',
        'whoever reads a backup of them owns the agents: keep backups encrypted, or use a passphrase',
      ),
    );
  return found;
}

function networkFindings({ listen, announce, bootstrap, profile, mode, reach }: NodeConfig): Finding[] {
  const found: Finding[] = [];
  const isReachable = listen.length > 0 || announce.length > 0;
  if (mode === 'full' && !isReachable)
    found.push(
      warning(
        'listen',
        'a full node that listens nowhere stores for nobody',
        'set `listen`, or `mode` to "client"',
      ),
    );
  if (profile !== 'public') return found;
  const inside = announce.filter((text) => isPrivate(multiaddr(text)));
  if (inside.length > 0)
    found.push(
      problem(
        'announce',
        `${inside.join(', ')}: a private address, and nodes of a public network do not dial it`,
        'announce the address by which the Internet reaches this machine',
      ),
    );
  if (announce.length === 0 && reach.probe === 'off' && mode === 'full')
    found.push(
      warning(
        'announce',
        'nothing is announced, and reach.probe is off',
        'set `announce`, or reach.probe to "auto"',
      ),
    );
  if (bootstrap.length === 0)
    found.push(
      warning(
        'bootstrap',
        'a public node without bootstrap peers begins a network of its own when it knows no peer from before',
        'name nodes of the network with --bootstrap, unless this is its first one',
      ),
    );
  return found;
}

function apiFindings({ api, nanda }: NodeConfig): Finding[] {
  const found: Finding[] = [];
  if (!isLoopback(api.host))
    found.push(
      warning(
        'api.host',
        `the API listens on ${api.host} and speaks plain HTTP: its token crosses that network readable`,
        'put a proxy with TLS before it, and keep the port inside',
      ),
    );
  if (nanda.enabled && !isLoopback(nanda.host))
    found.push(
      warning(
        'nanda.host',
        `whoever reaches ${nanda.host}:${nanda.port} can register agents in custody here`,
        'let only those in who may: a firewall, or a proxy',
      ),
    );
  return found;
}

function unreadable(file: string): string | null {
  try {
    return readFileSync(file).length === 0 ? 'it is empty' : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'it does not exist'
      : (error as Error).message;
  }
}
