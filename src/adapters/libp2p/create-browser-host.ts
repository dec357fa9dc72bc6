/** A host in a browser page or worker. */
import { browserPlatform } from './browser-platform.ts';
import { composeHost } from './compose-host.ts';
import type { Host, HostOptions } from './host-types.ts';

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for what a page cannot do, and for an address, key or prefix that cannot work.
 */
export function createBrowserHost(options: HostOptions): Promise<Host> {
  return composeHost(browserPlatform, options);
}
