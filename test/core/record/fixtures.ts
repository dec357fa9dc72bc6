/**
 * Deterministic authors, fences, tokens and operations for the record tests. A *filler* signer gives hashes in the place
 * of signatures, fast, for tests that verify none; a *real* one signs.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { createSigner, type SignatureCheck, type Signer, verifyAdmitted } from '../../../src/core/ed25519.ts';
import type { AgentId } from '../../../src/core/identity/agent-id.ts';
import {
  createDelegation,
  type Delegation,
  type DelegationDraft,
} from '../../../src/core/identity/delegation.ts';
import { chooseLog } from '../../../src/core/identity/fork-choice.ts';
import { inceptionAgentId, type KeyEvent } from '../../../src/core/identity/key-event.ts';
import { createInception } from '../../../src/core/identity/key-events.ts';
import type { KeyState } from '../../../src/core/identity/key-state.ts';
import { createDelegationRevocation, type Revocation } from '../../../src/core/identity/revocation.ts';
import { type Admission, admitBundle } from '../../../src/core/record/admission.ts';
import type { AgentAddr, SigningContext } from '../../../src/core/record/agent-addr.ts';
import { type AgentState, createState } from '../../../src/core/record/agent-state.ts';
import type { Bundle } from '../../../src/core/record/bundle.ts';
import { type PointerField, pointerFields } from '../../../src/core/record/field.ts';
import type { Operation, OperationBody } from '../../../src/core/record/operation.ts';
import { noPointer, type Pointer, type Pointers, urlDigest } from '../../../src/core/record/pointer.ts';
import { emptyRecord, type RecordState } from '../../../src/core/record/record-state.ts';
import { signAgentAddr, signOperation } from '../../../src/core/record/sign.ts';

/** Now, in every test that does not move the clock. */
export const startSeconds = 1_790_000_000;

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Of an agent of whom these key events are known, and nothing else. */
export function stateOfKeyEvents(agentId: AgentId, events: readonly KeyEvent[]): AgentState {
  return createState(chooseLog(agentId, events), emptyRecord);
}

type SignerKind = 'filler' | 'real';

const signerByName = new Map<string, Signer>();

/** The signer of that name, the same in every run. */
export function signerNamed(name: string, kind: SignerKind): Signer {
  const label = `${kind} ${name}`;
  let signer = signerByName.get(label);
  if (signer === undefined) {
    const seed = sha256(textBytes(`weft record test ${label}`));
    signer = kind === 'real' ? createSigner(seed) : fillerSigner(seed);
    signerByName.set(label, signer);
  }
  return signer;
}

function fillerSigner(publicKey: Uint8Array): Signer {
  const sign = (message: Uint8Array): Uint8Array => {
    const half = sha256(new Uint8Array([...publicKey, ...message]));
    return new Uint8Array([...half, ...sha256(half)]);
  };
  return { publicKey, sign };
}

export interface Author {
  readonly keyState: KeyState;
  readonly keyEvents: readonly KeyEvent[];
  readonly context: SigningContext;
  /** A key that belongs to this author's story. */
  key(name: string): Signer;
}

/** The controller of an agent with an inception alone. */
export function authorNamed(name: string, kind: SignerKind = 'filler'): Author {
  const key = (keyName: string): Signer => signerNamed(`${name} ${keyName}`, kind);
  const inception = createInception({
    signer: key('sign 0'),
    rotationKey: key('rotate 0').publicKey,
    recoveryKey: key('recover 0').publicKey,
    issuedAt: startSeconds - 1000,
    nonce: sha256(textBytes(name)).slice(0, 16),
  });
  return authorAt([inception], key, 'sign 0');
}

/** The author after more key events; `signName` is the key in force. */
export function authorAt(
  keyEvents: readonly KeyEvent[],
  key: (name: string) => Signer,
  signName: string,
): Author {
  const agentId = inceptionAgentId(keyEvents[0]!);
  const keyState = chooseLog(agentId, keyEvents);
  const context = { agentId, establishment: keyState.establishment, signer: key(signName) };
  return { keyState, keyEvents: keyState.retained, context, key };
}

export type FenceUrls = Partial<Record<PointerField, string | Uint8Array>>;

