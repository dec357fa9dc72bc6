/** The shapes of answers, for the API's own description; a test holds the answers against them. */
import type { TProperties, TSchema } from 'typebox';
import { reasonCodes } from '../core/identity/reason-code.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const text = Type.String();
const whole = Type.Integer();
const hex = Type.String({ pattern: '^[0-9a-f]*$' });
const time = Type.String({ format: 'date-time' });
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });

/** One step of a resolution to an endpoint. */
export const traceStepSchema = object(
  {
    step: Type.Enum(['name', 'record', 'facts', 'trust', 'resolver', 'endpoint']),
    outcome: Type.Enum(['ok', 'cached', 'missing', 'refused', 'failed']),
    asked: text,
    from: Type.String({ description: 'Who was asked' }),
    said: Type.String({ description: 'What came of it' }),
    tookMs: Type.Number(),
    verifiedBy: nullable(text),
    holdsUntil: nullable({ ...time, description: 'With the ends of the layers above' }),
    code: nullable(Type.String({ description: 'Of the error that ended the step' })),
  },
  'TraceStep',
);

/** RFC 9457, as every refusal and failure comes. */
export const problemSchema = object(
  {
    type: Type.String({ description: 'urn:weft:problem:<family>:<code>' }),
    title: text,
    status: whole,
    detail: text,
    code: text,
    hint: Type.String({ description: 'What to do' }),
    data: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    ),
    trace: Type.Optional(
      Type.Array(traceStepSchema, { description: 'How far a resolution to an endpoint came' }),
    ),
  },
  'Problem',
);

const operation = object({
  digest: hex,
  slot: whole,
  n: whole,
  field: text,
  value: Type.Union([Type.String(), Type.Number(), Type.Null()]),
  left: nullable(hex),
  issuedAt: time,
});
const origin = object({ kind: Type.Enum(['fence', 'operation']), slot: whole, operation: nullable(hex) });
const pointer = object({ url: nullable(text), blindedDigest: nullable(hex), origin });
const record = object({
  fields: object({
    primary: pointer,
    private: pointer,
    adaptive: pointer,
    ttl: object({ seconds: whole, origin }),
  }),
  fence: hex,
  slot: whole,
  epoch: whole,
  issuedAt: time,
  expiresAt: time,
  validitySeconds: whole,
  bytes: Type.String({ description: 'The AgentAddr, at most 120 bytes in hexadecimal' }),
  operations: Type.Array(operation),
});
const keys = object({
  status: Type.Enum(['active', 'forked', 'tombstoned']),
  sequence: whole,
  establishment: hex,
  signingKey: nullable(hex),
  rotationDigest: nullable(hex),
  recoveryDigest: nullable(hex),
  endReason: nullable(Type.Enum([...reasonCodes])),
  events: Type.Array(object({ type: text, digest: hex, issuedAt: time })),
  proof: nullable(Type.Array(hex)),
});
const delegation = object({
  hash: hex,
  issuer: Type.String({
    description: 'The agent id at depth 1, else the hash of the grant above',
    pattern: '^[0-9a-f]{64}$',
  }),
  slot: whole,
  audience: hex,
  rights: Type.Array(text),
  fields: Type.Array(text),
  depth: whole,
  notBefore: time,
  expiresAt: time,
});
const revocation = object({
  kind: text,
  target: hex,
  grants: Type.Array(delegation, { description: 'The chain that lets a delegate revoke, from the root' }),
  reason: text,
  depth: whole,
  issuedAt: time,
  expiresAt: time,
});
const known = {
  delegations: Type.Array(delegation),
  revocations: Type.Array(revocation),
};
const state = object({ agentId, keys, record: nullable(record), ...known });
const resolution = object({
  status: Type.Enum(['ok', 'rekeyed', 'expired', 'forked', 'tombstoned', 'not-found', 'rolled-back']),
  agentId,
  ageSeconds: nullable(whole),
  responders: Type.Array(text),
  holders: whole,
  cached: Type.Boolean(),
  keys: nullable(keys),
  record: nullable(record),
  ...known,
});
const publish = object({
  status: Type.Enum(['stored', 'partial', 'failed', 'stale', 'refused']),
  acknowledgements: Type.Integer({ description: 'How many peers hold it' }),
  asked: Type.Integer({ description: 'How many peers were asked to' }),
  refusal: nullable(text),
});
const written = {
  agentId,
  publish,
  recordBytes: whole,
  expiresAt: nullable(time),
  state,
};
const store = object({
  entries: whole,
  sizeBytes: Type.Number(),
  freeBytes: Type.Number(),
  full: Type.Boolean(),
  quarantined: whole,
});
const agentCounts = object({ stored: whole, known: whole, custodial: whole });
const event = {
  type: text,
  sequence: whole,
  digest: hex,
  prior: nullable(hex),
  signedBy: hex,
  issuedAt: time,
  reason: nullable(text),
  bytes: hex,
};

