/**
 * Somebody who accepts credentials: verifies them, listens to their issuers from then on, and lets go of what is revoked in
 * the moment in which it is heard. Runs over a full node or a light node alike. What it has seen revoked it never takes
 * again. Bounds: credentials held, issuers listened to, revocations remembered.
 */
import { bytesToHex } from '../../core/bytes.ts';
import type { SignatureCheck } from '../../core/ed25519.ts';
import { type AgentId, formatAgentDid, parseAgentId } from '../../core/identity/agent-id.ts';
import { FactsError } from '../../facts/facts-error.ts';
import type { StatusCheck } from '../../facts/status-entry.ts';
import type { VerifiedFacts } from '../../facts/verify-facts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { readTrustCredential } from '../credential.ts';
import { judge } from '../judge.ts';
import type { ReputationProvider } from '../reputation.ts';
import { createStatusChecker } from '../status-checker.ts';
import { acceptedMax } from '../trust-limits.ts';
import type { TrustVerdict } from '../verdict.ts';
import { type CredentialContext, type VerifiedCredential, verifyCredential } from '../verify-credential.ts';
import type { ZonePolicy } from '../zone-policy.ts';
import { createIssuerWatch } from './issuer-watch.ts';
import { openSeenRevocations } from './seen-revocations.ts';
import type { HeardChange, TrustNetwork } from './trust-network.ts';

export interface TrustVerifierParts {
  readonly network: TrustNetwork;
  /** The one verification rule, key admission included. */
  readonly check: (check: SignatureCheck) => boolean;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Where revocations are remembered; left out: in memory. */
  readonly store?: Pick<Store, 'write' | 'entries'>;
  /** Fetches a status list past a guard; left out: credentials with a status are refused. */
  readonly fetch?: (url: string) => Promise<Uint8Array>;
  /** Hears of what went wrong while nobody waited: a store that does not write, a watch that ended. */
  readonly failed?: (error: unknown) => void;
}

/** One that is held no longer. */
export interface DroppedCredential {
  readonly digest: string;
  readonly issuer: string;
  /** `issuer-changed`: new keys, or the end of the issuer. `status-list`: its list is to be read anew. `forgotten`: no room. */
  readonly why: 'revoked' | 'issuer-changed' | 'status-list' | 'forgotten';
}

export interface TrustVerifier {
  /** Verified now, held and listened for from now on. @throws FactsError */
  accept(document: unknown): Promise<VerifiedCredential>;
  /** True while it was accepted, nothing is heard against it and it has not ended. */
  holds(digest: string): boolean;
  held(): readonly VerifiedCredential[];
  /** A zone's verdict; what counts for it is held and listened for. @throws TrustError `too-many-credentials` */
  judge(
    policy: ZonePolicy,
    agentId: AgentId,
    facts: VerifiedFacts | null,
    credentials: readonly unknown[],
    reputation?: ReputationProvider,
  ): Promise<TrustVerdict>;
  /** Calls back in the turn in which a credential is let go. Returns what ends it. */
  onDropped(listener: (dropped: DroppedCredential) => void): () => void;
  /** What verifying stands on, for verifyFacts and the like. */
  context(): CredentialContext;
  /** Undefined where nothing may be fetched. */
  readonly checkStatus: StatusCheck | undefined;
  readonly issuersWatched: number;
  stop(): void;
}

/** A change while it was verified: it is verified again, so often. */
const attemptsMax = 3;