export interface FenceOptions {
  readonly urls?: FenceUrls;
  readonly issuedAt?: number;
  readonly ttlCode?: number;
  readonly validityCode?: number;
  /** Whose fence it is; the controller's without one. */
  readonly token?: Delegation;
  readonly signer?: Signer;
}

export const primaryUrl = 'https://agent.example/facts';

/** A fence with its side-car and, first among the tokens, its signer's. */
export function fenceOf(
  author: Author,
  options: FenceOptions = {},
): RecordState & { readonly addr: AgentAddr } {
  const { urls: byField = { primary: primaryUrl }, token } = options;
  const pointers = pointersOf(byField);
  const addr = signAgentAddr(
    {
      epoch: author.keyState.sequence,
      slot: token?.slot ?? 0,
      ttlCode: options.ttlCode ?? 10,
      validityCode: options.validityCode ?? 8,
      issuedAt: options.issuedAt ?? startSeconds,
      pointers,
    },
    { ...author.context, signer: options.signer ?? author.context.signer },
  );
  const urls = pointerFields.flatMap((field) => (typeof byField[field] === 'string' ? [byField[field]] : []));
  return { ...emptyRecord, addr, urls: [...new Set(urls)], delegations: token === undefined ? [] : [token] };
}

/** Texts by digest, bytes blinded. */
export function pointersOf(urls: FenceUrls): Pointers {
  const pointer = (field: PointerField): Pointer => {
    const value = urls[field];
    if (value === undefined) return noPointer;
    return typeof value === 'string'
      ? { kind: 'digest', digest: urlDigest(field, value) }
      : { kind: 'blinded', digest: value };
  };
  return { primary: pointer('primary'), private: pointer('private'), adaptive: pointer('adaptive') };
}

/** A token for the key of that name: slot 1, `op`, all fields, one day, unless said otherwise. */
export function tokenFor(
  author: Author,
  audience: string,
  options: Partial<DelegationDraft> = {},
): Delegation {
  return createDelegation({
    agentId: author.keyState.agentId,
    establishment: author.keyState.establishment,
    parent: null,
    signer: author.context.signer,
    audience: author.key(audience).publicKey,
    slot: 1,
    rights: 1,
    fieldMask: 15,
    notBefore: startSeconds - 100,
    expiresAt: startSeconds + 86_400,
    nonce: new Uint8Array(8),
    ...options,
  });
}

export interface OperationOptions extends Partial<OperationBody> {
  readonly token?: Delegation;
  readonly signer?: Signer;
}

/** An operation on that fence: the controller's first, on `primary`, unless said otherwise. */
export function operationOn(author: Author, addr: AgentAddr, options: OperationOptions = {}): Operation {
  const { token, signer = author.context.signer, ...said } = options;
  return signOperation(
    {
      base: addr.digest16,
      slot: token?.slot ?? 0,
      n: 1,
      field: 'primary',
      value: 'https://agent.example/changed',
      left: null,
      issuedAt: startSeconds,
      delegation: token === undefined ? null : token.hash.slice(0, 16),
      ...said,
    },
    { ...author.context, signer },
  );
}

/** The controller's revocation of a token. */
export function revocationOf(author: Author, token: Delegation): Revocation {
  return createDelegationRevocation({
    agentId: author.keyState.agentId,
    token,
    signer: author.context.signer,
    reason: 'privilegeWithdrawn',
    issuedAt: startSeconds,
  });
}

export function bundleOf(author: Author, record: Partial<RecordState> = {}): Bundle {
  return { ...emptyRecord, ...record, keyEvents: author.keyEvents };
}

export function admit(
  author: Author,
  record: Partial<RecordState> = {},
  options: { readonly nowSeconds?: number; readonly held?: AgentState | null } = {},
): Admission {
  return admitBundle(
    bundleOf(author, record),
    null,
    options.nowSeconds ?? startSeconds,
    options.held ?? null,
  );
}

export function stateFrom(
  author: Author,
  record: Partial<RecordState> = {},
  nowSeconds = startSeconds,
): AgentState {
  return admit(author, record, { nowSeconds }).state;
}

export function allVerify(checks: readonly SignatureCheck[]): boolean {
  return checks.every(verifyAdmitted);
}

/** The code that a call throws, or `none`. */
export function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
