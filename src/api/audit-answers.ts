/** The shapes of requests and answers about the audit log. */
import type { Static, TProperties } from 'typebox';
import { checkpointCharactersMax } from '../audit/note/checkpoint.ts';
import { acceptedKinds } from '../core/record/accepted.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const whole = Type.Integer({ minimum: 0 });
const time = Type.String({ format: 'date-time' });
const hex32 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });
const note = Type.String({
  description: 'A signed note: origin, size and root of the tree',
  maxLength: checkpointCharactersMax,
});
const peer = Type.String({ minLength: 1, maxLength: 64, description: 'The peer id of a node' });

export const viewQuery = object({
  peer: Type.Optional(peer),
});
export const entriesQuery = object({
  from: Type.Optional(
    Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'The index of the first one' }),
  ),
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: '1 to 1000, 100 when left out' }),
  ),
});
export const peerParams = object({ peer });
export const consistencyBody = object({ checkpoint: note });

export type ViewQuery = Static<typeof viewQuery>;
export type EntriesQuery = Static<typeof entriesQuery>;
export type PeerParams = Static<typeof peerParams>;
export type ConsistencyBody = Static<typeof consistencyBody>;

const head = {
  peer,
  origin: Type.String({ description: 'The name of the log: of the node, and of this log of it' }),
  size: whole,
  root: hex32,
  checkpoint: note,
};
const fork = Type.Unsafe<object>(
  Type.Object(
    {},
    { additionalProperties: true, description: 'A proof file that shows two trees of one size' },
  ),
);
const knownLog = object({
  ...head,
  state: Type.Enum(['consistent', 'unproven', 'forked']),
  waiting: Type.Union([note, Type.Null()], { description: 'A checkpoint that its node has not proven yet' }),
  heardAt: time,
  renewals: whole,
  fork: Type.Union([fork, Type.Null()]),
});
const proven = object({ index: whole, leaf: base64, proof: Type.Array(base64) });
const file = { weftAudit: Type.Literal(1) };

export const logAnswer = {
  200: object({
    ...head,
    verifierKey: Type.String({ description: 'As clients of transparency logs want it' }),
  }),
};
export const entriesAnswer = {
  200: object({
    size: whole,
    entries: Type.Array(
      object({ index: whole, seenAt: time, agentId, kind: Type.Enum([...acceptedKinds]), hash: hex32 }),
    ),
  }),
};
export const knownLogsAnswer = { 200: object({ logs: Type.Array(knownLog) }) };
export const knownLogAnswer = { 200: knownLog };
export const inclusionAnswer = {
  200: object(
    {
      ...file,
      kind: Type.Literal('inclusion'),
      agent: agentId,
      bundle: base64,
      checkpoint: note,
      entries: Type.Array(proven),
    },
    'InclusionProof',
  ),
};
export const consistencyAnswer = {
  200: object(
    { ...file, kind: Type.Literal('consistency'), older: note, newer: note, proof: Type.Array(base64) },
    'ConsistencyProof',
  ),
};
export const checkpointAnswer = {
  200: { description: 'The checkpoint', content: { 'text/plain': { schema: Type.String() } } },
};
