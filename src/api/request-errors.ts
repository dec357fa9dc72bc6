/** What is wrong with a request before any route sees it, in the words of the error table. */
import type { Socket } from 'node:net';
import { ApiError, type Problem, problemOf } from './api-error.ts';
import type { ApiErrorCode } from './error-table.ts';

const codeByFastifyCode: Readonly<Record<string, ApiErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'wrong-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
};

/** Fastify's own errors become the table's; every other error stays what it is. */
export function apiErrorOf(error: unknown): unknown {
  const { code, statusCode, message, validation } = error as {
    code?: string;
    statusCode?: number;
    message?: string;
    validation?: readonly {
      readonly message?: string;
      readonly params?: { readonly additionalProperty?: string };
    }[];
  };
  if (validation !== undefined) {
    const extra = validation[0]?.params?.additionalProperty;
    return new ApiError('bad-request', `${message}${extra === undefined ? '' : `: "${extra}"`}`);
  }
  const mapped = codeByFastifyCode[code ?? ''];
  if (mapped !== undefined) return new ApiError(mapped, String(message));
  const isFastifys = code?.startsWith('FST_') || error instanceof SyntaxError;
  if (isFastifys && (statusCode ?? 500) < 500) return new ApiError('bad-request', String(message));
  return error;
}

/** Answers what is no HTTP, or came too slowly, and closes. Returns what it answered; null when nobody listens any more. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): Problem | null {
  if (error.code === 'ECONNRESET' || socket.destroyed) return null;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    // Opened ahead, as browsers do, and never used: nobody waits for an answer.
    socket.destroy();
    return null;
  }
  const problem = problemOf(brokenRequest(error.code));
  const body = JSON.stringify(problem);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
  return problem;
}

function brokenRequest(code: string | undefined): ApiError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('too-slow', 'the request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('headers-too-large', 'the request has more headers than are read');
    default:
      return new ApiError('bad-request', 'this is not an HTTP request that can be read');
  }
}
