/** Places in a list as opaque text: the offset of the next page, bound to the question that it belongs to. */
import { createHash } from 'node:crypto';
import { ApiError } from '../api-error.ts';

const offsetMax = 1_000_000;

/** The token of the page that begins there. */
export function pageTokenOf(offset: number, question: unknown): string {
  return Buffer.from(`${offset}.${mark(question)}`).toString('base64url');
}

/** Where the page begins; 0 without a token. @throws ApiError `bad-request` for another question's, or none of ours */
export function offsetOf(token: string | undefined, question: unknown): number {
  if (token === undefined || token === '') return 0;
  const [offset = '', found, ...more] = Buffer.from(token, 'base64url').toString('latin1').split('.');
  const isOurs = /^[1-9]\d{0,6}$/.test(offset) && found === mark(question) && more.length === 0;
  if (isOurs && Number(offset) <= offsetMax) return Number(offset);
  throw new ApiError('bad-request', 'the page token does not belong to this question');
}

function mark(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 12);
}
