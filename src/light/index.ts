/** `weft/light`: a node to embed in an agent. */
export { createLightNode, type LightChange, type LightNode, type LightNodeOptions } from './light-node.ts';
