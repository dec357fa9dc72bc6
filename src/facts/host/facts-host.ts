/**
 * Facts that this node serves: verified before they are taken, durable, never served past their end or their agent's. Those
 * that it signed itself with a key in custody are signed again in time, and with the new key after a rotation.
 */
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { isProtocolError } from '../../core/errors.ts';
import { type AgentId, formatAgentDid, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { Grant } from '../../core/identity/delegation-grant.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import type { AgentState } from '../../core/record/agent-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Store } from '../../ports/store.ts';
import type { JsonObject } from '../bounded-json.ts';
import { grantsIn } from '../delegate-evidence.ts';
import { FactsError } from '../facts-error.ts';
import { validitySecondsDefault } from '../facts-limits.ts';
import { activeState, assertNotRevoked, keyOfAgent, methodOfAgent } from '../issuer-keys.ts';
import { assertStatus, readStatusEntries, type StatusCheck } from '../status-entry.ts';
import type { FactsNote } from './facts-note.ts';
import type { FactsShelf, ShelvedFacts } from './facts-shelf.ts';
import type { FactsHost, HostedFacts } from './hosted-facts.ts';
import { currentSignerOf, statementSignerOf } from './statement-signer.ts';

export interface FactsHostParts {
  readonly store: Pick<Store, 'get' | 'write' | 'entries'>;
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  readonly check: (check: SignatureCheck) => boolean;
  /** The signing key in custody; null when it is not here. */
  readonly findSigner: (agentId: AgentId) => Promise<Signer | null>;
  /** The delegate key in custody with a grant that lets it sign facts now; left out or null: there is none. */
  readonly findDelegate?: (
    agentId: AgentId,
  ) => Promise<{ readonly grant: Grant; readonly signer: Signer } | null>;
  /** Looks a status up; left out: a credential with a status is refused. */
  readonly checkStatus?: StatusCheck;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** What is signed here is signed again when this part of its validity is left. */
const renewAtShare = 1 / 4;

/** Opens nothing yet. */
export function createFactsHost(parts: FactsHostParts): FactsHost {
  const { clock } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const shelf = once(async () => {
    const { openFactsShelf } = await import('./facts-shelf.ts');
    return openFactsShelf(parts.store);
  });
  const inTurn = createTurns();

  async function sign(
    agentId: AgentId,
    given: unknown,
    validity = validitySecondsDefault,
  ): Promise<JsonObject> {
    const [{ readFacts }, { issueFacts }] = await Promise.all([
      import('../credential.ts'),
      import('../issue-facts.ts'),
    ]);
    const facts = readFacts(given);
    if (facts.id !== formatAgentDid(agentId))
      throw new FactsError('wrong-subject', 'these are the facts of another agent', { subject: facts.id });
    const { signer, ...by } = await signerOf(agentId);
    return issueFacts(facts, {
      ...by,
      issuer: facts.id,
      verificationMethod: methodOfAgent(agentId, signer.publicKey),
      signer,
      nowSeconds: nowSeconds(),
      validitySeconds: validity,
      id: `urn:uuid:${uuidOf(parts.entropy.randomBytes(16))}`,
    });
  }

  /** The agent's own key where it is here; else a delegate's, with the grant by which it signs. */
  async function signerOf(agentId: AgentId): Promise<{ readonly signer: Signer; readonly grant?: Grant }> {
    const isHere = parts.findDelegate === undefined || (await parts.findSigner(agentId)) !== null;
    const found = isHere ? null : await parts.findDelegate(agentId);
    if (found === null) return { signer: await currentSignerOf(parts, agentId) };
    return { signer: statementSignerOf(found.signer), grant: found.grant };
  }

  /** A credential that holds, as it is kept. Waits for the network, so it is made before anybody's turn. */
  async function noteOf(
    agentId: AgentId,
    given: unknown,
    issuers: readonly string[],
    validitySeconds: number,
  ): Promise<FactsNote> {
    const [{ verifyFacts }, { canonicalJson }] = await Promise.all([
      import('../verify-facts.ts'),
      import('../data-integrity.ts'),
    ]);
    const { resolve, check, checkStatus } = parts;
    const status = checkStatus === undefined ? {} : { checkStatus };
    const context = { resolve, check, ...status, nowSeconds: nowSeconds(), subject: agentId, issuers };
    const { credential } = await verifyFacts(given, context);
    const isSignedHere = validitySeconds > 0;
    const publishedAt = context.nowSeconds;
    return { isSignedHere, publishedAt, validitySeconds, text: canonicalJson(credential) };
  }

  function place(agentId: AgentId, note: FactsNote): Promise<HostedFacts> {
    return inTurn(async () => (await shelf()).put(agentId, note, nowSeconds()));
  }

  /** What stands there afterwards: signed anew, unless somebody replaced or removed it meanwhile. */
  async function renewed(found: ShelvedFacts): Promise<HostedFacts | undefined> {
    const { agentId, facts, validitySeconds } = found;
    const note = await noteOf(agentId, await sign(agentId, facts, validitySeconds), [], validitySeconds);
    return inTurn(async () => {
      const opened = await shelf();
      const latest = await opened.get(agentId);
      return latest?.digest === found.digest ? opened.put(agentId, note, nowSeconds()) : latest;
    });
  }

  async function read(agentId: AgentId): Promise<HostedFacts> {
    const found = await (await shelf()).get(agentId);
    if (found === undefined) throw notHosted(agentId);
    const state = await stateOf(parts, agentId, 'subject-not-active');
    const now = nowSeconds();
    if (found.isSignedHere && isDue(found, state, now)) {
      const again = await renewed(found).catch((error: unknown) => {
        // The key is elsewhere now, or the network silent: what stands here is judged as what others signed.
        if (error instanceof FactsError || isProtocolError(error)) return null;
        throw error;
      });
      if (again === undefined) throw notHosted(agentId);
      if (again !== null) return again;
    }
    if (found.validUntil <= now) throw new FactsError('expired', 'the facts have ended');
    await assertIssued(parts, found, state, now);
    return found;
  }

  return {
    publish: async (agentId, credential, issuers = []) =>
      place(agentId, await noteOf(agentId, credential, issuers, 0)),
    publishOwn: async (agentId, facts, validity = validitySecondsDefault) =>
      place(agentId, await noteOf(agentId, await sign(agentId, facts, validity), [], validity)),
    sign,
    read,
    async list() {
      const now = nowSeconds();
      const all = await (await shelf()).all();
      return all.filter((one) => one.validUntil > now || one.isSignedHere);
    },
    remove: (agentId) => inTurn(async () => (await shelf()).remove(agentId)),
    search: async (query) => (await shelf()).index.search(query),
    async statementSigner(agentId) {
      const signer = await parts.findSigner(agentId);
      return signer === null ? null : statementSignerOf(signer);
    },
  };
}

function notHosted(agentId: AgentId): FactsError {
  return new FactsError('not-hosted', `this node hosts no facts of ${formatAgentId(agentId)}`);
}

/** The state of an agent that may speak; null when the network does not tell: readers verify for themselves. */
async function stateOf(
  { resolve }: FactsHostParts,
  agentId: AgentId,
  code: 'issuer-not-active' | 'subject-not-active',
): Promise<AgentState | null> {
  const resolution = await resolve(agentId).catch((error: unknown) => {
    if (isProtocolError(error)) return null;
    throw error;
  });
  const { state = null, status } = resolution ?? {};
  if (resolution === null || state === null || status === 'rolled-back') return null;
  return activeState(resolution, code);
}

/** Who signed may still, as far as the network tells; and took nothing back. @throws FactsError */
async function assertIssued(
  parts: FactsHostParts,
  { agentId, issuer, verificationMethod, created, digest, credential }: ShelvedFacts,
  subject: AgentState | null,
  now: number,
): Promise<void> {
  const isOwn = issuer === formatAgentDid(agentId);
  const isAgent = isOwn || issuer.startsWith('did:nanda:');
  const state = isOwn || !isAgent ? subject : await stateOf(parts, parseAgentId(issuer), 'issuer-not-active');
  if (isAgent && state !== null)
    keyOfAgent(state, verificationMethod, { created, now }, grantsIn(credential));
  assertNotRevoked(digest, [subject, state]);
  await assertStatus(readStatusEntries(credential), issuer, parts.checkStatus).catch((error: unknown) => {
    // A list that is away now: readers look it up for themselves.
    if (!(error instanceof FactsError) || error.code !== 'status-unknown') throw error;
  });
}

function isDue(found: ShelvedFacts, state: AgentState | null, now: number): boolean {
  if (found.validUntil - now < found.validitySeconds * renewAtShare) return true;
  // What a delegate signed ends with its grant; another grant may be here.
  const [grant] = grantsIn(found.credential);
  if (grant !== undefined) return grant.token.expiresAt <= now;
  const key = state?.keyState.signingKey ?? null;
  return key !== null && found.verificationMethod !== methodOfAgent(found.agentId, key);
}

/** Writes one after the other: they share the bounds. */
function createTurns(): <Value>(task: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}

function once(open: () => Promise<FactsShelf>): () => Promise<FactsShelf> {
  let opened: Promise<FactsShelf> | null = null;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}

/** RFC 9562, version 4. */
function uuidOf(random: Uint8Array): string {
  const hex = [...random]
    .map((byte, index) => (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte))
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
