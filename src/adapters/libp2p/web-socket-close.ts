/** Closing a WebSocket as libp2p's transport asks for it. Runs in Node and in browsers. */

/** Codes that a program may give: the standard reserves the others for what the platform itself reports. */
function isSendable(code: number): boolean {
  return code === 1000 || (code >= 3000 && code <= 4999);
}

/**
 * The same socket, whose `close` takes any code: with one that may not be sent it ends without a handshake where the
 * platform can (`end`), and with the code for a normal end elsewhere.
 */
export function plainCloseCodes<Socket extends WebSocket>(socket: Socket, end?: () => void): Socket {
  const close = socket.close.bind(socket);
  socket.close = (code, reason) => {
    if (code === undefined || isSendable(code)) close(code, reason);
    else if (end !== undefined) end();
    else close();
  };
  return socket;
}
