/**
 * Grants over an agent in custody: issued and taken back by the controller, or by a delegate under its own grant. Decides
 * whose key signs and what is kept of grants that no bundle carries; what may be granted is core/author's.
 * Source: docs/protocol.md §5, §7.
 */
import { delegateAgent, revokeDelegation } from '../core/author/grant.ts';
import { grantBelow, revokeBelow, revokeCredential } from '../core/author/subgrant.ts';
import { bytesEqual, bytesToHex } from '../core/bytes.ts';
import { isAdmissiblePublicKey, type Signer, verifyAdmitted } from '../core/ed25519.ts';
import { ProtocolError } from '../core/errors.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import { type Delegation, fieldBits, type Right, rightBits } from '../core/identity/delegation.ts';
import { createGrant, decodeGrant, type Grant } from '../core/identity/delegation-grant.ts';
import { assertGrantHolds, chainStanding } from '../core/identity/delegation-standing.ts';
import { clockSkewSecondsMax, delegationSecondsMax } from '../core/limits.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { slotDelegations } from '../core/record/record-state.ts';
import type { PublishOptions } from '../driver/call-types.ts';
import { NodeError } from '../driver/node-error.ts';
import type { AgentResult, AgentService, GrantWish, KeptGrant, WhichGrant } from './agent-types.ts';
import { grantsMax } from './custody-journal.ts';
import type { CustodySigners } from './custody-signers.ts';
import type { CustodyParts } from './custody-types.ts';
import type { ComposedWrite, WriteBase } from './custody-writes.ts';

export type CustodyDelegation = Pick<
  AgentService,
  'delegate' | 'grant' | 'keepGrant' | 'grants' | 'heldGrant' | 'revokeDelegation' | 'revokeCredential'
>;

interface Parts<Secret> extends Pick<CustodyParts<Secret>, 'journal' | 'entropy' | 'clock'> {
  readonly signers: CustodySigners;
  /** The agent's state as the network has it. */
  base(agentId: AgentId, options?: PublishOptions): Promise<WriteBase>;
  /** After the earlier calls of the same agent. */
  inTurn<Value>(agentId: AgentId, task: () => Promise<Value>, options?: PublishOptions): Promise<Value>;
  write(
    agentId: AgentId,
    compose: (base: WriteBase) => Promise<ComposedWrite>,
    options?: PublishOptions,
  ): Promise<AgentResult>;
}

type Terms = Parameters<AgentService['delegate']>[1];
type Reason = Parameters<AgentService['revokeDelegation']>[2];

const nonceBytes = 8;
/** What has ended is still shown for a day. */
const endedKeptSeconds = 86_400;

