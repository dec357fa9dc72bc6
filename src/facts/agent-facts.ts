/**
 * AgentFacts as JSON Schema: what the published schema (https://agentfacts.org/schema/v1) requires and names, with the
 * bounds of this project, the classes of endpoints with their ttl, and room for what others add.
 * Says the shape only; a schema cannot say who may speak for an agent.
 */
import type { Static, TProperties, TSchema } from 'typebox';
import {
  credentialReferencesMax,
  endpointsMax,
  endpointTtlSeconds,
  factsTtlSeconds,
  skillsMax,
  wordsMax,
} from './facts-limits.ts';
import { Type } from './json-schema.ts';

/** Members that nobody named here are kept and signed like all others. */
function open<Properties extends TProperties>(properties: Properties, description?: string) {
  return Type.Object(properties, description === undefined ? {} : { description });
}

const text = (lengthMax: number, description?: string) =>
  Type.String({ minLength: 1, maxLength: lengthMax, ...(description !== undefined && { description }) });
const url = Type.String({ format: 'uri', pattern: '^(https?|wss?)://', maxLength: 2048 });
const link = Type.String({ format: 'uri', maxLength: 2048 });
const time = Type.String({ format: 'date-time', maxLength: 40 });
const words = (description: string) => Type.Array(text(128), { maxItems: wordsMax, description });
const maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);

function endpoint(ttl: { readonly min: number; readonly max: number }) {
  return Type.Union([
    url,
    open({
      url,
      ttl: maybe(
        Type.Integer({ minimum: ttl.min, maximum: ttl.max, description: 'Seconds for which it may be used' }),
      ),
      protocol: maybe(text(64, 'What is spoken there, such as JSONRPC')),
      region: maybe(text(64, 'Where it stands, such as eu-west')),
      version: maybe(text(64, 'Which version of the agent runs there')),
      skills: maybe(words('Ids of the skills that it has; left out: all')),
    }),
  ]);
}

const endpoints = open({
  static: Type.Array(endpoint(endpointTtlSeconds.static), {
    maxItems: endpointsMax,
    description: 'Addresses that last: 1 to 6 hours',
  }),
  rotating: maybe(
    Type.Array(endpoint(endpointTtlSeconds.rotating), {
      maxItems: endpointsMax,
      description: 'Addresses that change: 5 to 15 minutes',
    }),
  ),
  adaptive_resolver: maybe(
    open(
      {
        url: maybe(url),
        policies: maybe(words('Routing policies that it follows')),
        fallback: maybe(
          Type.Array(Type.Enum(['rotating', 'static']), {
            maxItems: 2,
            description: 'What may be used, in this order, where it gives nothing; none: nothing',
          }),
        ),
        ttl: maybe(
          Type.Integer({
            minimum: endpointTtlSeconds.adaptive.min,
            maximum: endpointTtlSeconds.adaptive.max,
            description: 'Seconds for which its answers may be used',
          }),
        ),
      },
      'Who is asked for an address on each call: 30 to 60 seconds',
    ),
  ),
});

const skill = open({
  id: text(128),
  description: text(2048),
  inputModes: words('Media types or modalities taken'),
  outputModes: words('Media types or modalities given'),
  supportedLanguages: maybe(words('BCP 47 tags')),
  latencyBudgetMs: maybe(Type.Integer({ minimum: 0 })),
  maxTokens: maybe(Type.Integer({ minimum: 1 })),
});

const credentialReference = open(
  {
    id: maybe(link),
    type: maybe(text(256)),
    digestMultibase: Type.String({
      pattern: '^u[A-Za-z0-9_-]{46}$',
      description: 'SHA-256 of the canonical credential, as a multihash in base64url',
    }),
    credential: maybe(Type.Object({}, { description: 'The credential itself' })),
  },
  'A credential about the agent: where it is or what it is, bound by its hash',
);

const evaluations = open({
  credential: maybe(credentialReference),
  performanceScore: maybe(Type.Number()),
  availability90d: maybe(text(64)),
  lastAudited: maybe(time),
  auditTrail: maybe(text(2048)),
  auditorID: maybe(text(512)),
});

