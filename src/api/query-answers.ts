/** The shapes of a query for agents and of its answer. */
import type { Static, TProperties, TSchema } from 'typebox';
import { capabilityHitsMax } from '../core/limits.ts';
import { Type } from '../facts/json-schema.ts';
import { factsFilters, trustLevels } from '../query/query-types.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const whole = Type.Integer();
const time = Type.String({ format: 'date-time' });
const word = (lengthMax: number, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: lengthMax, description }));
const did = Type.String({ pattern: '^did:(nanda|key):[A-Za-z0-9]+$', maxLength: 128 });

export const queryBody = object({
  skill: word(80, 'A tag such as /translate/en-es, or the beginning of tags'),
  text: word(200, 'Words in what agents say of themselves, as far as this node has seen it'),
  modality: word(64, 'What is taken or given: text, audio, or a media type'),
  language: word(35, 'BCP 47; en also finds en-GB'),
  region: word(64, 'The beginning of a label: eu also finds eu-west-1'),
  certifiedBy: Type.Optional({
    ...did,
    description: 'Who must have certified it: signed its facts, or a credential in them',
  }),
  issuers: Type.Optional(
    Type.Array(did, { maxItems: 8, description: 'Whose word on facts counts beside the agents’ own' }),
  ),
  minTrust: Type.Optional(
    Type.Enum([...trustLevels], {
      description:
        'record: resolved, and counts now; facts: its facts hold; issuer: one of issuers or certifiedBy vouches; zone: the policy is satisfied',
    }),
  ),
  policy: Type.Optional(Type.Object({}, { description: 'A zone policy, for minTrust zone' })),
  zone: word(128, 'The name of a zone that this node knows, for minTrust zone'),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: capabilityHitsMax, description: '20 when left out' }),
  ),
  verify: Type.Optional(
    Type.Boolean({ description: 'false: nothing is resolved or fetched, all results are hints' }),
  ),
  fetch: Type.Optional(Type.Boolean({ description: 'false: facts are taken from what this node has alone' })),
  strict: Type.Optional(
    Type.Boolean({ description: 'Leave out agents of which something could not be checked' }),
  ),
  timeoutMs: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 60_000, description: '10000 when left out' }),
  ),
});

const outcome = Type.Enum(['match', 'announced', 'unchecked'], {
  description: 'announced: the agent said so, and its facts were not read. unchecked: nobody knows',
});
const result = object({
  agentId: Type.String({ pattern: '^nanda:[a-z2-7]{52}$' }),
  did: Type.String(),
  name: nullable(Type.String()),
  description: nullable(Type.String({ description: 'In the words of its owner' })),
  tags: Type.Array(Type.String()),
  score: Type.Integer({ minimum: 0, maximum: 100, description: 'How well it fits; nothing about trust' }),
  mark: Type.Enum(['verified', 'hint'], {
    description: 'verified: its record counts now and every filter matches by verified facts',
  }),
  trust: Type.Enum([...trustLevels]),
  filters: Type.Object(Object.fromEntries(factsFilters.map((name) => [name, Type.Optional(outcome)])), {
    additionalProperties: false,
    description: 'Of those that were given',
  }),
  reason: nullable(Type.String({ description: 'Why its facts could not be read or do not hold' })),
  sources: Type.Array(Type.Enum(['announcement', 'hosted', 'seen'])),
  factsFrom: nullable(Type.Enum(['hosted', 'seen', 'fetched'])),
  issuer: nullable(Type.String({ description: 'Who signed its facts' })),
  expiresAt: nullable({ ...time, description: 'When its announcement ends' }),
});

export const queryAnswer = {
  200: object({
    results: Type.Array(result),
    horizon: object(
      {
        overlay: nullable(
          object({ tag: Type.String(), asked: whole, responders: whole, isComplete: Type.Boolean() }),
        ),
        seen: object(
          {
            agents: Type.Integer({
              description: 'That this node has seen in passing and remembers: what words are looked for in',
            }),
            facts: Type.Integer({ description: 'Of them, those whose facts it has' }),
            since: nullable(time),
            forgotten: Type.Integer({ description: 'That had to go for others' }),
          },
          'Seen',
        ),
        candidates: whole,
        checked: Type.Integer({ description: 'Candidates that were resolved; the rest was left out' }),
        fetched: whole,
        isTimedOut: Type.Boolean(),
      },
      'QueryHorizon',
    ),
  }),
};

export type QueryBody = Static<typeof queryBody>;
