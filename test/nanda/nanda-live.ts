/** The interface of the NANDA index over a live node, for tests: with a socket, and without one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createNandaIndex, type NandaOptions } from '../../src/api/nanda/nanda-server.ts';
import type { WeftNode } from '../../src/node/node-types.ts';

export const token = 'the-token-of-the-tests';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  /** The header that names an agent of weft. */
  readonly agent: unknown;
}

export interface NandaUnderTest {
  readonly file: string;
  /** Failures that nobody planned. */
  readonly defects: readonly string[];
  options(more?: Partial<NandaOptions>): NandaOptions;
  open(node: WeftNode, more?: Partial<NandaOptions>): Promise<FastifyInstance>;
  /** Removes the folder. */
  close(): void;
}

/** A place for the names, and options that lead there. */
export function createNandaUnderTest(): NandaUnderTest {
  const folder = mkdtempSync(join(tmpdir(), 'weft-nanda-'));
  const file = join(folder, 'names.jsonl');
  const defects: string[] = [];
  const options = (more: Partial<NandaOptions> = {}): NandaOptions => ({
    host: '127.0.0.1',
    port: 0,
    remote: false,
    connectionsMax: 50,
    token,
    file,
    onDefect: (error, route) => void defects.push(`${route}: ${(error as Error).stack}`),
    ...more,
  });
  return {
    file,
    defects,
    options,
    open: (node, more) => createNandaIndex(node, options(more)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One request without a socket, from loopback unless said otherwise. */
export async function send(
  app: FastifyInstance,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: object | string,
  more: { readonly from?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    remoteAddress: more.from ?? '127.0.0.1',
    headers: {
      host: 'localhost',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more.headers,
    },
    ...(body !== undefined && { payload: body }),
  });
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  return {
    status: answer.statusCode,
    body: isJson ? answer.json<unknown>() : undefined,
    text: answer.body,
    agent: answer.headers['x-weft-agent'],
  };
}
