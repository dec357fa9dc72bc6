/**
 * JSON schemas whose types TypeBox infers. It is there for its types alone: loading all of it takes 5 MB, and what is
 * used of it at runtime is this. The same schemas, key for key (a test compares them).
 */
import type * as TypeBox from 'typebox';

type Builder =
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe';

/** A schema, whose `pattern` names the keys of a record. */
type Schema = Readonly<Record<string, unknown>>;

/** The properties that an object may lack. */
const optional = new WeakSet<Schema>();

const simple = (schema: Schema) => (options?: Schema) => ({ ...schema, ...options });

function optionalSchema(schema: Schema): Schema {
  const copy = { ...schema };
  optional.add(copy);
  return copy;
}

function objectSchema(properties: Readonly<Record<string, Schema>>, options?: Schema): Schema {
  const required = Object.keys(properties).filter((name) => !optional.has(properties[name]!));
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
}

const builders = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: simple({ type: 'boolean' }),
  /** Of texts and numbers. */
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: values, ...options }),
  Integer: simple({ type: 'integer' }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: simple({ type: 'null' }),
  Number: simple({ type: 'number' }),
  Object: objectSchema,
  /** A copy. */
  Optional: optionalSchema,
  /** Keys are texts, with or without a pattern. */
  Record: ({ pattern = '^.*$' }: Schema, value: Schema, options?: Schema) => ({
    type: 'object',
    patternProperties: { [pattern as string]: value },
    ...options,
  }),
  String: simple({ type: 'string' }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unknown: simple({}),
  Unsafe: simple({}),
} satisfies Record<Builder, unknown>;

/** TypeBox's builders of those names, for these arguments: no enum objects of TypeScript, no records of anything but texts. */
export const Type = builders as unknown as Pick<typeof TypeBox.Type, Builder>;
