/** Composes a libp2p node: transport, routing, gossip, the record protocol, and the service that keeps it joined. */
import type { Host, HostOptions } from './host-types.ts';

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for an address, key or prefix that cannot work.
 */
export declare function createHost(options: HostOptions): Promise<Host>;
