/** A libp2p transport over the simulated network, as @libp2p/tcp is one over sockets; noise, yamux and all else stand on it. */
import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Logger,
  type MessageStreamDirection,
  serviceCapabilities,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
} from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { HostPlatform } from '../../src/adapters/libp2p/host-platform.ts';
import { nodePlatform } from '../../src/adapters/libp2p/node-platform.ts';
import { quietLogger } from '../../src/adapters/libp2p/quiet-logger.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import type { WireEnd } from './virtual-wire.ts';

/** The run of a machine to which a transport belongs; later runs have transports of their own. */
export interface Machine {
  readonly network: VirtualNetwork;
  readonly index: number;
  readonly run: number;
}

/** A host in Node whose TCP and WebSockets lead into the simulated network; all else is as in a daemon. */
export function virtualPlatform(machine: Machine): HostPlatform {
  return (options, context) => {
    const parts = nodePlatform(options, context);
    // The first two open sockets; those after them go over connections that exist.
    const [, , ...overOthers] = parts.settings.transports ?? [];
    return {
      ...parts,
      settings: { ...parts.settings, transports: [() => createVirtualTransport(machine), ...overOthers] },
    };
  };
}

export function createVirtualTransport({ network, index, run }: Machine): Transport {
  const log = quietLogger.forComponent('virtual');
  const isOurs = (address: Multiaddr): boolean =>
    /^\/ip4\/10\.0\.\d+\.\d+\/tcp\/\d+(\/p2p\/[^/]+)?$/.test(`${address}`);
  return {
    [Symbol.toStringTag]: 'virtual',
    [transportSymbol]: true,
    ...{ [serviceCapabilities]: ['@libp2p/transport'] },
    async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
      const end = await network.dial(index, run, address.toString(), options.signal);
      const connection = new VirtualConnection(end, address, 'outbound', log);
      try {
        return await options.upgrader.upgradeOutbound(connection, options);
      } catch (error) {
        connection.abort(error as Error);
        throw error;
      }
    },
    createListener: (options) => new VirtualListener({ network, index, run }, options, log),
    listenFilter: (addresses) => addresses.filter(isOurs),
    dialFilter: (addresses) => addresses.filter(isOurs),
  };
}

class VirtualListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  private readonly machine: Machine;
  private readonly options: CreateListenerOptions;
  private readonly log: Logger;
  private readonly stopped = new AbortController();
  private readonly connections = new Set<VirtualConnection>();
  private address: Multiaddr | null = null;
  private unlisten = (): void => {};

  constructor(machine: Machine, options: CreateListenerOptions, log: Logger) {
    super();
    this.machine = machine;
    this.options = options;
    this.log = log;
  }

  async listen(address: Multiaddr): Promise<void> {
    const { network, index, run } = this.machine;
    this.unlisten = network.listen(index, run, ({ end, from }) => this.accept(end, multiaddr(from)));
    this.address = address;
    this.safeDispatchEvent('listening');
  }

  private accept(end: WireEnd, from: Multiaddr): void {
    const connection = new VirtualConnection(end, from, 'inbound', this.log);
    this.connections.add(connection);
    connection.addEventListener('close', () => void this.connections.delete(connection));
    this.options.upgrader
      .upgradeInbound(connection, { signal: this.stopped.signal })
      .catch((error: unknown) => connection.abort(error as Error));
  }

  getAddrs(): Multiaddr[] {
    return this.address === null ? [] : [this.address];
  }

  async close(): Promise<void> {
    this.unlisten();
    this.stopped.abort();
    for (const connection of this.connections) connection.abort(new Error('the listener is closed'));
    this.address = null;
    this.safeDispatchEvent('close');
  }

  updateAnnounceAddrs(): void {}
}

class VirtualConnection extends AbstractMultiaddrConnection {
  private readonly end: WireEnd;

  constructor(end: WireEnd, remoteAddr: Multiaddr, direction: MessageStreamDirection, log: Logger) {
    super({ remoteAddr, direction, log });
    this.end = end;
    end.handlers = {
      received: (bytes) => this.onData(bytes),
      drained: () => void this.safeDispatchEvent('drain'),
      ended: () => this.onTransportClosed(),
      broken: () => this.abort(new Error('the connection was reset')),
    };
  }

  override sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.end.send(data.slice()) };
  }

  override async sendClose(): Promise<void> {
    this.end.close();
  }

  override sendReset(): void {
    this.end.reset();
  }

  override sendPause(): void {
    this.end.setPaused(true);
  }

  override sendResume(): void {
    this.end.setPaused(false);
  }
}
