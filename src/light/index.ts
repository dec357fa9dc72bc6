/** `weft/light` in Node: a node to embed in an agent, over TCP. The browser's entry is browser.ts. */
import { createHost } from '../adapters/libp2p/create-host.ts';
import { createSodiumVerifier } from '../adapters/native/sodium-verifier.ts';
import { createLightNodeWith, type LightNode, type LightNodeOptions } from './light-node.ts';

export {
  createLightNodeWith,
  type LightChange,
  type LightNode,
  type LightNodeOptions,
  type LightParts,
} from './light-node.ts';

/** A node that joins as a client. @throws HostError for a bad address. */
export function createLightNode(options: LightNodeOptions): Promise<LightNode> {
  return createLightNodeWith({ createHost, verifier: createSodiumVerifier({ workers: 0 }) }, options);
}
