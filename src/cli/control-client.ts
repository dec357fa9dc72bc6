/** Calls to the control API of a running daemon, found through its data folder. */
import { readFileSync } from 'node:fs';
import type { Problem } from '../api/api-error.ts';
import type { JsonObject } from '../api/views.ts';
import { CliError, ControlError } from './cli-error.ts';

export interface ControlClient {
  /** One call; the answer as JSON. @throws ControlError, CliError `unreachable` */
  call(
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: JsonObject,
  ): Promise<JsonObject>;
  /** A body of bytes, and one back. */
  readBytes(path: string): Promise<{ readonly bytes: Uint8Array; readonly headers: Headers }>;
  sendBytes(path: string, bytes: Uint8Array): Promise<JsonObject>;
  /** A long body as it comes. A source that falls silent or breaks off is `unreachable`. */
  readChunks(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Lines of the stream of changes, until the signal. */
  stream(path: string, signal: AbortSignal): AsyncIterable<JsonObject>;
}

export interface ControlAddress {
  readonly url: string;
  readonly token: string;
}

/** Longer than any call of the API may take. */
const timeoutMs = 150_000;
/** No heartbeat for so long: the daemon is gone. */
const silenceMs = 60_000;

/** A client for the daemon at this address. */
export function createControlClient({ url, token }: ControlAddress): ControlClient {
  async function request(path: string, init: RequestInit): Promise<Response> {
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
  const timely = (): AbortSignal => AbortSignal.timeout(timeoutMs);

  return {
    async call(method, path, body) {
      const init =
        body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const response = await request(path, { method, signal: timely(), ...init });
      return (await response.json()) as JsonObject;
    },
    async readBytes(path) {
      const response = await request(path, { signal: timely() });
      return { bytes: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
    },
    async sendBytes(path, bytes) {
      const headers = { 'content-type': 'application/cbor' };
      const response = await request(path, {
        method: 'POST',
        body: new Blob([new Uint8Array(bytes)]),
        headers,
        signal: timely(),
      });
      return (await response.json()) as JsonObject;
    },
    async *readChunks(path, signal = new AbortController().signal) {
      const response = await request(path, { signal });
      const reader = response.body!.getReader();
      try {
        for (;;) {
          const { value, done } = await readInTime(reader, url, signal);
          if (done) return;
          yield value;
        }
      } finally {
        await reader.cancel().catch(() => undefined);
      }
    },
    async *stream(path, signal) {
      const response = await request(path, { signal });
      yield* linesOf(response.body!, url, signal);
    },
  };
}

/** The address that a daemon left in its data folder. @throws CliError `unreachable` */
export function findDaemon(dataDirectory: string): ControlAddress {
  const place = `${dataDirectory}/api.json`;
  try {
    const { url, tokenFile } = JSON.parse(readFileSync(place, 'utf8')) as { url: string; tokenFile: string };
    return { url, token: readFileSync(tokenFile, 'utf8').trim() };
  } catch (error) {
    throw new CliError(
      'unreachable',
      `no daemon runs on ${dataDirectory}`,
      'start one with `weft start`, or name its data folder with --data',
      { cause: error },
    );
  }
}

function unreachable(url: string, error: unknown): unknown {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'AbortError') return error;
  const reason =
    name === 'TimeoutError'
      ? `gave no answer within ${timeoutMs / 1000} s`
      : `cannot be reached (${cause?.code ?? name})`;
  return new CliError(
    'unreachable',
    `the daemon at ${url} ${reason}`,
    'is it still running? `weft start` starts it',
    {
      cause: error,
    },
  );
}

async function errorOf(response: Response): Promise<Error> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return new ControlError(JSON.parse(text) as Problem);
  }
  return new CliError(
    'unreachable',
    `${response.url} answered ${response.status}, but not as weft does`,
    'check --api: another program may use that port',
  );
}

async function* linesOf(
  body: ReadableStream<Uint8Array>,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<JsonObject> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = '';
  while (true) {
    const { value, done } = await readInTime(reader, url, signal);
    if (done)
      throw new CliError(
        'unreachable',
        'the daemon ended the stream',
        'it was stopped; start it again with `weft start`',
      );
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') yield JSON.parse(line) as JsonObject;
  }
}

async function readInTime<Chunk>(
  reader: ReadableStreamDefaultReader<Chunk>,
  url: string,
  signal: AbortSignal,
) {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const message = `the daemon at ${url} is silent`;
    timer = setTimeout(
      () => reject(new CliError('unreachable', message, 'is it still running? `weft status` tells')),
      silenceMs,
    );
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (error) {
    throw signal.aborted || error instanceof CliError ? error : unreachable(url, error);
  } finally {
    clearTimeout(timer);
  }
}
