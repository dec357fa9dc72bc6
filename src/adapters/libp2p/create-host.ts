/** A host in Node. */
import { composeHost } from './compose-host.ts';
import type { Host, HostOptions } from './host-types.ts';
import { nodePlatform } from './node-platform.ts';

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for an address, key or prefix that cannot work.
 */
export function createHost(options: HostOptions): Promise<Host> {
  return composeHost(nodePlatform, options);
}
