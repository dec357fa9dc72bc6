/** Options that several agent commands share, and what they say to the API. */
import { type Command, Option } from 'commander';
import type { JsonObject } from '../api/views.ts';
import { reasonCodes } from '../core/identity/reason-code.ts';
import { ttlSecondsByCode, validityHoursByCode } from '../core/record/durations.ts';
import { CliError } from './cli-error.ts';
import { parseDuration } from './words.ts';

export interface PublishOptions {
  readonly acknowledgements?: string;
  readonly timeout?: string;
  readonly keys?: string;
}

export interface RecordOptions extends PublishOptions {
  readonly primaryFacts?: string;
  readonly privateFacts?: string;
  readonly privateFactsDigest?: string;
  readonly adaptiveResolver?: string;
  readonly ttl?: string;
  readonly validity?: string;
  readonly clear?: readonly string[];
}

/** How a change is published, and by whose keys. */
export function addPublishOptions(command: Command): Command {
  return command
    .option('--keys <file>', 'sign here with the keys in this file; the daemon only passes the result on')
    .option('--acknowledgements <count>', 'storing peers that must answer before this returns')
    .option('--timeout <duration>', 'give up after this long, such as 30s');
}

/** What a record says. */
export function addRecordOptions(command: Command): Command {
  return command
    .option('--primary-facts <url>', 'where the public facts of the agent are')
    .option('--private-facts <url>', 'where its facts are for those who may know (shown on the index)')
    .option('--private-facts-digest <hex>', 'the same without showing the URL: its blinded digest, 16 bytes')
    .option('--adaptive-resolver <url>', 'who tells its endpoint by the situation')
    .option('--ttl <duration>', `how long a cache may answer, up to ${ttlSecondsByCode.at(-1)! / 86_400} d`)
    .option(
      '--validity <duration>',
      `how long the record stands unless it is signed anew, up to ${validityHoursByCode.at(-1)! / 24} d`,
    );
}

/** One of the reasons of RFC 5280. */
export function addReasonOption(command: Command): Command {
  return command.addOption(
    new Option('--reason <reason>', 'why').choices([...reasonCodes]).default('unspecified'),
  );
}

/** The publishing part of a body. @throws CliError `usage` */
export function publishingOf({ acknowledgements, timeout }: PublishOptions): JsonObject {
  return {
    ...(acknowledgements !== undefined && {
      acknowledgements: parseCount(acknowledgements, 1, 20, '--acknowledgements'),
    }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) * 1000 }),
  };
}

/** The record part of a body. @throws CliError `usage` */
export function recordOf(options: RecordOptions): JsonObject {
  const {
    primaryFacts,
    privateFacts,
    privateFactsDigest,
    adaptiveResolver,
    ttl,
    validity,
    clear = [],
  } = options;
  const cleared = Object.fromEntries(
    clear.map((field) => [propertyByField[field as keyof typeof propertyByField], null]),
  );
  return {
    ...cleared,
    ...(primaryFacts !== undefined && { primaryFactsUrl: primaryFacts }),
    ...(privateFacts !== undefined && { privateFactsUrl: privateFacts }),
    ...(privateFactsDigest !== undefined && { privateFactsDigest }),
    ...(adaptiveResolver !== undefined && { adaptiveResolverUrl: adaptiveResolver }),
    ...(ttl !== undefined && { ttlSeconds: parseDuration(ttl) }),
    ...(validity !== undefined && { validitySeconds: parseDuration(validity) }),
  };
}

/** Names of the pointer fields on the command line, as the API calls them. */
export const propertyByField = {
  'primary-facts': 'primaryFactsUrl',
  'private-facts': 'privateFactsUrl',
  'adaptive-resolver': 'adaptiveResolverUrl',
} as const;

/** A whole number within bounds. @throws CliError `usage` */
export function parseCount(text: string, min: number, max: number, option: string): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new CliError('usage', `${option}: "${text}" is not a whole number in ${min}..${max}`, 'see --help');
}
