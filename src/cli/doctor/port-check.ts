/** Whether the daemon can listen where it is meant to, or does. */
import { connect, createServer } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import type { NodeConfig } from '../../config/config-types.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import { holderOfPort } from './port-holder.ts';
import type { Daemon, Scene } from './scene.ts';

interface Port {
  /** `API`, `/ip4/0.0.0.0/tcp/4801`. */
  readonly what: string;
  readonly host: string;
  readonly port: number;
  /** The setting to change. */
  readonly setting: string;
}

const connectWithinMs = 2_000;

export async function checkPorts({ config, daemon }: Scene): Promise<readonly Finding[]> {
  if (daemon.state === 'running' && daemon.processId === null)
    return [skipped('ports', 'the daemon was named by --api, and may run on another machine')];
  const findings = await Promise.all(portsOf(config).map((port) => checkPort(port, daemon)));
  return findings.length > 0 ? findings : [skipped('ports', 'the node listens nowhere')];
}

function portsOf({ api, nanda, listen }: NodeConfig): Port[] {
  return [
    { what: 'API', host: api.host, port: api.port, setting: '--api-port' },
    ...(nanda.enabled ? [{ what: 'NANDA', host: nanda.host, port: nanda.port, setting: 'nanda.port' }] : []),
    ...listen.flatMap((text) => {
      const components = multiaddr(text).getComponents();
      const host = components.find(({ name }) => name === 'ip4' || name === 'ip6')?.value;
      const port = components.find(({ name }) => name === 'tcp')?.value;
      const isOwn = !components.some(({ name }) => name === 'p2p-circuit');
      if (!isOwn || host === undefined || port === undefined) return [];
      return [{ what: text, host, port: Number(port), setting: '--listen' }];
    }),
  ];
}

async function checkPort(port: Port, daemon: Daemon): Promise<Finding> {
  const name = `port ${port.what}`;
  if (port.port === 0) return ok(name, 'any free one');
  if (daemon.state === 'running') return checkServed(name, port, daemon);
  const failure = await tryToListen(port);
  if (failure === null) return ok(name, `${port.port} is free`);
  if (failure === 'EADDRINUSE') {
    const holder = (await holderOfPort(port.port)) ?? 'a process of another user, or one that cannot be seen';
    return problem(
      name,
      `${port.port} is taken by ${holder}`,
      `stop that, or listen elsewhere (${port.setting})`,
    );
  }
  if (failure === 'EACCES')
    return problem(
      name,
      `this user may not listen on ${port.port}`,
      `take a port of 1024 or more (${port.setting}), or allow it (CAP_NET_BIND_SERVICE)`,
    );
  const reason = failure === 'EADDRNOTAVAIL' ? `${port.host} is no address of this machine` : failure;
  return problem(name, reason, `correct ${port.setting}`);
}

/** The daemon may have been started with other ports than these settings say. */
async function checkServed(
  name: string,
  port: Port,
  { status, url, processId }: Extract<Daemon, { state: 'running' }>,
): Promise<Finding> {
  const isApi = port.what === 'API' && new URL(url).port === String(port.port);
  const isTold = status.addresses.some((address) => address.includes(`/tcp/${port.port}`));
  if (!(await accepts(port)))
    return warning(
      name,
      `nobody listens on ${port.port}; the daemon was started with other settings`,
      'put the settings into config.json, so that every start has them',
    );
  if (isApi || isTold) return ok(name, `the daemon listens on ${port.port}`);
  const holder = await holderOfPort(port.port);
  if (holder?.startsWith(`process ${processId} `)) return ok(name, `the daemon listens on ${port.port}`);
  return warning(
    name,
    `${holder ?? 'another process'} listens on ${port.port}, not this daemon`,
    `the next start with these settings fails: listen elsewhere (${port.setting})`,
  );
}

/** Null when it can, else the code of the error. Listens for a moment and accepts nobody. */
function tryToListen({ host, port }: Port): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

function accepts({ host, port }: Port): Promise<boolean> {
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return new Promise((resolve) => {
    const socket = connect({ host: here, port });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(connectWithinMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
