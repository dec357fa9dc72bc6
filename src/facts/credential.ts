/**
 * AgentFacts as a W3C Verifiable Credential 2.0: the envelope, what of VC 2.0 is in scope, and both schemas as a check.
 * One subject, one issuer, one proof, both ends of validity given. A status is read here and checked by who verifies.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { utf8ToBytes } from '../core/bytes.ts';
import { type AgentFacts, agentFactsSchema } from './agent-facts.ts';
import { type JsonObject, readJsonObject } from './bounded-json.ts';
import { assertContexts } from './contexts.ts';
import { canonicalJson } from './data-integrity.ts';
import { FactsError, type FactsErrorCode } from './facts-error.ts';
import { factsBytesMax, validitySecondsMax } from './facts-limits.ts';
import { Type } from './json-schema.ts';
import { readStatusEntries, type StatusEntry } from './status-entry.ts';

/** Terms of AgentFacts, for readers that process JSON-LD: each is its name under the published schema. */
export const factsContext = { '@vocab': 'https://agentfacts.org/schema/v1#' } as const;
export const credentialTypes = ['VerifiableCredential', 'AgentFactsCredential'] as const;
/** What an AgentFacts credential may be called; the second is that of the paper. */
const factsTypes: readonly string[] = ['AgentFactsCredential', 'AgentFacts'];

export const didSchema = Type.String({ pattern: '^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$', maxLength: 256 });
export const timeSchema = Type.String({ format: 'date-time', maxLength: 40 });

const kind = Type.Union([
  Type.String({ minLength: 1, maxLength: 256 }),
  Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 8 }),
]);
const link = Type.String({ format: 'uri', maxLength: 2048 });

function oneOrMore<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Array(schema, { minItems: 1, maxItems: 16 })]));
}

/** VC 2.0 §11.1: a text, or texts with their language. */
export const wordsSchema = oneOrMore(
  Type.Union([
    Type.String({ maxLength: 4096 }),
    Type.Object(
      {
        '@value': Type.String({ maxLength: 4096 }),
        '@language': Type.Optional(Type.String({ minLength: 2, maxLength: 64 })),
        '@direction': Type.Optional(Type.Enum(['ltr', 'rtl'])),
      },
      { additionalProperties: false },
    ),
  ]),
);

/** What VC 2.0 lets a credential have beside what is needed here: its form is checked, and it is signed like the rest. */
export const optionalMembers = {
  name: wordsSchema,
  description: wordsSchema,
  credentialSchema: oneOrMore(Type.Object({ id: link, type: kind })),
  evidence: oneOrMore(Type.Object({ type: kind })),
  termsOfUse: oneOrMore(Type.Object({ type: kind })),
  refreshService: oneOrMore(Type.Object({ type: kind, id: Type.Optional(link) })),
  relatedResource: Type.Optional(
    Type.Array(
      Type.Union([
        Type.Object({ id: link, digestSRI: Type.String({ minLength: 1, maxLength: 512 }) }),
        Type.Object({ id: link, digestMultibase: Type.String({ minLength: 1, maxLength: 512 }) }),
      ]),
      { maxItems: 16 },
    ),
  ),
};

/** The envelope; the subject has its own schema. */
export const credentialSchema = Type.Object(
  {
    '@context': Type.Array(Type.Union([Type.String({ maxLength: 512 }), Type.Object({})]), {
      minItems: 1,
      maxItems: 8,
    }),
    id: Type.Optional(Type.String({ format: 'uri', maxLength: 512 })),
    type: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 2, maxItems: 8 }),
    issuer: Type.Union([
      didSchema,
      Type.Object({ id: didSchema, name: wordsSchema, description: wordsSchema }),
    ]),
    validFrom: timeSchema,
    validUntil: timeSchema,
    credentialSubject: agentFactsSchema,
    ...optionalMembers,
    proof: Type.Unsafe<JsonObject | readonly JsonObject[]>({ type: ['object', 'array'] }),
  },
  { title: 'AgentFactsCredential' },
);

