/** A byte for each node, 0 at first: what many nodes know of many agents. */
export interface NodeBytes {
  get(node: number): number;
  set(node: number, value: number): void;
}

export function createNodeBytes(): NodeBytes {
  let bytes = new Uint8Array(64);
  return {
    get: (node) => bytes[node] ?? 0,
    set(node, value) {
      if (node >= bytes.length) {
        const more = new Uint8Array(2 * (node + 1));
        more.set(bytes);
        bytes = more;
      }
      bytes[node] = value;
    },
  };
}