/** Reads what was remembered. @throws StoreError */
export async function createTrustVerifier(parts: TrustVerifierParts): Promise<TrustVerifier> {
  const { network, clock, fetch, failed = () => {} } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const seen = await openSeenRevocations(parts.store ?? null, nowSeconds());
  /** The longest held first. */
  const held = new Map<string, VerifiedCredential>();
  const listeners = new Set<(dropped: DroppedCredential) => void>();
  const base = (): Omit<CredentialContext, 'checkStatus'> => ({
    resolve: network.resolve,
    check: parts.check,
    nowSeconds: nowSeconds(),
    isRevoked: seen.has,
  });
  const statuses = fetch === undefined ? null : createStatusChecker({ fetch, context: base });
  const checkStatus = statuses?.check;
  const context = (): CredentialContext => ({ ...base(), ...(checkStatus && { checkStatus }) });
  const issuers = createIssuerWatch({
    watch: network.watch,
    heard,
    forgotten: (issuer) => dropAll(issuer, 'forgotten', () => true),
    failed,
  });

  function drop(digest: string, why: DroppedCredential['why']): void {
    const gone = held.get(digest);
    if (gone === undefined) return;
    held.delete(digest);
    for (const listener of listeners) listener({ digest, issuer: gone.issuer, why });
  }

  function dropAll(
    issuer: string,
    why: DroppedCredential['why'],
    isMeant: (one: VerifiedCredential) => boolean,
  ): void {
    for (const one of [...held.values()]) if (one.issuer === issuer && isMeant(one)) drop(one.digest, why);
  }

  function remember(digest: string, issuer: string, until: number): void {
    seen.add(digest, issuer, until, nowSeconds()).catch(failed);
  }

  /** In the turn in which the node accepted it. */
  function heard({ agentId, change, state }: HeardChange): void {
    const issuer = formatAgentDid(agentId);
    for (const { kind, target, expiresAt } of state.revocations) {
      if (kind !== 'credential') continue;
      const digest = bytesToHex(target);
      const known = held.get(digest);
      remember(digest, issuer, Math.max(expiresAt, known?.issuer === issuer ? known.validUntil : 0));
      if (known?.issuer === issuer) drop(digest, 'revoked');
      const list = known === undefined ? (statuses?.drop(digest) ?? null) : null;
      if (list !== null)
        dropAll(issuer, 'status-list', ({ status }) => status.some((entry) => entry.list === list));
    }
    if (change === 'changed' || change === 'delegation-revoked' || change === 'credential-revoked') return;
    statuses?.dropIssuer(issuer);
    dropAll(issuer, 'issuer-changed', () => true);
  }

  async function accept(document: unknown): Promise<VerifiedCredential> {
    const { issuer, digest, validUntil } = readTrustCredential(document);
    const issuerId = issuer.startsWith('did:nanda:') ? parsedAgent(issuer) : null;
    try {
      for (let attempt = 1; ; attempt++) {
        // Listening begins before the look: nothing falls between the two.
        const epoch = issuerId === null ? 0 : issuers.listen(issuer, issuerId);
        const verified = await verifyCredential(document, context());
        if (issuerId !== null && issuers.epoch(issuer) !== epoch && attempt < attemptsMax) continue;
        if (seen.has(digest, issuer)) throw new FactsError('revoked', 'the credential was revoked');
        hold(verified);
        return verified;
      }
    } catch (error) {
      // Only what was signed by its issuer gets as far as being revoked.
      if (error instanceof FactsError && error.code === 'revoked') {
        remember(digest, issuer, validUntil);
        drop(digest, 'revoked');
      }
      if (![...held.values()].some((one) => one.issuer === issuer)) issuers.leave(issuer);
      throw error;
    }
  }

  function hold(credential: VerifiedCredential): void {
    held.delete(credential.digest);
    held.set(credential.digest, credential);
    if (held.size <= acceptedMax) return;
    const now = nowSeconds();
    for (const { digest, validUntil } of held.values()) if (validUntil <= now) drop(digest, 'forgotten');
    while (held.size > acceptedMax) drop(held.keys().next().value!, 'forgotten');
  }

  return {
    accept,
    holds: (digest) => (held.get(digest)?.validUntil ?? 0) > nowSeconds(),
    held: () => [...held.values()].filter(({ validUntil }) => validUntil > nowSeconds()),
    async judge(policy, agentId, facts, credentials, reputation) {
      const verdict = await judge(policy, agentId, facts, credentials, {
        ...context(),
        ...(reputation && { reputation }),
      });
      const counted = new Set(verdict.rules.flatMap(({ by }) => by));
      const used = credentials.filter((one) => isCounted(one, counted));
      // One that falls between the two looks is not held, and the verdict is made anew without it.
      const outcomes = await Promise.allSettled(used.map(accept));
      if (outcomes.every(({ status }) => status === 'fulfilled')) return verdict;
      return judge(policy, agentId, facts, credentials, { ...context(), ...(reputation && { reputation }) });
    },
    onDropped(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    context,
    checkStatus,
    get issuersWatched() {
      return issuers.size;
    },
    stop: issuers.stop,
  };
}

function isCounted(document: unknown, counted: ReadonlySet<string>): boolean {
  try {
    return counted.has(readTrustCredential(document).digest);
  } catch (error) {
    if (error instanceof FactsError) return false;
    throw error;
  }
}

/** Null for what is no id: verifying says so. */
function parsedAgent(did: string): AgentId | null {
  try {
    return parseAgentId(did);
  } catch {
    return null;
  }
}