export function createCustodyDelegation<Secret>(parts: Parts<Secret>): CustodyDelegation {
  const { journal, entropy, clock, signers, inTurn, write } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const nonce = (): Uint8Array => entropy.randomBytes(nonceBytes);

  async function delegate(
    agentId: AgentId,
    terms: Terms,
    options?: PublishOptions,
  ): Promise<AgentResult & { readonly delegation: Uint8Array; readonly slot: number }> {
    let token: Delegation | null = null;
    const result = await write(
      agentId,
      async (base) => {
        const { signer } = await signers.controllerOf(base.state);
        assertSlotFree(base.state, terms.slot);
        const draft = {
          ...base,
          signer,
          nonce: nonce(),
          ...fieldsOf(terms),
          ...timesOf(terms, base.nowSeconds),
        };
        const made = delegateAgent(draft);
        token = made.token;
        const isCarried = (state: AgentState): boolean =>
          made.token.slot === 0 || state.delegations.some((held) => held.key === made.token.key);
        return { state: made.state, stands: isCarried };
      },
      options,
    );
    const made = token as unknown as Delegation;
    if (made.slot === 0) await inTurn(agentId, () => keep(createGrant([made])), options);
    return { ...result, delegation: made.bytes, slot: made.slot };
  }

  function grant(agentId: AgentId, wish: GrantWish, options?: PublishOptions): Promise<Grant> {
    return inTurn(
      agentId,
      async () => {
        const { state, nowSeconds: now } = await parts.base(agentId, options);
        const { signer, parent } = await issuerOf(state, wish, now);
        const rights = bitsOf(wish.rights);
        const draft = {
          state,
          parent,
          signer,
          audience: wish.audience,
          rights,
          nonce: nonce(),
          nowSeconds: now,
        };
        const made = grantBelow({ ...draft, ...timesOf(wish, now) });
        await keep(made);
        return made;
      },
      options,
    );
  }

  /** The controller where its key is here and current; else the delegate key, under the grant that is named or fits. */
  async function issuerOf(
    state: AgentState,
    { under, rights }: GrantWish,
    now: number,
  ): Promise<{ readonly signer: Signer; readonly parent: Grant | null }> {
    const controller = under === undefined ? await findController(state) : null;
    if (controller !== null) return { signer: controller, parent: null };
    const signer = await signers.signerOf(state.agentId, 'delegate');
    if (under !== undefined) return { signer, parent: under };
    const wanted = bitsOf([...rights, 'sub']);
    const [parent] = await heldGrants(state, signer, now, wanted);
    if (parent !== undefined) return { signer, parent };
    throw new ProtocolError(
      'bad-delegation',
      'this node holds no grant with "sub" that covers these rights now',
    );
  }

  async function findController({ agentId, keyState }: AgentState): Promise<Signer | null> {
    const signer = await signers.findSigner(agentId, 'signing');
    const isCurrent =
      signer !== null && keyState.signingKey !== null && bytesEqual(signer.publicKey, keyState.signingKey);
    return isCurrent ? signer : null;
  }

  /** Those that hold now and have all these rights, the longest first: kept ones, and tokens of the record. */
  async function heldGrants(
    state: AgentState,
    signer: Signer,
    now: number,
    rights: number,
  ): Promise<Grant[]> {
    const kept = (await journal.read(state.agentId)).grants.map(decodeGrant);
    const inRecord = state.delegations.map((token) => createGrant([token]));
    return [...kept, ...inRecord]
      .filter(
        ({ token, chain }) =>
          bytesEqual(token.audience, signer.publicKey) &&
          (rights & ~token.rights) === 0 &&
          chainStanding(chain, state, now).every(({ standing }) => standing === 'holds'),
      )
      .sort((left, right) => right.token.expiresAt - left.token.expiresAt);
  }

  /** In the turn of its agent. */
  async function keep(made: Grant): Promise<void> {
    const note = await journal.read(made.agentId);
    const now = nowSeconds();
    const others = note.grants.filter((bytes) => {
      const { token } = decodeGrant(bytes);
      return token.key !== made.token.key && token.expiresAt + endedKeptSeconds > now;
    });
    const isFull = others.length >= grantsMax;
    const standing = isFull ? others.filter((bytes) => decodeGrant(bytes).token.expiresAt > now) : others;
    await journal.write(made.agentId, { ...note, grants: [...standing, made.bytes].slice(-grantsMax) });
  }

  async function keepGrant(received: Grant, options?: PublishOptions): Promise<KeptGrant> {
    return inTurn(
      received.agentId,
      async () => {
        const { state, nowSeconds: now } = await parts.base(received.agentId, options);
        const checks = assertGrantHolds(received.chain, state, now);
        if (!checks.every((check) => isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check)))
          throw new ProtocolError('bad-signature', 'a signature of the grant does not fit');
        await keep(received);
        return describe(received, await signers.findSigner(received.agentId, 'delegate'));
      },
      options,
    );
  }

  async function grants(agentId: AgentId): Promise<readonly KeptGrant[]> {
    const delegateSigner = await signers.findSigner(agentId, 'delegate');
    return (await journal.read(agentId)).grants.map((bytes) => describe(decodeGrant(bytes), delegateSigner));
  }

  async function heldGrant(agentId: AgentId, right: Right) {
    const signer = await signers.findSigner(agentId, 'delegate');
    if (signer === null) return null;
    const { state, nowSeconds: now } = await parts.base(agentId);
    const [found] = await heldGrants(state, signer, now, rightBits[right]);
    return found === undefined ? null : { grant: found, signer };
  }

  function revokeOne(
    agentId: AgentId,
    which: WhichGrant,
    reason: Reason,
    options?: PublishOptions,
  ): Promise<AgentResult> {
    return write(
      agentId,
      async (base) => {
        const grantMeant = await findGrant(base.state, which);
        const { token } = grantMeant;
        const controller = await findController(base.state);
        const delegateSigner = controller === null ? await signers.findSigner(agentId, 'delegate') : null;
        const state =
          delegateSigner === null
            ? revokeDelegation({
                ...base,
                signer: (await signers.controllerOf(base.state)).signer,
                token,
                reason,
              })
            : revokeBelow({ ...base, signer: delegateSigner, grant: grantMeant, reason });
        return { state, stands: hasRevocation(token.hash) };
      },
      options,
    );
  }

  function revokeOneCredential(
    agentId: AgentId,
    { digest, expiresAtSeconds }: Parameters<AgentService['revokeCredential']>[1],
    reason: Reason,
    options?: PublishOptions,
  ): Promise<AgentResult> {
    return write(
      agentId,
      async (base) => {
        const { state } = base;
        const controller = await findController(state);
        const signer = controller ?? (await signers.findSigner(agentId, 'delegate'));
        const own = signer ?? (await signers.controllerOf(state)).signer;
        const [held] =
          controller !== null ? [] : await heldGrants(state, own, base.nowSeconds, rightBits.revoke);
        if (controller === null && held === undefined)
          throw new ProtocolError('bad-delegation', 'this node holds no grant with "revoke" that holds now');
        const draft = {
          ...base,
          signer: own,
          grant: held ?? null,
          digest,
          expiresAt: expiresAtSeconds,
          reason,
        };
        return { state: revokeCredential(draft), stands: hasRevocation(digest) };
      },
      options,
    );
  }

  /** In the record, among those that are kept and those above them; or the very grant that was given. */
  async function findGrant(state: AgentState, which: WhichGrant): Promise<Grant> {
    if ('grant' in which) return which.grant;
    const kept = (await journal.read(state.agentId)).grants.map(decodeGrant);
    const chains = [
      ...state.delegations.map((token) => [token]),
      ...kept.flatMap(({ chain }) => chain.map((_, index) => chain.slice(0, index + 1))),
    ];
    const inSlot = 'slot' in which ? slotDelegations(state.delegations).get(which.slot) : undefined;
    const found =
      'slot' in which
        ? inSlot === undefined
          ? undefined
          : [inSlot]
        : chains.find((chain) => bytesEqual(chain.at(-1)!.hash, which.hash));
    if (found !== undefined) return createGrant(found);
    const what =
      'slot' in which
        ? `slot ${which.slot} has no delegate`
        : `no delegation ${bytesToHex(which.hash)} is known`;
    throw new NodeError('bad-argument', `${what}: it may be revoked, expired, or void since a rotation`);
  }

  return {
    delegate,
    grant,
    keepGrant,
    grants,
    heldGrant,
    revokeDelegation: revokeOne,
    revokeCredential: revokeOneCredential,
  };
}

