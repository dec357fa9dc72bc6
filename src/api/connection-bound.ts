/**
 * How many connections are open at once. One that comes when there are enough takes the place of the one that has asked
 * for nothing for longest, so that idle ones by the thousand keep nobody out; where all have a request under way, the
 * new one is closed. So is one that sends request upon request without reading the answers.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that wait for their answers; browsers send one, generators of load a few dozen. */
const pipelinedMax = 256;

/** Why a connection was closed: it was idle, or new, when there were too many; or it asked faster than it read. */
export type ClosedConnection = 'idle' | 'new' | 'flooding';

/**
 * Keeps a server within that many connections. Returns what tells how many are open.
 * @param onClosed a connection was closed to stay within the bound
 */
export function boundConnections(
  server: Server,
  connectionsMax: number,
  onClosed: (which: ClosedConnection) => void,
): () => number {
  const open = new Set<Socket>();
  /** In the order in which they became idle. */
  const idle = new Set<Socket>();
  const requestsBySocket = new WeakMap<Socket, number>();

  function forget(socket: Socket): void {
    open.delete(socket);
    idle.delete(socket);
  }

  function end(socket: Socket, which: ClosedConnection): void {
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
    const waiting = (requestsBySocket.get(socket) ?? 0) + 1;
    requestsBySocket.set(socket, waiting);
    idle.delete(socket);
    // What came in the same read is still parsed, and goes nowhere.
    if (waiting > pipelinedMax && open.has(socket)) end(socket, 'flooding');
    response.once('close', () => {
      const rest = requestsBySocket.get(socket)! - 1;
      requestsBySocket.set(socket, rest);
      if (rest === 0 && open.has(socket)) idle.add(socket);
    });
  });
  return () => open.size;
}
