/** The validator behind cddl.test.ts: it must refuse what the document refuses, and a document that it cannot read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cddlProblem, readCddl } from '../helpers/cddl-validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cddl-'));
afterAll(() => rmSync(folder, { recursive: true }));

function rules(text: string): ReturnType<typeof readCddl> {
  const path = join(folder, 'document.cddl');
  writeFileSync(path, text);
  return readCddl(path);
}

const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe('a CDDL document', () => {
  it.each<[string, unknown, unknown]>([
    ['key = bstr .size 32', bytes(32), bytes(31)],
    ['key = bstr .size 32', bytes(32), 'x'.repeat(32)],
    ['short = tstr .size (1..3)', 'é1', 'éé'],
    ['short = tstr .size (1..3)', 'abc', ''],
    ['level = 2..4', 4, 5],
    ['level = 2..4', 2, 1],
    ['level = 2..4', 3, 2.5],
    ['level = 2..4', 3, '3'],
    ['count = uint', 0, -1],
    ['flag = bool', false, 0],
    ['either = uint / null', null, 'null'],
    ['pair = [a: 1, b: tstr]', [1, 'x'], [2, 'x']],
    ['pair = [a: 1, b: tstr]', [1, 'x'], [1]],
    ['pair = [a: 1, b: tstr]', [1, 'x'], [1, 'x', 'x']],
    ['pair = [a: 1, b: tstr]', [1, 'x'], { 0: 1, 1: 'x' }],
    ['few = [1*2 item: uint]', [1, 2], []],
    ['few = [1*2 item: uint]', [1], [1, 2, 3]],
    ['few = [0*2 item: uint]', [], [1, 'x']],
    ['many = [* uint]', [1, 2, 3, 4], [1, null]],
    ['nested = [list: [0*2 pair], last: uint]\npair = [a: uint, b: uint]', [[[1, 2]], 1], [[[1]], 1]],
  ])('%s takes one value and refuses another (%#)', (text, good, bad) => {
    const document = rules(text);
    const name = text.slice(0, text.indexOf(' '));
    expect(cddlProblem(document, name, good)).toBeNull();
    expect(cddlProblem(document, name, bad)).toMatch(new RegExp(`^${name}`));
  });

  it('is told where the first difference stands', () => {
    const document = rules('outer = [list: [1*2 inner]]\ninner = [key: bstr .size 2]');
    expect(cddlProblem(document, 'outer', [[[bytes(2)], [bytes(3)]]])).toBe(
      'outer.list.1.key: not a byte string of 2..2 bytes',
    );
  });

  it('is refused when it refers to a rule that is missing, defines one twice, or does not parse', () => {
    expect(() => rules('a = [b: missing]')).toThrow('there is no rule missing');
    expect(() => rules('a = uint\na = bool')).toThrow('a is defined twice');
    expect(() => rules('a = [')).toThrow();
  });

  it('is refused when it goes beyond the subset', () => {
    expect(() => cddlProblem(rules('a = { b: uint }'), 'a', {})).toThrow('outside the subset');
    expect(() => cddlProblem(rules('a = float'), 'a', 1)).toThrow('outside the subset');
    expect(() => cddlProblem(rules('a = tstr .regexp "x"'), 'a', 'x')).toThrow('outside the subset');
    expect(() => cddlProblem(rules('a = uint'), 'b', 1)).toThrow('no rule b');
  });
});
