import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMeshColumns } from '../../simulations/lib/mesh-columns.ts';

const nodes = 6;
const width = 3;
const node = fc.nat(nodes - 1);
const step = fc.oneof(
  fc.record({ type: fc.constant('link' as const), left: node, right: node }),
  fc.record({ type: fc.constant('remove' as const), left: node, right: fc.nat(width - 1) }),
  fc.record({ type: fc.constant('clear' as const), left: node, right: node }),
);

it('a mesh holds what lists of members would, in their order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const mesh = createMeshColumns(nodes, width);
      const lists: number[][] = Array.from({ length: nodes }, () => []);
      for (const { type, left, right } of steps) {
        if (type === 'clear') {
          mesh.clear(left);
          lists[left] = [];
        } else if (type === 'remove') {
          if (right >= lists[left]!.length) continue;
          mesh.removeAt(left, right);
          lists[left]!.splice(right, 1);
        } else if (left !== right && !mesh.isFull(left) && !mesh.isFull(right)) {
          mesh.link(left, right);
          for (const [one, other] of [
            [left, right],
            [right, left],
          ] as const)
            if (!lists[one]!.includes(other)) lists[one]!.push(other);
        }
        for (const [index, list] of lists.entries()) {
          expect(Array.from({ length: mesh.size(index) }, (_, place) => mesh.member(index, place))).toEqual(
            list,
          );
          expect(mesh.isFull(index)).toBe(list.length === width);
          for (let other = 0; other < nodes; other++)
            expect(mesh.has(index, other)).toBe(list.includes(other));
        }
      }
    }),
  );
});