function describe(grant: Grant, signer: Signer | null): KeptGrant {
  return { grant, isHeld: signer !== null && bytesEqual(signer.publicKey, grant.token.audience) };
}

function bitsOf(rights: readonly Right[]): number {
  return rights.reduce((bits, right) => bits | rightBits[right], 0);
}

function fieldsOf({ audience, rights, fields, slot }: Terms) {
  return {
    audience,
    rights: bitsOf(rights),
    fieldMask: fields.reduce((bits, field) => bits | fieldBits[field], 0),
    ...(slot === undefined ? {} : { slot }),
  };
}

/** Begins a little before now, for clocks that are behind, within the 30 days. */
function timesOf({ expiresInSeconds }: { readonly expiresInSeconds: number }, nowSeconds: number) {
  const notBefore = nowSeconds - clockSkewSecondsMax;
  if (!(expiresInSeconds > 0)) throw new NodeError('bad-argument', 'a delegation lasts more than 0 seconds');
  const expiresAt = Math.min(nowSeconds + Math.floor(expiresInSeconds), notBefore + delegationSecondsMax);
  return { notBefore, expiresAt };
}

function hasRevocation(target: Uint8Array): (state: AgentState) => boolean {
  return (joined) => joined.revocations.some((revocation) => bytesEqual(revocation.target, target));
}

function assertSlotFree(state: AgentState, slot: number | undefined): void {
  if (slot === undefined || !slotDelegations(state.delegations).has(slot)) return;
  throw new NodeError('slot-taken', `slot ${slot} has a delegate: revoke it first, or leave the slot out`);
}
