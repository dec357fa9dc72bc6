/**
 * The policy of a trust zone: a JSON file that names whose word counts and what an agent must show. Shape, bounds and
 * contradictions are judged here; agents are judged in judge.ts.
 */
import type { ValidateFunction } from 'ajv';
import type { Static, TProperties, TSchema } from 'typebox';
import { utf8ToBytes } from '../core/bytes.ts';
import { type JsonObject, readJsonObject } from '../facts/bounded-json.ts';
import { createShapes, didSchema } from '../facts/credential.ts';
import { FactsError } from '../facts/facts-error.ts';
import { Type } from '../facts/json-schema.ts';
import { TrustError } from './trust-error.ts';
import {
  chainDepthMax,
  credentialSecondsMax,
  crossSignDepthMax,
  policyBytesMax,
  policyRootsMax,
  policyRulesMax,
  presentedMax,
} from './trust-limits.ts';

function closed<Properties extends TProperties>(properties: Properties, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description !== undefined && { description }),
  });
}

const maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);
const typeName = Type.String({ minLength: 1, maxLength: 256, description: 'A type of credential' });
const typeNames = Type.Array(typeName, { minItems: 1, maxItems: 32 });
const seconds = Type.Integer({ minimum: 1, maximum: credentialSecondsMax });
const plain = Type.Union([Type.String({ maxLength: 512 }), Type.Number(), Type.Boolean()]);

const root = closed({
  issuer: didSchema,
  types: maybe(typeNames),
  name: maybe(Type.String({ maxLength: 256 })),
});

const rule = closed({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: 'How the verdict calls it' }),
  credential: Type.String({ minLength: 1, maxLength: 256, description: 'The type that is needed' }),
  atLeast: maybe(Type.Integer({ minimum: 1, maximum: 16, description: 'How many; default 1' })),
  independent: maybe(
    Type.Boolean({
      description:
        'Each of another issuer that stands under another root, and none of the agent itself; default true',
    }),
  ),
  claims: maybe(
    Type.Record(Type.String({ minLength: 1, maxLength: 128 }), plain, {
      maxProperties: 16,
      description: 'Members of the subject, by name or path with dots, that must be just so',
    }),
  ),
  maxAgeSeconds: maybe(seconds),
  maxLifetimeSeconds: maybe(seconds),
  status: maybe(Type.Boolean({ description: 'Only credentials with a status list count' })),
  chain: maybe(
    closed(
      { credential: typeName, depthMax: maybe(Type.Integer({ minimum: 1, maximum: chainDepthMax })) },
      'It must lead by hash to a credential of that type, which holds and is trusted as well',
    ),
  ),
});

/** The file. */
export const zonePolicySchema = Type.Object(
  {
    version: Type.Literal(1),
    zone: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}$',
      description: 'Name of the zone; cross-signings for another zone do not count here',
    }),
    roots: Type.Array(root, {
      maxItems: policyRootsMax,
      description: 'Whose word counts, and for which types',
    }),
    rules: Type.Array(rule, { maxItems: policyRulesMax, description: 'All of them must pass' }),
    crossSigning: maybe(
      closed({
        depthMax: Type.Integer({
          minimum: 0,
          maximum: crossSignDepthMax,
          description: 'Signatures between a root and an issuer; 0: roots alone; default 0',
        }),
        types: maybe(typeNames),
      }),
    ),
    facts: maybe(
      closed({
        required: maybe(Type.Boolean({ description: 'Facts that hold must be there; default true' })),
        selfSigned: maybe(
          Type.Boolean({ description: 'Facts that the agent signed itself do; default true' }),
        ),
        maxAgeSeconds: maybe(seconds),
      }),
    ),
    reputation: maybe(
      closed({
        atLeast: Type.Number({ minimum: 0, maximum: 1 }),
        whenUnknown: Type.Enum(['refuse', 'accept']),
      }),
    ),
    presentedMax: maybe(Type.Integer({ minimum: 1, maximum: presentedMax })),
  },
  { title: 'ZonePolicy', additionalProperties: false },
);
export type ZonePolicy = Static<typeof zonePolicySchema>;
export type ZoneRule = ZonePolicy['rules'][number];

let check: ValidateFunction | null = null;

/** The policy that a text spells. @throws TrustError `bad-policy` */
export function parseZonePolicy(text: string): ZonePolicy {
  if (utf8ToBytes(text).length > policyBytesMax) throw badPolicy(`it has more than ${policyBytesMax} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badPolicy('it is not JSON');
  }
  return readZonePolicy(value);
}

/** A parsed value as a policy. @throws TrustError `bad-policy` */
export function readZonePolicy(value: unknown): ZonePolicy {
  const policy = readPolicyJson(value) as unknown as ZonePolicy;
  check ??= createShapes().compile(zonePolicySchema);
  if (!check(policy)) {
    const [error] = check.errors ?? [];
    const extra = (error?.params as { additionalProperty?: string } | undefined)?.additionalProperty;
    const what =
      extra === undefined ? (error?.message ?? 'does not fit the schema') : `has no member ${extra}`;
    throw badPolicy(`${error?.instancePath === '' ? '/' : (error?.instancePath ?? '/')} ${what}`);
  }
  assertSound(policy);
  return policy;
}

function readPolicyJson(value: unknown): JsonObject {
  try {
    return readJsonObject(value);
  } catch (error) {
    if (error instanceof FactsError) throw badPolicy(error.message);
    throw error;
  }
}

/** What a schema cannot see: rules with one name, roots that nobody can be. */
function assertSound({ rules, roots }: ZonePolicy): void {
  const ids = rules.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw badPolicy(`two rules are called ${twice}`);
  const taken = ids.find((id) => id === 'facts' || id === 'reputation');
  if (taken !== undefined) throw badPolicy(`the name ${taken} is taken by what the policy says of itself`);
  for (const { issuer } of roots) {
    if (!/^did:(nanda|key):/.test(issuer))
      throw badPolicy(`roots are agents (did:nanda) or keys (did:key), not ${issuer}`);
  }
  if (new Set(roots.map(({ issuer }) => issuer)).size !== roots.length)
    throw badPolicy('a root stands there twice');
}

function badPolicy(what: string): TrustError {
  return new TrustError('bad-policy', `the zone policy is refused: ${what}`);
}
