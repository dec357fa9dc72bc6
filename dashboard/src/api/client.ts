/** Calls of the node that served this page. Where reads are closed, with the token that its operator typed. */
import { signal } from '@preact/signals';
import type { Problem } from './answers.ts';

const tokenPlace = 'weft-token';
const timeoutMs = 20_000;

/** True while the node wants a token that nobody gave, or refuses the one that was given. */
export const isTokenWanted = signal(false);
/** Counts the tokens that were given: whoever waits for one begins again. */
export const tokenGeneration = signal(0);

/** A refusal of the node, or its silence. */
export class CallError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.hint = hint;
  }
}

/** For this tab alone, and only until it is closed. */
export function giveToken(token: string): void {
  sessionStorage.setItem(tokenPlace, token.trim());
  isTokenWanted.value = false;
  tokenGeneration.value++;
}

/** @throws CallError */
export async function call<Answer>(path: string, signalOfCaller?: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await request(
    path,
    {},
    signalOfCaller ? AbortSignal.any([timeout, signalOfCaller]) : timeout,
  );
  return (await response.json()) as Answer;
}

/** The response, when it is a good one. @throws CallError */
export async function request(
  path: string,
  headers: Readonly<Record<string, string>>,
  abort: AbortSignal,
): Promise<Response> {
  const token = sessionStorage.getItem(tokenPlace);
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    // The node's answer of now: the browser's own copy would be good for the ttl, and know of no revocation.
    response = await fetch(path, {
      headers: { ...authorization, ...headers },
      signal: abort,
      cache: 'no-store',
    });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new CallError('unreachable', 'The node does not answer.', 'Look whether it still runs.');
  }
  if (response.ok) return response;
  if (response.status === 401) isTokenWanted.value = true;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<CallError> {
  try {
    const { code, detail, hint } = (await response.json()) as Problem;
    return new CallError(code, detail, hint);
  } catch {
    return new CallError('unreadable', `The node answered ${response.status}.`, 'Look into its log.');
  }
}
