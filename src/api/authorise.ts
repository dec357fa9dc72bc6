/** Who may call: holders of the token, at a name of this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../config/load-config.ts';
import { ApiError } from './api-error.ts';

/** Refuses a request without the token. In constant time: both sides are hashed first, so lengths do not show either. */
export function createTokenCheck(token: string): (request: FastifyRequest) => void {
  const wanted = hashOf(`Bearer ${token}`);
  return (request) => {
    if (timingSafeEqual(hashOf(request.headers.authorization ?? ''), wanted)) return;
    throw new ApiError('unauthorized', 'the token is missing or wrong');
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
