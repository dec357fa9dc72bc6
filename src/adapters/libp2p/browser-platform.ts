/** A host in a browser: it dials WebSockets and takes no connections; the record protocol alone finds its neighbours. */
import { webSockets } from '@libp2p/websockets';
import type { PlatformParts } from './host-platform.ts';
import { HostError, type HostOptions } from './host-types.ts';
import { plainCloseCodes } from './web-socket-close.ts';

type WebSocketsFactory = ReturnType<typeof webSockets>;

/** The part of @libp2p/websockets 10's transport that dials; the tests hold it. */
interface DialsWebSockets {
  _connect(address: object, options: object): Promise<WebSocket>;
}

/** See HostPlatform. */
export function browserPlatform(options: HostOptions): PlatformParts {
  if (options.mode !== 'client' || options.listen.length > 0) {
    throw new HostError(
      'bad-option',
      'a page cannot be dialled: it joins as a client and listens on nothing',
    );
  }
  if (options.preSharedKey || options.mdns) {
    throw new HostError('bad-option', 'a page can use neither a pre-shared key nor multicast DNS');
  }
  return {
    settings: { transports: [dialingWebSockets] },
    services: {},
    attach: () => ({ start() {}, stop() {}, peerRemoved() {} }),
  };
}

const dialingWebSockets: WebSocketsFactory = (components) => {
  const transport = webSockets()(components);
  const dialer = transport as unknown as DialsWebSockets;
  const connect = dialer._connect.bind(transport);
  dialer._connect = async (address, dialOptions) => plainCloseCodes(await connect(address, dialOptions));
  return transport;
};
