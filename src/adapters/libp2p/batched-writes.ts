/**
 * One system call for all that one socket is given in a turn of the event loop. noise and yamux hand over the length, the
 * ciphertext and the tag of every small message separately: five writes a message, each a packet of its own with
 * noDelay. Corked, they leave as one.
 */
import type { Socket } from 'node:net';

/** From now on the socket's writes of one turn leave together. Order and backpressure stay. */
export function batchWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = ((...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      setImmediate(uncork);
    }
    return write(...args);
  }) as Socket['write'];
}