export const resolveAnswer = { 200: resolution };
export const batchAnswer = {
  200: object({
    results: Type.Array(Type.Union([resolution, object({ agentId: text, problem: problemSchema })])),
  }),
};
export const bundleAnswer = {
  200: { description: 'The joined state: a bundle', content: { 'application/cbor': { schema: binary() } } },
};
export const historyAnswer = {
  200: object({
    agentId,
    status: Type.Enum(['active', 'forked', 'tombstoned']),
    events: Type.Array(
      object({ ...event, signingKey: nullable(hex), validFrom: time, validUntil: nullable(time) }),
    ),
    proof: nullable(Type.Array(object(event))),
    at: nullable(
      object({
        time,
        signingKey: nullable(hex),
        sequence: nullable(whole),
        establishment: nullable(hex),
      }),
    ),
  }),
};
export const agentListAnswer = {
  200: object({ agents: Type.Array(object({ agentId, roles: Type.Array(text) })) }),
};
export const writeAnswer = { 200: object(written) };
export const registerAnswer = { 201: object(written) };
export const delegateAnswer = { 200: object({ ...written, slot: whole, delegation: hex }) };
export const delegateKeyAnswer = { 200: object({ publicKey: hex }) };
export const publishAnswer = {
  200: object({ publish, state: nullable(state), bundle: nullable(hex) }),
};
export const healthAnswer = { 200: object({ status: text }) };
export const metricsAnswer = {
  200: { description: 'Prometheus text', content: { 'text/plain': { schema: Type.String() } } },
};
export const storeAnswer = { 200: object({ store, agents: agentCounts }) };
export const statusAnswer = {
  200: object({
    version: text,
    peer: text,
    addresses: Type.Array(text),
    network: object({ protocolPrefix: text, profile: text, isNew: Type.Boolean() }),
    state: Type.Enum(['starting', 'ready', 'stopping']),
    startedAt: time,
    connectedPeers: whole,
    knownPeers: whole,
    agents: agentCounts,
    store,
    memory: object({ residentBytes: whole, heapUsedBytes: whole }),
  }),
};
export const peersAnswer = {
  200: object({
    peers: Type.Array(
      object({
        peer: text,
        addresses: Type.Array(text),
        connected: Type.Boolean(),
        direction: nullable(text),
        latencyMs: nullable(Type.Number()),
        agentVersion: nullable(text),
        inMesh: Type.Boolean(),
        isFull: Type.Boolean({ description: 'Stores records for others' }),
        gossipScore: nullable(Type.Number({ description: 'gossipsub: below -40 it is told less' })),
        connectedAt: nullable(time),
        protocols: Type.Array(text),
      }),
    ),
  }),
};
export const keyspaceAnswer = {
  200: object({
    place: hex,
    held: Type.Array(whole, {
      description: 'Records held in each of 256 equal parts of the key space, from 00 to ff',
    }),
    peers: Type.Array(
      object({
        peer: text,
        place: Type.String({ description: 'The first 8 bytes of its place', pattern: '^[0-9a-f]{16}$' }),
        sharedBits: Type.Integer({ description: 'Leading bits that it shares with this node' }),
      }),
      { description: 'The closest first, at most 256' },
    ),
  }),
};
export const samplesAnswer = {
  200: object({
    intervalMs: whole,
    timesMs: Type.Array(whole),
    series: Type.Record(Type.String(), Type.Array(Type.Number()), {
      description:
        'One number for each time. recordsHeld, agentsKnown, storeBytes, residentBytes, connectedPeers are values of the moment; signaturesVerified, resolves, publishes, requests, refused, failures count from the start of the node.',
    }),
  }),
};
export const exportAnswer = {
  200: {
    description: 'An archive of bundles',
    content: { 'application/cbor-seq': { schema: binary() } },
  },
};
export const changesAnswer = {
  200: {
    description: 'A stream without an end',
    content: {
      'text/event-stream': { schema: Type.String() },
      'application/x-ndjson': { schema: Type.String() },
    },
  },
};

const didResult = object({
  '@context': text,
  didDocument: nullable(Type.Record(Type.String(), Type.Unknown())),
  didResolutionMetadata: Type.Record(Type.String(), Type.Unknown()),
  didDocumentMetadata: Type.Record(Type.String(), Type.Unknown()),
});
const didContent = { content: { 'application/did-resolution': { schema: didResult } } };
export const didAnswer = {
  200: { description: 'The document, and what is known about it', ...didContent },
  400: { description: 'Not a DID', ...didContent },
  404: { description: 'No such agent, or version', ...didContent },
  406: { description: 'No such representation', ...didContent },
  410: { description: 'Deactivated', ...didContent },
  501: { description: 'Another method, or a feature that is not there', ...didContent },
};

function binary() {
  return Type.String({ contentEncoding: 'binary' });
}
