/** Agents whose facts this node serves, as A2A sees them: signed agent cards, and the keys that they are signed with. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bytesEqual } from '../../core/bytes.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { materialise } from '../../core/record/merge.ts';
import { FactsError } from '../../facts/facts-error.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { readAccess } from '../authorise.ts';
import { baseUrlOf } from '../base-url.ts';
import { cardAnswer, keySetAnswer, type WellKnownQuery, wellKnownQuery } from '../facts-answers.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { factsPath, sendTagged } from './facts.ts';

type Cards = Pick<WeftNode, 'facts' | 'resolve'>;
const tags = ['standards'];

export interface CardSettings {
  /** Under which this API is known outside; null: as it was called. */
  readonly publicUrl: string | null;
  /** Whose card stands at the well-known address; null: that of the only one. */
  readonly agent: string | null;
}

/** Adds them. */
export function addA2aRoutes(app: FastifyInstance, node: Cards, { publicUrl, agent }: CardSettings): void {
  const card = { response: cardAnswer, tags };
  app.get<{ Querystring: WellKnownQuery }>(
    '/.well-known/agent-card.json',
    {
      ...readAccess,
      schema: {
        ...card,
        querystring: wellKnownQuery,
        operationId: 'wellKnownCard',
        summary: 'The A2A agent card of the agent of this host',
        description:
          'Of the one that `agent` names, or that the node is set to, or whose facts alone are served here.',
      },
    },
    async (request, reply) => {
      const agentId = await chosenAgent(node, request.query.agent ?? agent);
      return sendCard(node, request, reply, agentId, publicUrl);
    },
  );
  app.get<{ Params: AgentParams }>(
    '/agents/:id/agent-card.json',
    {
      ...readAccess,
      schema: {
        ...card,
        params: agentParams,
        operationId: 'readCard',
        summary: 'The A2A agent card of an agent',
      },
    },
    async (request, reply) => sendCard(node, request, reply, parseAgentId(request.params.id), publicUrl),
  );
  addKeySetRoute(app, node);
}

function addKeySetRoute(app: FastifyInstance, node: Cards): void {
  const schema = {
    params: agentParams,
    response: keySetAnswer,
    tags,
    operationId: 'readKeySet',
    summary: 'The key that signs an agent’s card',
    description: 'For who does not resolve the DID that `kid` names. The DID is the authority.',
  };
  app.get<{ Params: AgentParams }>(
    '/agents/:id/jwks.json',
    { ...readAccess, schema },
    async (request, reply) => {
      const { agentId } = await node.facts.read(parseAgentId(request.params.id));
      const key = signingKeyOf(await node.resolve(agentId));
      if (key === null) throw new FactsError('subject-not-active', 'the agent has no key that signs');
      const { keySetOf } = await import('../a2a/card-signature.ts');
      return sendTagged(request, reply, JSON.stringify(keySetOf(agentId, key)), 'application/jwk-set+json');
    },
  );
}

async function chosenAgent({ facts }: Cards, agent: string | null): Promise<Uint8Array> {
  if (agent !== null) return parseAgentId(agent);
  const all = await facts.list();
  if (all.length === 1) return all[0]!.agentId;
  throw all.length === 0
    ? new FactsError('not-hosted', 'this node serves the facts of no agent')
    : new FactsError(
        'not-hosted',
        `this node serves the facts of ${all.length} agents: name one with ?agent=`,
      );
}

async function sendCard(
  node: Cards,
  request: FastifyRequest,
  reply: FastifyReply,
  agentId: Uint8Array,
  publicUrl: string | null,
): Promise<FastifyReply> {
  const [hosted, resolution, { agentCardOf, isSignable }, { signCard }, { canonicalJson }] =
    await Promise.all([
      node.facts.read(agentId),
      node.resolve(agentId),
      import('../a2a/agent-card.ts'),
      import('../a2a/card-signature.ts'),
      import('../../facts/data-integrity.ts'),
    ]);
  const base = baseUrlOf(request, publicUrl);
  const card = agentCardOf(hosted, {
    factsUrl: `${base}${factsPath(agentId)}`,
    primaryFactsUrl: pointerOf(resolution, 'primary'),
    adaptiveResolverUrl: pointerOf(resolution, 'adaptive'),
  });
  const signer = await node.facts.statementSigner(agentId);
  const key = signingKeyOf(resolution);
  const isCurrent = signer !== null && key !== null && bytesEqual(signer.publicKey, key);
  const keySetUrl = `${base}/agents/${formatAgentId(agentId)}/jwks.json`;
  const signed = isCurrent && isSignable(card) ? signCard(card, agentId, signer, keySetUrl) : card;
  return sendTagged(request, reply, canonicalJson(signed));
}

function signingKeyOf({ state }: Resolution): Uint8Array | null {
  return state?.keyState.signingKey ?? null;
}

/** A URL of the record; null when there is none, or it is blinded, or the record does not hold. */
function pointerOf({ state, status }: Resolution, name: 'primary' | 'adaptive'): string | null {
  if (state === null || status !== 'ok') return null;
  const { value } = materialise(state).fields[name];
  return typeof value === 'string' ? value : null;
}
