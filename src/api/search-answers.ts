/** The shapes of requests and answers about search, and about what agents in custody announce. */
import type { Static, TProperties, TSchema } from 'typebox';
import { capabilityHitsMax, capabilityTagsMax } from '../core/limits.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const time = Type.String({ format: 'date-time' });
const whole = Type.Integer();
const tag = Type.String({
  minLength: 1,
  maxLength: 80,
  description: 'A path of 1 to 4 parts, such as /translate/en-es',
});
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });

export const searchQuery = object({
  capability: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 80,
      description: 'A tag such as /translate/en-es: agents that announced it, or one below it',
    }),
  ),
  text: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Words in what agents say of themselves' }),
  ),
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]?|100)$',
      description: `1 to ${capabilityHitsMax}; 20 when left out`,
    }),
  ),
  /** Without a value it is a wish, too: `?verify`. */
  verify: Type.Optional(
    Type.Enum(['true', 'false', ''], { description: 'Resolve each agent before the answer' }),
  ),
  timeoutMs: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{2,4}$', description: 'How long to wait, 100 to 99999' }),
  ),
});

export const capabilitiesBody = object({
  tags: Type.Array(tag, {
    maxItems: capabilityTagsMax,
    description: 'In place of all that was announced before; none withdraw',
  }),
  timeoutMs: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 120_000, description: 'How long to wait for the storing peers' }),
  ),
});

const found = object({
  agentId,
  did: Type.String(),
  name: nullable(Type.String({ description: 'In the words of its owner' })),
  description: nullable(Type.String()),
  tags: Type.Array(Type.String()),
  score: Type.Integer({ minimum: 0, maximum: 100, description: 'How well it fits; nothing about trust' }),
  source: Type.Enum(['announcement', 'facts'], {
    description:
      'facts: signed AgentFacts that this node serves. announcement: a hint, signed by the agent alone',
  }),
  verified: Type.Boolean({
    description: 'The record of the agent was resolved for this answer, and counts now',
  }),
  expiresAt: nullable({ ...time, description: 'When the announcement ends' }),
});

export const searchAnswer = {
  200: object({
    results: Type.Array(found),
    horizon: object(
      {
        overlay: nullable(
          object({
            tag: Type.String({ description: 'In its normal form' }),
            asked: Type.Integer({ description: 'Storing peers of the tag that were asked' }),
            responders: Type.Integer({ description: 'Those that answered' }),
            isComplete: Type.Boolean({
              description: 'Those nearest the tag answered, and had no more than what is shown',
            }),
          }),
        ),
        facts: Type.Enum(['hosted'], { description: 'AgentFacts that this node serves, and no others' }),
      },
      'Horizon',
    ),
  }),
};

export const capabilitiesAnswer = {
  200: object({
    agentId,
    tags: Type.Array(Type.String()),
    expiresAt: nullable({ ...time, description: 'When it ends unless the node announces it again' }),
    announce: object({
      holders: Type.Integer({ description: 'Storing peers that keep it' }),
      displaced: Type.Integer({ description: 'Those that keep 64 others in the draw of this hour' }),
      asked: whole,
      refusal: nullable(Type.String({ description: 'The most frequent reason of the others' })),
    }),
  }),
};

export type SearchQuery = Static<typeof searchQuery>;
export type CapabilitiesBody = Static<typeof capabilitiesBody>;
