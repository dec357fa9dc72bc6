import { expect, test } from 'vitest';
import { remembered, rememberResults } from '../../src/core/remembered.ts';

test('a function computes each time until results are remembered, and then once for the same arguments', () => {
  let computed = 0;
  const lengthFrom = remembered((bytes: Uint8Array, start: number) => {
    computed++;
    return { length: bytes.length - start };
  });
  const bytes = new Uint8Array(8);
  expect(lengthFrom(bytes, 1)).not.toBe(lengthFrom(bytes, 1));
  expect(computed).toBe(2);

  rememberResults();
  const first = lengthFrom(bytes, 1);
  expect(lengthFrom(bytes, 1)).toBe(first);
  expect(lengthFrom(bytes, 2)).toEqual({ length: 6 });
  expect(lengthFrom(new Uint8Array(8), 1)).toEqual(first);
  expect(computed).toBe(5);
  expect(lengthFrom(bytes, 1)).toBe(first);
});

test('what is thrown is not remembered', () => {
  let isReady = false;
  const read = remembered((bytes: Uint8Array) => {
    if (!isReady) throw new RangeError('not yet');
    return bytes.length;
  });
  const bytes = new Uint8Array(3);
  expect(() => read(bytes)).toThrow(RangeError);
  isReady = true;
  expect(read(bytes)).toBe(3);
});
