/**
 * A host in Node that only dials: TCP, and WebSockets where an address to join through asks for them. It loads nothing
 * that only serving, routing or a local network need, so that a program that embeds it stays small.
 */
import { composeHost } from './compose-host.ts';
import { guardedTcp } from './guarded-tcp.ts';
import type { Host, HostOptions } from './host-types.ts';

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for an address, key or prefix that cannot work.
 */
export async function createClientHost(options: HostOptions): Promise<Host> {
  const asksForWebSockets = options.bootstrap.some((address) => /\/(ws|wss)(\/|$)/.test(address));
  const webSockets = asksForWebSockets ? [(await import('./guarded-websockets.ts')).guardedWebSockets] : [];
  return composeHost(
    (_options, { connectionsMax }) => ({
      settings: {
        transports: [guardedTcp, ...webSockets].map((create) =>
          create({ maxConnections: 2 * connectionsMax }),
        ),
      },
      services: {},
      attach: () => ({ start() {}, stop() {}, peerRemoved() {} }),
    }),
    options,
  );
}
