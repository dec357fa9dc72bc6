/** The one error of a light node, and how what went wrong below reads to an embedding program. */
import { isProtocolError } from '../core/errors.ts';
import { NodeError, type NodeErrorCode } from '../driver/node-error.ts';
import { StoreError } from '../ports/store.ts';

/**
 * - `not-running`: call `start()` first, or it was stopped.
 * - `offline`: no full node is connected; the node dials on by itself, and `connected` says when one answers.
 * - `no-usable-answers`: full nodes are connected, and none gave an answer that holds.
 * - `not-stored`: signed, but no full node has it yet; the node publishes it again when it is connected.
 * - `not-held`: the node was given no keys of that agent: `register` or `adopt` it.
 * - `no-key`: it was given keys of the agent, but not the one that this takes, or an old one.
 * - `no-such-name`: the name leads to nobody; the cause says why.
 * - `agent-not-active`: the agent is frozen (forked) or has ended.
 * - `overtaken`: others wrote the same record meanwhile; read it and try again.
 * - `slot-taken`, `bad-argument`: the call itself.
 * - `refused`: the network does not take what was signed; the cause says why.
 * - `store-failed`: the store that was injected.
 */
export type LightNodeErrorCode =
  | 'not-running'
  | 'offline'
  | 'no-usable-answers'
  | 'not-stored'
  | 'not-held'
  | 'no-key'
  | 'no-such-name'
  | 'agent-not-active'
  | 'overtaken'
  | 'slot-taken'
  | 'bad-argument'
  | 'refused'
  | 'store-failed';

/** Every rejection of a light node but that of an aborted signal, whose reason comes through unchanged. */
export class LightNodeError extends Error {
  readonly code: LightNodeErrorCode;

  constructor(code: LightNodeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'LightNodeError';
    this.code = code;
  }
}

/** Nobody said anything of use: those who are connected, or there is nobody. */
export function silenceOf(
  { isConnected }: { readonly isConnected: boolean },
  message: string,
): LightNodeError {
  return isConnected
    ? new LightNodeError('no-usable-answers', message)
    : new LightNodeError('offline', 'no full node is connected: the node dials on');
}

const codeByNodeCode: Readonly<Record<NodeErrorCode, LightNodeErrorCode>> = {
  'not-custodial': 'not-held',
  'no-key': 'no-key',
  'not-running': 'not-running',
  'publish-failed': 'overtaken',
  'agent-not-active': 'agent-not-active',
  'bad-argument': 'bad-argument',
  'slot-taken': 'slot-taken',
  // A light node keeps no names.
  'too-many-names': 'bad-argument',
  'no-such-name': 'bad-argument',
};

const argumentCodes: ReadonlySet<string> = new Set([
  'bad-argument',
  'bad-url',
  'bad-delegation',
  'bad-revocation',
  'bad-operation',
  'bad-tag',
  'over-quota',
  'expired',
]);

/** Anything that a call threw, as a LightNodeError; an abort stays what it is. */
export function lightErrorOf(error: unknown): unknown {
  if (error instanceof LightNodeError) return error;
  if (error instanceof NodeError) {
    return new LightNodeError(codeByNodeCode[error.code], error.message, { cause: error });
  }
  if (isProtocolError(error)) {
    const code = protocolCode(error.code);
    return new LightNodeError(code, error.message, { cause: error });
  }
  if (error instanceof StoreError) return new LightNodeError('store-failed', error.message, { cause: error });
  if (error instanceof Error && error.name === 'HostError') {
    return new LightNodeError('bad-argument', error.message, { cause: error });
  }
  return error;
}

function protocolCode(code: string): LightNodeErrorCode {
  if (code === 'forked' || code === 'tombstoned') return 'agent-not-active';
  if (code === 'bad-key') return 'no-key';
  if (code === 'store-full' || code === 'store-failed') return 'store-failed';
  return argumentCodes.has(code) ? 'bad-argument' : 'refused';
}
