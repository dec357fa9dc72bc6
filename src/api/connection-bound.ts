/**
 * How many connections are open at once. One that comes when there are enough takes the place of the one that has asked
 * for nothing for longest, so that idle ones by the thousand keep nobody out; where all have a request under way, the
 * new one is closed.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps a server within that many connections. Returns what tells how many are open.
 * @param onClosed a connection was closed to stay within the bound
 */
export function boundConnections(
  server: Server,
  connectionsMax: number,
  onClosed: (which: 'idle' | 'new') => void,
): () => number {
  const open = new Set<Socket>();
  /** In the order in which they became idle. */
  const idle = new Set<Socket>();
  const requestsBySocket = new WeakMap<Socket, number>();

  function forget(socket: Socket): void {
    open.delete(socket);
    idle.delete(socket);
  }

  function end(socket: Socket, which: 'idle' | 'new'): void {
    forget(socket);
    socket.destroy();
    onClosed(which);
  }

  server.on('connection', (socket: Socket) => {
    if (open.size >= connectionsMax) {
      const [longestIdle] = idle;
      if (longestIdle === undefined) {
        end(socket, 'new');
        return;
      }
      end(longestIdle, 'idle');
    }
    open.add(socket);
    idle.add(socket);
    socket.once('close', () => forget(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    requestsBySocket.set(socket, (requestsBySocket.get(socket) ?? 0) + 1);
    idle.delete(socket);
    response.once('close', () => {
      const rest = requestsBySocket.get(socket)! - 1;
      requestsBySocket.set(socket, rest);
      if (rest === 0 && open.has(socket)) idle.add(socket);
    });
  });
  return () => open.size;
}
