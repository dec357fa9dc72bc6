/**
 * Calls of the tools to the HTTP API of a daemon, as any client would make them. The daemon is looked for at each call:
 * it may start after this server, and come back on another port.
 */

/** What JSON can say. */
export type JsonObject = { readonly [key: string]: unknown };

export interface DaemonAddress {
  readonly url: string;
  readonly token: string;
}

export interface DaemonClient {
  /** @throws ToolError for every answer that is none, and what the search for the daemon throws. */
  call(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    options?: { readonly body?: JsonObject; readonly signal?: AbortSignal },
  ): Promise<JsonObject>;
  /** The stream of changes, until the signal. @param after id of the last change that is known */
  changes(path: string, after: string | null, signal: AbortSignal): AsyncIterable<StreamItem>;
}

export interface StreamItem {
  /** Where a reader is that gives it back; null where nothing changes that. */
  readonly id: string | null;
  readonly data: JsonObject;
}

/** What went wrong, for a model: a stable code, a sentence, and what to do. */
export class ToolError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ToolError';
    this.code = code;
    this.hint = hint;
  }
}

/** An error that says what to do, as a sentence; null for every other. Those of the search for the daemon do, too. */
export function complaintOf(error: unknown): string | null {
  const { code, message, hint } = error as { code?: unknown; message?: string; hint?: unknown };
  if (typeof code !== 'string' || typeof hint !== 'string') return null;
  return `${code}: ${message ?? ''}. What to do: ${hint}.`;
}

/** Longer than any call of the API may take. */
const timeoutMs = 150_000;
/** Of one item of the stream; an agent's state has some hundred KiB at most. */
const itemCharactersMax = 8 * 1024 * 1024;
const startHint = 'is it still running? `weft start` starts it';

/** A client of the daemon that `find` finds. */
export function createDaemonClient(find: () => DaemonAddress): DaemonClient {
  async function request(path: string, init: RequestInit): Promise<Response> {
    const { url, token } = find();
    const headers = {
      authorization: `Bearer ${token}`,
      ...(init.headers as Record<string, string> | undefined),
    };
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, { ...init, headers, redirect: 'error' });
    } catch (error) {
      throw unreachable(url, error);
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }

  return {
    async call(method, path, { body, signal } = {}) {
      const limit = AbortSignal.timeout(timeoutMs);
      const response = await request(path, {
        method,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      const text = await response.text();
      try {
        return JSON.parse(text) as JsonObject;
      } catch (error) {
        throw notWeft(response, error);
      }
    },
    async *changes(path, after, signal) {
      const resume: Record<string, string> = after === null ? {} : { 'last-event-id': after };
      const headers = { accept: 'text/event-stream', ...resume };
      yield* itemsOf((await request(path, { signal, headers })).body!);
    },
  };
}

async function* itemsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamItem> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const frames = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = frames.pop()!;
    if (rest.length > itemCharactersMax)
      throw new ToolError('unreachable', 'the daemon sent an event without an end', 'check --api');
    for (const frame of frames) {
      const fieldOf = (field: string): string | null => {
        const line = frame.split('\n').find((one) => one.startsWith(`${field}: `));
        return line?.slice(field.length + 2) ?? null;
      };
      const data = fieldOf('data');
      if (data !== null) yield { id: fieldOf('id'), data: JSON.parse(data) as JsonObject };
    }
  }
  throw new ToolError('unreachable', 'the daemon ended the stream', startHint);
}

function unreachable(url: string, error: unknown): unknown {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'AbortError') return error;
  const reason =
    name === 'TimeoutError'
      ? `gave no answer within ${timeoutMs / 1000} s`
      : `cannot be reached (${cause?.code ?? name})`;
  return new ToolError('unreachable', `the daemon at ${url} ${reason}`, startHint, { cause: error });
}

/** A problem document says what to do; anything else did not come from weft. */
async function errorOf(response: Response): Promise<ToolError> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    const { code, detail, hint } = JSON.parse(text) as { code: string; detail: string; hint: string };
    return new ToolError(code, detail, hint);
  }
  return notWeft(response);
}

function notWeft({ url, status }: Response, cause?: unknown): ToolError {
  const message = `${new URL(url).origin} answered ${status}, but not as weft does`;
  return new ToolError('unreachable', message, 'another program may use that port: check --api', { cause });
}