const multihash = Type.String({
  pattern: '^u[A-Za-z0-9_-]{46}$',
  description: 'SHA-256, as a multihash in base64url',
});

/** What runs: claims that a credential of somebody else may confirm. */
const software = open({
  artifact: maybe(open({ name: text(512), digestMultibase: multihash })),
  sbom: maybe(
    open({
      format: Type.Enum(['CycloneDX', 'SPDX']),
      version: maybe(text(32)),
      url: maybe(link),
      digestMultibase: multihash,
    }),
  ),
  source: maybe(
    open({ repository: link, commit: Type.String({ pattern: '^[0-9a-f]{40}([0-9a-f]{24})?$' }) }),
  ),
});

const telemetry = open({
  opentelemetry: maybe(
    open(
      {
        endpoint: maybe(url),
        protocol: maybe(Type.Enum(['grpc', 'http/protobuf', 'http/json'])),
        schemaUrl: maybe(link),
        serviceName: maybe(text(256)),
        dashboard: maybe(link),
      },
      'Where the measurements come from: OpenTelemetry, for who may read them',
    ),
  ),
  measuredAt: maybe(time),
  enabled: maybe(Type.Boolean()),
  retention: maybe(text(64)),
  sampling: maybe(Type.Number({ minimum: 0, maximum: 1 })),
  metrics: maybe(
    open({
      latency_p95_ms: maybe(Type.Number({ minimum: 0 })),
      throughput_rps: maybe(Type.Number({ minimum: 0 })),
      error_rate: maybe(Type.Number({ minimum: 0, maximum: 1 })),
      availability: maybe(text(64)),
    }),
  ),
});

const certification = open({
  credential: maybe(credentialReference),
  level: maybe(text(128)),
  issuer: maybe(text(512)),
  issuanceDate: maybe(time),
  expirationDate: maybe(time),
});

/** What an agent says about itself; the subject of its credential. */
export const agentFactsSchema = Type.Object(
  {
    id: Type.String({
      pattern: '^did:nanda:[a-z2-7]{52}$',
      description: 'The agent, as a DID: what binds the facts to the index',
    }),
    agent_name: text(255, 'Its name, such as urn:agent:acme:translator'),
    label: text(256, 'Its name for people'),
    description: text(4096),
    version: text(64),
    documentationUrl: maybe(link),
    jurisdiction: maybe(text(256)),
    provider: open({ name: text(256), url: link, did: maybe(text(512)) }),
    endpoints,
    capabilities: open({
      modalities: words('What it takes and gives: text, image, audio'),
      streaming: maybe(Type.Boolean()),
      batch: maybe(Type.Boolean()),
      authentication: open({
        methods: words('Such as oauth2, bearer, apiKey, none'),
        requiredScopes: maybe(words('OAuth scopes')),
      }),
    }),
    skills: Type.Array(skill, { minItems: 1, maxItems: skillsMax }),
    evaluations: maybe(evaluations),
    telemetry: maybe(telemetry),
    certification: maybe(certification),
    credentials: maybe(
      Type.Array(credentialReference, {
        maxItems: credentialReferencesMax,
        description: 'Others about the agent',
      }),
    ),
    software: maybe(software),
    ttl: maybe(
      Type.Integer({
        minimum: factsTtlSeconds.min,
        maximum: factsTtlSeconds.max,
        description: 'Seconds for which a reader may keep the document',
      }),
    ),
  },
  { title: 'AgentFacts' },
);
export type AgentFacts = Static<typeof agentFactsSchema>;

/** Seconds for which a reader may keep facts that say so, or do not. */
export function ttlOf(facts: AgentFacts): number {
  return facts.ttl ?? factsTtlSeconds.default;
}

/** The text of a URL in either form. */
export function endpointUrl(entry: AgentFacts['endpoints']['static'][number]): string {
  return typeof entry === 'string' ? entry : entry.url;
}
