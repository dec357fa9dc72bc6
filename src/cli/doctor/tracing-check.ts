/** Whether the collector of traces can be reached. Nothing is sent to it. */
import { connect } from 'node:net';
import { type Finding, ok, warning } from './finding.ts';
import type { Scene } from './scene.ts';

const name = 'tracing';
const connectWithinMs = 2_000;

export async function checkTracing({ config }: Scene): Promise<readonly Finding[]> {
  const { enabled, endpoint } = config.tracing;
  if (!enabled) return [];
  const { hostname, port, protocol } = new URL(endpoint);
  const failure = await tryToConnect(
    hostname.replace(/^\[|\]$/g, ''),
    Number(port) || (protocol === 'https:' ? 443 : 80),
  );
  if (failure === null) return [ok(name, `the collector at ${endpoint} takes connections`)];
  const hint = 'start the collector, correct tracing.endpoint, or switch tracing.enabled off';
  return [warning(name, `the collector at ${endpoint} cannot be reached: ${failure}`, hint)];
}

/** Null when it could. */
function tryToConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (failure: string | null): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(connectWithinMs, () => end('no answer'));
    socket.once('connect', () => end(null));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
