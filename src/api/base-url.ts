/** Under which URL this API is called: for links in what it says about itself. */
import type { FastifyRequest } from 'fastify';

/** Host names and addresses, with a port; what else a header may hold is not repeated. */
const hostPattern = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Without a slash at its end. @param publicUrl as configured; null: what the caller called */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  const host = request.headers.host ?? '';
  return `http://${hostPattern.test(host) ? host : 'localhost'}`;
}
