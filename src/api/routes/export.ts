/** All that the node holds of agents, as one file: a stream of unknown length, ended by its own digest. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { archiveMediaType } from '../../archive/archive-format.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { exportAnswer } from '../answers.ts';

/** A reader that takes nothing for so long is gone. */
const silenceMs = 60_000;
const chunkBytes = 64 * 1024;

/** Adds it. Needs the token: a walk over the whole store is the operator's business. */
export function addExportRoutes(app: FastifyInstance, node: Pick<WeftNode, 'archive'>): void {
  const schema = {
    response: exportAnswer,
    tags: ['node'],
    operationId: 'export',
    summary: 'All records, key logs and revocations that this node holds',
    description:
      'A CBOR sequence of byte strings: a header, the bundles in the order of agent ids, and an end mark with their number and a SHA-256 of everything before it: docs/operating.md. A stream that fails ends without the mark. No keys.',
  };
  app.get('/v1/export', { schema, exposeHeadRoute: false }, (_request, reply) => {
    // What the reader does not take is not read from the disk.
    const body = Readable.from(node.archive(), { objectMode: false, highWaterMark: chunkBytes });
    reply.raw.setTimeout(silenceMs, () => reply.raw.destroy());
    return reply
      .type(archiveMediaType)
      .header('content-disposition', 'attachment; filename="weft.archive"')
      .send(body);
  });
}
