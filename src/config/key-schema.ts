/** The schemas of single settings, what each expects in words, and how a text from outside becomes a value. */
import { multiaddr } from '@multiformats/multiaddr';
import { type TSchema, Type } from 'typebox';

/** A value that a key may have. */
export type ConfigValue = string | number | boolean | null | readonly string[];

/** One kind of setting. */
export interface KeySchema {
  readonly json: TSchema;
  /** In words, after "expected". */
  readonly expected: string;
  /** What JSON Schema cannot say; returns the problem or null. */
  readonly problem?: (value: ConfigValue) => string | null;
  /** From the environment, or from `--set`. Undefined when the text cannot be read so. */
  readonly fromText: (text: string) => ConfigValue | undefined;
  /** File paths are made absolute: against the folder of the config file, or the working directory. */
  readonly isPath?: boolean;
}

/** The text as that kind of value, or the text itself where it cannot be one: the check says what is wrong with it. */
export function valueFromText(schema: KeySchema, text: string): ConfigValue {
  const value = schema.fromText(text);
  return value === undefined ? text : value;
}

/** A whole number in min..max. */
export function integer(
  min: number,
  max: number,
  options: { readonly powerOfTwo?: boolean } = {},
): KeySchema {
  const expected = `a ${options.powerOfTwo ? 'power of two' : 'whole number'} in ${min}..${max}`;
  return {
    json: Type.Integer({ minimum: min, maximum: max }),
    expected,
    fromText: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    ...(options.powerOfTwo && {
      problem: (value) => (Number.isInteger(Math.log2(Number(value))) ? null : 'it is not a power of two'),
    }),
  };
}

export const flag: KeySchema = {
  json: Type.Boolean(),
  expected: 'true or false',
  fromText: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
};

/** One of a few words. */
export function oneOf(...words: readonly string[]): KeySchema {
  return {
    json: Type.Enum([...words]),
    expected: `one of ${words.map((word) => `"${word}"`).join(', ')}`,
    fromText: (text) => text,
  };
}

/** A text that matches a pattern. */
export function text(pattern: string, expected: string): KeySchema {
  return { json: Type.String({ pattern, maxLength: 255 }), expected, fromText: (value) => value };
}

export const path: KeySchema = {
  json: Type.String({ minLength: 1, maxLength: 4096 }),
  expected: 'a path',
  fromText: (value) => value,
  isPath: true,
};

export const optionalPath: KeySchema = {
  json: Type.Union([Type.String({ minLength: 1, maxLength: 4096 }), Type.Null()]),
  expected: 'a path, or null',
  fromText: (value) => (value === '' ? null : value),
  isPath: true,
};

/** A list of multiaddrs; of peers when they must end in /p2p/<peer id>. In text: separated by commas. */
export function multiaddrs(options: { readonly ofPeers: boolean; readonly example: string }): KeySchema {
  return {
    json: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 64 }),
    expected: `a list of multiaddrs such as "${options.example}"`,
    fromText: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    problem: (value) =>
      (value as readonly string[])
        .map((item) => addressProblem(item, options.ofPeers))
        .find((found) => found !== null) ?? null,
  };
}

function addressProblem(address: string, ofPeer: boolean): string | null {
  try {
    const names = multiaddr(address)
      .getComponents()
      .map((component) => component.name);
    if (ofPeer && !names.includes('p2p')) return `"${address}" does not end in /p2p/<peer id>`;
    return null;
  } catch (error) {
    return `"${address}" is not a multiaddr (${(error as Error).message})`;
  }
}
