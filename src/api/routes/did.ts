/** `did:nanda` for the Universal Resolver and for any other client of DID resolution over HTTP. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatAgentDid } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { didAnswer } from '../answers.ts';
import { readAccess } from '../authorise.ts';
import { type DidView, didView } from '../did-document.ts';
import {
  chooseRepresentation,
  DidError,
  type DidRequest,
  didStatusByError,
  type Representation,
  readDid,
} from '../did-request.ts';
import { lookUpError } from '../error-table.ts';
import { type DidParams, type DidQuery, didParams, didQuery } from '../schemas.ts';

type Route = { Params: DidParams; Querystring: DidQuery };

const resultContext = 'https://w3id.org/did-resolution/v1';
const anyResult: Representation = { contentType: 'application/did-resolution', isResult: true };

/** Adds it. */
export function addDidRoutes(app: FastifyInstance, node: Pick<WeftNode, 'resolve'>): void {
  const schema = {
    params: didParams,
    querystring: didQuery,
    response: didAnswer,
    tags: ['standards'],
    operationId: 'resolveDid',
    summary: 'Resolve a DID',
    description:
      'The driver of the Universal Resolver. 400, 404, 406, 410 (deactivated) and 501 as in DID Resolution; `versionTime` and `versionId` answer from the key history.',
  };
  app.get<Route>('/1.0/identifiers/:did', { schema, ...readAccess }, async (request, reply) => {
    let representation = anyResult;
    try {
      representation = chooseRepresentation(request.headers.accept);
      const { noCache, ...version } = request.query;
      const asked = readDid(request.params.did, version);
      const view = await viewOf(node, asked, noCache === 'true', signalOf(reply));
      return sendView(reply, representation, view, asked);
    } catch (error) {
      return sendError(reply, representation, error);
    }
  });
}

async function viewOf(
  node: Pick<WeftNode, 'resolve'>,
  { agentId, version }: DidRequest,
  fresh: boolean,
  signal: AbortSignal,
): Promise<DidView> {
  const resolution = await node.resolve(agentId, { fresh, signal });
  const { state, status } = resolution;
  if (state === null) throw new DidError('notFound', 'nobody that answered knows this agent');
  if (status === 'rolled-back')
    throw new DidError('internalError', 'the network shows an older state than is known here');
  const view = didView({ ...resolution, state }, version);
  if (view.status === 404) throw new DidError('notFound', 'there was no such version');
  return view;
}

function sendView(
  reply: FastifyReply,
  { contentType, isResult }: Representation,
  { status, document, metadata }: DidView,
  { agentId }: DidRequest,
): FastifyReply {
  reply.code(status).type(contentType);
  if (!isResult) return reply.send(JSON.stringify(document));
  return reply.send(
    JSON.stringify({
      '@context': resultContext,
      didDocument: document,
      didResolutionMetadata: {
        contentType: 'application/did+ld+json',
        did: { didString: formatAgentDid(agentId) },
      },
      didDocumentMetadata: metadata,
    }),
  );
}

/** Errors of the network become `internalError`; what nobody planned goes the way of every defect. */
function sendError(reply: FastifyReply, representation: Representation, error: unknown): FastifyReply {
  const known = error instanceof DidError ? error : didErrorOf(error);
  const { code, message } = known;
  return reply
    .code(didStatusByError[code])
    .type(representation.isResult ? representation.contentType : anyResult.contentType)
    .send(
      JSON.stringify({
        '@context': resultContext,
        didDocument: null,
        didResolutionMetadata: { error: code, message },
        didDocumentMetadata: {},
      }),
    );
}

function didErrorOf(error: unknown): DidError {
  if (lookUpError(error) === null) throw error;
  return new DidError('internalError', 'the network gave no usable answer');
}

function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  return abort.signal;
}
