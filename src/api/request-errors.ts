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
  const { code, statusCode, message, validation, validationContext } = error as {
    code?: string;
    statusCode?: number;
    message?: string;
    validation?: readonly Finding[];
    validationContext?: string;
  };
  if (validation !== undefined)
    return new ApiError('bad-request', sentenceOf(validation, validationContext ?? 'request'));
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

/** What ajv says. */
interface Finding {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: {
    readonly additionalProperty?: string;
    readonly allowedValues?: readonly unknown[];
  };
}

/** `body/ttlSeconds must be integer`, with what would be right where that is a list. */
function sentenceOf(findings: readonly Finding[], context: string): string {
  // Of several ways to be right, each says why it is not the one, and the last that none is.
  const telling = findings.filter(({ keyword }) => keyword !== 'anyOf');
  const sentences = (telling.length > 0 ? telling : findings).map(
    ({ instancePath = '', message, params }) => {
      const { additionalProperty, allowedValues } = params ?? {};
      const which = additionalProperty === undefined ? '' : `: "${additionalProperty.slice(0, 100)}"`;
      const values = allowedValues?.filter((value) => value !== '').join(', ');
      return `${context}${instancePath} ${message}${which}${values === undefined ? '' : `: ${values}`}`;
    },
  );
  return [...new Set(sentences)].join(', or ');
}
