/**
 * The mesh of one topic: the members of every node side by side in one row of numbers, so that looking at a node's mesh
 * is one place in memory. Links go both ways, and no node has more than a row holds.
 */

export interface MeshColumns {
  size(node: number): number;
  /** @param index below `size`. */
  member(node: number, index: number): number;
  has(node: number, member: number): boolean;
  isFull(node: number): boolean;
  /** Each is a member of the other's mesh from now on, if it was not; neither may be full. */
  link(node: number, member: number): void;
  /** The member at that place leaves this node's mesh, and keeps the node in its own; the order of the others stays. */
  removeAt(node: number, index: number): void;
  /** Nobody is in it any more. */
  clear(node: number): void;
}

/** @param widthMax members of a node at most; below 256. */
export function createMeshColumns(nodes: number, widthMax: number): MeshColumns {
  const members = new Int32Array(nodes * widthMax);
  const sizes = new Uint8Array(nodes);

  function has(node: number, member: number): boolean {
    const start = node * widthMax;
    for (let place = start; place < start + sizes[node]!; place++) if (members[place] === member) return true;
    return false;
  }

  function add(node: number, member: number): void {
    if (!has(node, member)) members[node * widthMax + sizes[node]!++] = member;
  }

  return {
    size: (node) => sizes[node]!,
    member: (node, index) => members[node * widthMax + index]!,
    has,
    isFull: (node) => sizes[node] === widthMax,
    link(node, member) {
      add(node, member);
      add(member, node);
    },
    removeAt(node, index) {
      const start = node * widthMax;
      members.copyWithin(start + index, start + index + 1, start + sizes[node]!--);
    },
    clear(node) {
      sizes[node] = 0;
    },
  };
}
