/**
 * The kinds of settings: what each accepts and expects in words, and how a text from outside becomes a value. Plain
 * predicates: every command of the CLI reads its settings, and a schema compiler would be most of its start.
 */
import { multiaddr } from '@multiformats/multiaddr';
import { isDnsName, isNamedDid } from '../core/name/label.ts';

const pathLengthMax = 4096;
const addressLengthMax = 1024;
const addressesMax = 64;
const namesMax = 8;
const agentIdPattern = /^(?:did:)?nanda:[a-z2-7]{52}$/;

/** A value that a key may have. */
export type ConfigValue = string | number | boolean | null | readonly string[];

/** One kind of setting. */
export interface KeySchema {
  /** The type and its bounds. */
  readonly accepts: (value: unknown) => value is ConfigValue;
  /** In words, after "expected". */
  readonly expected: string;
  /** What is wrong with an accepted value, or null. */
  readonly problem?: (value: ConfigValue) => string | null;
  /** From the environment, or from `--set`. Undefined when the text cannot be read so. */
  readonly fromText: (text: string) => ConfigValue | undefined;
  /** File paths are made absolute: against the folder of the config file, or the working directory. */
  readonly isPath?: boolean;
  /** All that it accepts, where those are a few words. */
  readonly words?: readonly string[];
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
    accepts: (value): value is number =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
    expected,
    fromText: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    ...(options.powerOfTwo && {
      problem: (value) => (Number.isInteger(Math.log2(Number(value))) ? null : 'it is not a power of two'),
    }),
  };
}

export const flag: KeySchema = {
  accepts: (value): value is boolean => typeof value === 'boolean',
  expected: 'true or false',
  fromText: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
};

/** One of a few words. */
export function oneOf(...words: readonly string[]): KeySchema {
  return {
    accepts: (value): value is string => typeof value === 'string' && words.includes(value),
    expected: `one of ${words.map((word) => `"${word}"`).join(', ')}`,
    fromText: (text) => text,
    words,
  };
}

/** A text that matches a pattern. */
export function text(pattern: RegExp, expected: string): KeySchema {
  return {
    accepts: (value): value is string => isText(value, 255) && pattern.test(value),
    expected,
    fromText: (given) => given,
  };
}

export const path: KeySchema = {
  accepts: (value): value is string => isText(value, pathLengthMax),
  expected: 'a path',
  fromText: (value) => value,
  isPath: true,
};

export const optionalPath: KeySchema = {
  accepts: (value): value is string | null => value === null || isText(value, pathLengthMax),
  expected: 'a path, or null',
  fromText: (value) => (value === '' ? null : value),
  isPath: true,
};

/** A list of multiaddrs; of peers when they must end in /p2p/<peer id>. */
export function multiaddrs(options: { readonly ofPeers: boolean; readonly example: string }): KeySchema {
  return listOf(`a list of multiaddrs such as "${options.example}"`, addressesMax, (item) =>
    addressProblem(item, options.ofPeers),
  );
}

/** A list of web origins, such as `https://app.example`: scheme, host and port, nothing else. */
export const origins: KeySchema = listOf(
  'a list of origins such as "https://app.example"',
  addressesMax,
  (item) => (URL.canParse(item) && new URL(item).origin === item ? null : `"${item}" is not an origin`),
);

/** A list of URLs of http or https without query and fragment. */
export const urls: KeySchema = listOf(
  `a list of up to ${namesMax} URLs such as "https://registry.example"`,
  namesMax,
  (item) =>
    isPlainUrl(item) ? null : `"${item}" is not a URL of http or https without query, fragment and user`,
);

/** A list of namespaces of names: DNS names, agent ids or DIDs. */
export const namespaces: KeySchema = listOf(
  `a list of up to ${namesMax} namespaces such as "example.com"`,
  namesMax,
  (item) =>
    isDnsName(item) || isNamedDid(item) || agentIdPattern.test(item)
      ? null
      : `"${item}" is not a DNS name in lower case, an agent id or a DID`,
);

/** A URL of http or https without query and fragment, or null. */
export const optionalUrl: KeySchema = {
  accepts: (value): value is string | null => value === null || isText(value, addressLengthMax),
  expected: 'a URL such as "https://agents.example", or null',
  fromText: (value) => (value === '' ? null : value),
  problem: (value) => {
    if (value === null) return null;
    return isPlainUrl(String(value))
      ? null
      : 'it is not a URL of http or https without query, fragment and user';
  },
};

/** An agent id in either form, or null. */
export const optionalAgent: KeySchema = {
  accepts: (value): value is string | null => value === null || isText(value, addressLengthMax),
  expected: 'an agent id such as "nanda:…", or null',
  fromText: (value) => (value === '' ? null : value),
  problem: (value) =>
    value === null || agentIdPattern.test(String(value))
      ? null
      : 'it is not "nanda:" and 52 characters of base32',
};

/** A list of texts, in text separated by commas. @param problemOf of one item */
function listOf(expected: string, itemsMax: number, problemOf: (item: string) => string | null): KeySchema {
  return {
    accepts: (value): value is string[] =>
      Array.isArray(value) &&
      value.length <= itemsMax &&
      value.every((item) => isText(item, addressLengthMax)),
    expected,
    fromText: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    problem: (value) => (value as readonly string[]).map(problemOf).find((found) => found !== null) ?? null,
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

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= lengthMax;
}

function isPlainUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#@]/.test(text);
}
