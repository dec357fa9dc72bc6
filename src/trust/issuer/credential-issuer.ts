/**
 * Credentials that agents in custody issue: signed, kept, served, signed again, suspended, revoked. What a reader relies on
 * is written before anybody is told: the status list first, then gossip. Opens nothing until somebody asks.
 */
import { bytesEqual, bytesToHex, hexToBytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';
import { isProtocolError } from '../../core/errors.ts';
import { type AgentId, agentKey, formatAgentDid, formatAgentId } from '../../core/identity/agent-id.ts';
import type { ReasonCode } from '../../core/identity/reason-code.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { currentSignerOf } from '../../facts/host/statement-signer.ts';
import { methodOfAgent } from '../../facts/issuer-keys.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Store } from '../../ports/store.ts';
import { setBit } from '../bitstring.ts';
import { issueCredential } from '../issue-credential.ts';
import { TrustError } from '../trust-error.ts';
import { credentialSecondsDefault, statusTtlSecondsDefault } from '../trust-limits.ts';
import type { IssuedNote, IssuedStatus } from './issued-note.ts';
import { type IssuedShelf, openIssuedShelf } from './issued-shelf.ts';
import type {
  CredentialIssuer,
  CredentialWish,
  IssuedCredential,
  RevocationOutcome,
} from './issuer-types.ts';
import { type PushedDigest, planPush } from './revocation-push.ts';
import { serveStatusList } from './serve-status-list.ts';
import { openStatusShelf, type ShelvedList, type StatusShelf } from './status-shelf.ts';

export interface IssuerParts {
  readonly store: Pick<Store, 'get' | 'write' | 'entries'>;
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  /** The signing key in custody; null when it is not here. */
  readonly findSigner: (agentId: AgentId) => Promise<Signer | null>;
  /** Tells the network that a credential is over; answers how many peers hold it. */
  readonly announceRevocation: (
    agentId: AgentId,
    digest: Uint8Array,
    expiresAtSeconds: number,
    reason: ReasonCode,
  ) => Promise<number>;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

interface Shelves {
  readonly issued: IssuedShelf;
  readonly lists: StatusShelf;
}

/** A credential that renews is signed again when this part of its life is left. */
const renewAtShare = 1 / 4;
const serialBytes = 16;

export function createCredentialIssuer(parts: IssuerParts): CredentialIssuer {
  const { store, clock, entropy } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  let opened: Promise<Shelves> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function shelves(): Promise<Shelves> {
    opened ??= openShelves(store, entropy).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  }

  /** Changes one after the other: they share lists and bounds. */
  function inTurn<Value>(task: (shelved: Shelves) => Promise<Value>): Promise<Value> {
    const next = last.then(async () => task(await shelves()));
    last = next.catch(() => undefined);
    return next;
  }

  async function noteOf({ issued }: Shelves, agentId: AgentId, name: string): Promise<IssuedNote> {
    const found = await issued.find(agentKey(agentId), name);
    if (found !== undefined) return found;
    throw new TrustError('not-issued', `this node issued no credential ${name} by ${formatAgentId(agentId)}`);
  }

  async function issue(agentId: AgentId, wish: CredentialWish, base: string): Promise<IssuedCredential> {
    const signer = await currentSignerOf(parts, agentId);
    return inTurn(async ({ issued, lists }) => {
      const id = formatAgentId(agentId);
      const serial = bytesToHex(entropy.randomBytes(serialBytes));
      const taken = (wish.status ?? ['revocation']).map((purpose) => ({
        purpose,
        ...lists.take(agentKey(agentId), purpose, (number) => `${base}/status/${id}/${number}`),
      }));
      const now = nowSeconds();
      const validitySeconds = wish.validitySeconds ?? credentialSecondsDefault;
      const draft = {
        ...{
          serial,
          agent: agentKey(agentId),
          types: wish.types,
          subject: wish.subject,
          claims: wish.claims,
        },
        ...{ links: wish.links ?? [], url: `${base}/credentials/${id}/${serial}`, validitySeconds },
        ...{ renews: wish.renews ?? false, endsAt: now + validitySeconds, issuedAt: now, isSuspended: false },
        status: taken.map(
          ({ purpose, index, list }): IssuedStatus => ({
            purpose,
            index,
            list: list.url,
            number: list.number,
          }),
        ),
        ...{ revoked: null, versions: [], document: {} },
      } satisfies IssuedNote;
      const note = signVersion(draft, agentId, signer, now);
      await issued.put(
        [note],
        taken.map(({ list }) => lists.writeOf(list)),
        now,
      );
      return shownOf(note);
    });
  }

  /** Signed again where its life is nearly over and it renews, or where the key that signed is no longer the agent's. */
  async function read(agentId: AgentId, serial: string): Promise<IssuedCredential> {
    const note = await noteOf(await shelves(), agentId, serial);
    const now = nowSeconds();
    if (note.revoked !== null) throw new FactsError('revoked', 'the credential was revoked');
    const signer = await dueSigner(note, agentId, now);
    if (signer !== null)
      return inTurn(async (shelved) => {
        const latest = await noteOf(shelved, agentId, serial);
        if (latest.revoked !== null) throw new FactsError('revoked', 'the credential was revoked');
        const again =
          latest.versions.at(-1)?.digest === note.versions.at(-1)?.digest
            ? signVersion(latest, agentId, signer, now)
            : latest;
        if (again !== latest) await shelved.issued.put([again], [], now);
        return shownOf(again);
      });
    if (note.endsAt <= now) throw new FactsError('expired', 'the credential has ended');
    return shownOf(note);
  }

  async function dueSigner(note: IssuedNote, agentId: AgentId, now: number): Promise<Signer | null> {
    const proof = note.document['proof'] as { readonly verificationMethod: string };
    try {
      const { state } = await parts.resolve(agentId);
      const key = state?.keyState.signingKey ?? null;
      const isRekeyed = key !== null && proof.verificationMethod !== methodOfAgent(agentId, key);
      const isLate = note.renews && note.endsAt - now < note.validitySeconds * renewAtShare;
      if (!isLate && !(isRekeyed && note.endsAt > now)) return null;
      return await currentSignerOf(parts, agentId);
    } catch (error) {
      // The key is elsewhere now, or the network silent: what stands is shown while it lasts.
      if (error instanceof FactsError || isProtocolError(error)) return null;
      throw error;
    }
  }

  async function revoke(
    agentId: AgentId,
    names: readonly string[],
    reason: ReasonCode,
  ): Promise<RevocationOutcome> {
    const { state } = await parts.resolve(agentId);
    const standing = (state?.revocations ?? []).filter(({ kind }) => kind === 'credential');
    const plan = await inTurn(async (shelved) => {
      const { issued, lists } = shelved;
      const now = nowSeconds();
      const found = await Promise.all(names.map((name) => noteOf(shelved, agentId, name)));
      const notes = [...new Map(found.map((note) => [note.serial, note])).values()];
      const touched = listsOf(lists, notes, 'revocation');
      const { kind, digests } = planPush(notes, touched, standing.length, now);
      setBits(lists, notes, 'revocation', true);
      const revoked = notes.map((note) => ({ ...note, revoked: note.revoked ?? { at: now, reason } }));
      await issued.put(revoked, touched.map(lists.writeOf), now);
      return { kind, digests, revoked, hasLists: revoked.every(({ status }) => status.length > 0) };
    });
    const known = standing.map(({ target }) => target);
    const fresh = plan.digests.filter(
      ({ digest }) => !known.some((target) => bytesEqual(target, hexToBytes(digest))),
    );
    const acknowledgements = await tell(agentId, fresh, reason);
    return {
      revoked: plan.revoked.map(shownOf),
      pushed: plan.kind,
      acknowledgements,
      lateSecondsMax: plan.hasLists ? statusTtlSecondsDefault : null,
    };
  }

  /** The fewest peers that hold one of them. */
  async function tell(
    agentId: AgentId,
    digests: readonly PushedDigest[],
    reason: ReasonCode,
  ): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (const { digest, expiresAtSeconds } of digests) {
      const held = await parts.announceRevocation(agentId, hexToBytes(digest), expiresAtSeconds, reason);
      least = Math.min(least, held);
    }
    return Number.isFinite(least) ? least : 0;
  }

  async function suspend(agentId: AgentId, name: string, isSuspended: boolean): Promise<IssuedCredential> {
    return inTurn(async (shelved) => {
      const { issued, lists } = shelved;
      const note = await noteOf(shelved, agentId, name);
      if (!note.status.some(({ purpose }) => purpose === 'suspension'))
        throw new TrustError('no-status', 'the credential has no place in a status list for suspension');
      setBits(lists, [note], 'suspension', isSuspended);
      const changed = { ...note, isSuspended };
      await issued.put([changed], listsOf(lists, [note], 'suspension').map(lists.writeOf), nowSeconds());
      return shownOf(changed);
    });
  }

  return {
    issue,
    read,
    revoke,
    suspend,
    async find(agentId, name) {
      const found = await (await shelves()).issued.find(agentKey(agentId), name);
      return found === undefined ? undefined : shownOf(found);
    },
    async list(agentId) {
      const notes = await (await shelves()).issued.list(agentKey(agentId));
      return notes.toSorted((left, right) => left.issuedAt - right.issuedAt).map(shownOf);
    },
    statusList: (agentId, number) =>
      inTurn(async ({ lists }) => {
        const list = lists.get(agentKey(agentId), number);
        if (list === undefined) throw new TrustError('not-issued', 'this node has no such status list');
        return serveStatusList(list, {
          ...parts,
          agentId,
          nowSeconds: nowSeconds(),
          write: () => store.write([lists.writeOf(list)]),
        });
      }),
  };
}

async function openShelves(store: IssuerParts['store'], entropy: Entropy): Promise<Shelves> {
  const [issued, lists] = await Promise.all([openIssuedShelf(store), openStatusShelf(store, entropy)]);
  return { issued, lists };
}

/** The note with a new present version: to the same end, or for another life where it renews. */
function signVersion(note: IssuedNote, agentId: AgentId, signer: Signer, now: number): IssuedNote {
  const endsAt = note.renews ? now + note.validitySeconds : note.endsAt;
  const { document, digest, validUntil } = issueCredential(
    { ...note, id: note.url, ...(note.renews && { refreshAt: note.url }) },
    {
      issuer: formatAgentDid(agentId),
      verificationMethod: methodOfAgent(agentId, signer.publicKey),
      signer,
      nowSeconds: now,
      validitySeconds: endsAt - now,
    },
  );
  const versions = note.versions.filter((version) => version.validUntil > now);
  return { ...note, document, endsAt, versions: [...versions, { digest, validUntil }] };
}

function listsOf(
  lists: StatusShelf,
  notes: readonly IssuedNote[],
  wanted: IssuedStatus['purpose'],
): readonly ShelvedList[] {
  const found = notes.flatMap(({ agent, status }) =>
    status.flatMap(({ purpose, number }) => (purpose === wanted ? [lists.get(agent, number)!] : [])),
  );
  return [...new Set(found)];
}

function setBits(
  lists: StatusShelf,
  notes: readonly IssuedNote[],
  wanted: IssuedStatus['purpose'],
  isOn: boolean,
): void {
  for (const { agent, status } of notes) {
    for (const { purpose, number, index } of status) {
      const list = purpose === wanted ? lists.get(agent, number) : undefined;
      if (list === undefined) continue;
      setBit(list.bits, index, isOn);
      list.signed = null;
    }
  }
}

function shownOf(note: IssuedNote): IssuedCredential {
  const { serial, document, types, subject, url, renews, isSuspended, revoked, status, versions, endsAt } =
    note;
  return {
    ...{ serial, document, types, subject, url, renews, isSuspended, revoked },
    digest: versions.at(-1)!.digest,
    validFrom: Math.floor(Date.parse(document['validFrom'] as string) / 1000),
    validUntil: endsAt,
    hasStatus: status.length > 0,
  };
}
