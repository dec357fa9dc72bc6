/** Who may call: everybody, readers where reads are open, or holders of the token; and only at a name of this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../config/load-config.ts';
import { ApiError } from './api-error.ts';

/** `open`: anybody who reaches the API. `read`: anybody where reads are open. `token`: holders of the token. */
export type Access = 'open' | 'read' | 'token';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `token` when left out: a route that forgets to say is closed. */
    readonly access?: Access;
  }
}

/** For the options of a route that only reads what the network shows everybody. */
export const readAccess = { config: { access: 'read' } } as const;
/** For the options of a route without secrets of any kind. */
export const openAccess = { config: { access: 'open' } } as const;

/** Refuses a request that its route does not admit. */
export function createAccessCheck(token: string, openReads: boolean): (request: FastifyRequest) => void {
  const checkToken = createTokenCheck(token);
  return (request) => {
    const access = request.routeOptions.config.access ?? 'token';
    // What is not there is told to everybody, as /openapi.json tells what is.
    if (request.is404 || access === 'open' || (access === 'read' && openReads)) return;
    checkToken(request);
  };
}

/** Refuses a request without the token. In constant time: both sides are hashed first, so lengths do not show either. */
export function createTokenCheck(token: string): (request: FastifyRequest) => void {
  const wanted = hashOf(`Bearer ${token}`);
  return (request) => {
    if (timingSafeEqual(hashOf(request.headers.authorization ?? ''), wanted)) return;
    throw new ApiError('unauthorized', 'the token is missing or wrong');
  };
}

/** True for a request with the token, on routes that show its holder more than others. */
export function createOwnerCheck(token: string): (request: FastifyRequest) => boolean {
  const checkToken = createTokenCheck(token);
  return (request) => {
    if (request.headers.authorization === undefined) return false;
    checkToken(request);
    return true;
  };
}

/** Refuses a request that came under another host's name: a web page whose name was pointed at this machine. */
export function assertLoopbackName(request: FastifyRequest): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(name))
    throw new ApiError('wrong-host', 'the Host header does not name the loopback interface');
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
