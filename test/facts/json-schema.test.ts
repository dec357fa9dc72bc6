/** TypeBox is there for its types: what builds the schemas at runtime builds the same, and the daemon loads no more. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Type as TypeBox } from 'typebox';
import { describe, expect, it } from 'vitest';
import { Type } from '../../src/facts/json-schema.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Everything that `Type` can do, with and without options. */
function schemas(type: typeof Type): readonly object[] {
  const text = type.String();
  const pair = type.Object({ a: text, b: type.Optional(type.Integer({ minimum: 1 })) }, { title: 'Pair' });
  return [
    text,
    type.String({ pattern: '^a$', description: 'with options' }),
    type.Boolean(),
    type.Integer(),
    type.Number({ maximum: 2 }),
    type.Null(),
    type.Unknown(),
    type.Literal('a'),
    type.Literal(1, { description: 'one' }),
    type.Enum(['a', 'b']),
    type.Enum(['a', 1], { default: 'a' }),
    type.Array(pair, { maxItems: 3 }),
    type.Union([text, type.Null()], { description: 'nullable' }),
    type.Unsafe({ type: ['object', 'array'] }),
    type.Record(text, type.Number()),
    type.Record(type.String({ pattern: '^x' }), pair, { maxProperties: 2 }),
    pair,
    type.Object({}),
    type.Object({ only: type.Optional(pair), again: type.Optional(type.Optional(text)) }),
    type.Object({ copied: { ...type.Optional(text), description: 'a copy is required' } }),
  ];
}

describe('json-schema', () => {
  it('builds what TypeBox builds, in the same order', () => {
    expect(schemas(Type).map((schema) => JSON.stringify(schema))).toEqual(
      schemas(TypeBox).map((schema) => JSON.stringify(schema)),
    );
  });

  it('leaves what an optional property was made of as it is', () => {
    const text = Type.String();
    expect(Type.Object({ a: Type.Optional(text), b: text })).toMatchObject({ required: ['b'] });
  });

  it('keeps TypeBox out of a running daemon', () => {
    const loads = globSync('src/**/*.ts', { cwd: root }).filter((path) =>
      /^import (?!type ).* from 'typebox'/m.test(readFileSync(`${root}${path}`, 'utf8')),
    );
    expect(loads.map((path) => path.replaceAll('\\', '/'))).toEqual(['src/mcp/tool-schemas.ts']);
  });
});