/** A credential whose shape was checked, and what it says in terms of this project. */
export interface FactsCredential {
  readonly document: JsonObject;
  readonly facts: AgentFacts;
  /** The DID. */
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** Where its revocation or suspension shows. */
  readonly status: readonly StatusEntry[];
}

const instantPattern =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
let checks: { readonly facts: ValidateFunction; readonly credential: ValidateFunction } | null = null;

/** The facts of a document that is not signed yet. @throws FactsError `bad-facts`, and those of readJsonObject */
export function readFacts(value: unknown): AgentFacts {
  const facts = readJsonObject(value);
  assertSize(facts);
  assertShape(compiled().facts, facts, 'bad-facts');
  return facts as AgentFacts;
}

/** A signed document, its shape checked and nothing else. @throws FactsError `bad-credential`, those of readStatusEntries */
export function readCredential(value: unknown): FactsCredential {
  const document = readJsonObject(value);
  assertSize(document);
  assertShape(compiled().credential, document, 'bad-credential');
  const { type, issuer, validFrom, validUntil, credentialSubject } = document as Static<
    typeof credentialSchema
  >;
  assertContexts(document['@context']);
  if (!type.includes('VerifiableCredential') || !type.some((name) => factsTypes.includes(name)))
    throw new FactsError('bad-credential', `type names ${credentialTypes.join(' and ')}`);
  const from = secondsOf(validFrom);
  const until = secondsOf(validUntil);
  if (until <= from || until - from > validitySecondsMax)
    throw new FactsError(
      'bad-credential',
      `validUntil comes after validFrom, by at most ${validitySecondsMax} seconds`,
    );
  return {
    document,
    facts: credentialSubject,
    issuer: typeof issuer === 'string' ? issuer : issuer.id,
    validFrom: from,
    validUntil: until,
    status: readStatusEntries(document),
  };
}

/** ISO 8601 with its zone as seconds since 1970. */
export function secondsOf(text: string): number {
  return Math.floor(Date.parse(text) / 1000);
}

/** Seconds since 1970 as ISO 8601 in UTC. */
export function instantOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** True for ISO 8601 with date, time and zone, of a day that exists. */
export function isInstant(text: string): boolean {
  if (!instantPattern.test(text) || Number.isNaN(Date.parse(text))) return false;
  // Date.parse takes 30 February for 2 March.
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

function assertSize(document: JsonObject): void {
  const found = utf8ToBytes(canonicalJson(document)).length;
  if (found <= factsBytesMax) return;
  throw new FactsError('too-large', `the document has ${found} bytes, at most ${factsBytesMax} are taken`, {
    found,
    most: factsBytesMax,
  });
}

export function assertShape(check: ValidateFunction, value: JsonObject, code: FactsErrorCode): void {
  if (check(value)) return;
  const [error] = (check.errors ?? []).toSorted(byDepth);
  const place = error?.instancePath === undefined || error.instancePath === '' ? '/' : error.instancePath;
  throw new FactsError(code, `${place} ${error?.message ?? 'does not fit the schema'}`, { place });
}

/** Of a union every branch complains: the deepest complaint is the most telling. */
function byDepth(left: ErrorObject, right: ErrorObject): number {
  return right.instancePath.split('/').length - left.instancePath.split('/').length;
}

/** A compiler of schemas that knows the formats in use. */
export function createShapes(): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: false });
  ajv.addFormat('uri', (text) => URL.canParse(text));
  ajv.addFormat('date-time', isInstant);
  return ajv;
}

/** Compiled when first needed: most nodes never see a credential. */
function compiled(): NonNullable<typeof checks> {
  if (checks !== null) return checks;
  const ajv = createShapes();
  checks = { facts: ajv.compile(agentFactsSchema), credential: ajv.compile(credentialSchema) };
  return checks;
}
