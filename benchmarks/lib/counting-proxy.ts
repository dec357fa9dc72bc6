/** A TCP relay that counts what passes: the bytes of the wire, encryption and multiplexing included. */
import { connect, createServer, type Socket } from 'node:net';

/** A running relay. */
export interface CountingProxy {
  readonly port: number;
  /** Both directions, all connections, since the start. */
  bytes(): number;
  stop(): Promise<void>;
}

/** Relays connections on a free loopback port to another loopback port. */
export async function startCountingProxy(targetPort: number): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let bytes = 0;
  const relay = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => {
      bytes += chunk.length;
      to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((inbound) => {
    const outbound = connect(targetPort, '127.0.0.1');
    for (const socket of [inbound, outbound]) socket.setNoDelay(true);
    relay(inbound, outbound);
    relay(outbound, inbound);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    bytes: () => bytes,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
