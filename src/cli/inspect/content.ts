/** What inspected structures say, as JSON; nothing here judges it. */
import { delegationView, type JsonObject, operationView, revocationView, timeView } from '../../api/views.ts';
import { bytesToHex } from '../../core/bytes.ts';
import type { CapabilityAnnouncement } from '../../core/capability/announcement.ts';
import { formatAgentId } from '../../core/identity/agent-id.ts';
import type { Delegation } from '../../core/identity/delegation.ts';
import { inceptionAgentId, type KeyEvent } from '../../core/identity/key-event.ts';
import type { Revocation } from '../../core/identity/revocation.ts';
import type { NameRecord, NameTarget } from '../../core/name/name-record.ts';
import { type AgentAddr, addrExpiresAt } from '../../core/record/agent-addr.ts';
import type { Bundle } from '../../core/record/bundle.ts';
import { ttlSeconds, validitySeconds } from '../../core/record/durations.ts';
import { pointerFields } from '../../core/record/field.ts';
import type { Operation } from '../../core/record/operation.ts';

/** An event of a key log. */
export function eventContent(event: KeyEvent): JsonObject {
  const { type, issuedAt, ...rest } = event.body;
  const said = Object.entries(rest).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? bytesToHex(value) : value,
  ]);
  return {
    type,
    ...(type === 'icp' && { agentId: formatAgentId(inceptionAgentId(event)) }),
    ...Object.fromEntries(said),
    issuedAt: timeView(issuedAt),
    digest: event.key,
    sizeBytes: event.bytes.length,
  };
}

/** A record, without what the key log would say of it. */
export function addrContent(addr: AgentAddr, urls: readonly string[] = []): JsonObject {
  let next = 0;
  const pointers = pointerFields.map((field) => {
    const pointer = addr.pointers[field];
    if (pointer.kind === 'none') return [field, null] as const;
    if (pointer.kind === 'inline') return [field, { kind: 'inline', url: pointer.url }] as const;
    const url = pointer.kind === 'digest' ? (urls[next++] ?? null) : null;
    return [field, { kind: pointer.kind, digest: bytesToHex(pointer.digest), url }] as const;
  });
  return {
    sizeBytes: addr.bytes.length,
    epoch: addr.epoch,
    slot: addr.slot,
    ttlSeconds: ttlSeconds(addr.ttlCode),
    validitySeconds: validitySeconds(addr.validityCode),
    issuedAt: timeView(addr.issuedAt),
    expiresAt: timeView(addrExpiresAt(addr)),
    pointers: Object.fromEntries(pointers),
    digest: bytesToHex(addr.digest16),
  };
}

/** A token. */
export function delegationContent(token: Delegation): JsonObject {
  return {
    ...delegationView(token),
    issuer: token.depth === 1 ? formatAgentId(token.issuer) : bytesToHex(token.issuer),
    establishment: bytesToHex(token.establishment),
    sizeBytes: token.bytes.length,
  };
}

/** An operation. */
export function operationContent(operation: Operation): JsonObject {
  return { ...operationView(operation), base: bytesToHex(operation.base) };
}

/** A revocation with the chain that proves it. */
export function revocationContent(revocation: Revocation): JsonObject {
  return {
    ...revocationView(revocation),
    establishment: bytesToHex(revocation.establishment),
    chain: revocation.chain.map(delegationContent),
    sizeBytes: revocation.bytes.length,
  };
}

/** What an agent says that it can do. */
export function capabilitiesContent(announcement: CapabilityAnnouncement): JsonObject {
  const { agentId, tags, issuedAt, expiresAt, keyEvents, bytes } = announcement;
  return {
    agentId: formatAgentId(agentId),
    tags,
    issuedAt: timeView(issuedAt),
    expiresAt: timeView(expiresAt),
    keyEvents: keyEvents.map(eventContent),
    sizeBytes: bytes.length,
  };
}

/** What a namespace says of one of its labels. */
export function nameContent(record: NameRecord): JsonObject {
  const { agentId, label, point, meaning, issuedAt, expiresAt, token, keyEvents, bytes } = record;
  const where = (target: NameTarget): string =>
    'agentId' in target ? formatAgentId(target.agentId) : target.url;
  return {
    namespace: formatAgentId(agentId),
    label,
    point: bytesToHex(point),
    ...(meaning.kind === 'target' && { target: where(meaning.target) }),
    ...(meaning.kind === 'withdrawn' && { target: null }),
    ...(meaning.kind === 'profile' && {
      policy: meaning.profile.policy,
      claims: meaning.profile.claims,
      target: meaning.profile.target === null ? null : where(meaning.profile.target),
    }),
    issuedAt: timeView(issuedAt),
    expiresAt: timeView(expiresAt),
    delegation: token === null ? null : delegationContent(token),
    keyEvents: keyEvents.map(eventContent),
    sizeBytes: bytes.length,
  };
}

/** All parts of a bundle or an announcement. */
export function bundleContent(bundle: Bundle): JsonObject {
  return {
    addr: bundle.addr === null ? null : addrContent(bundle.addr, bundle.urls),
    urls: bundle.urls,
    keyEvents: bundle.keyEvents.map(eventContent),
    delegations: bundle.delegations.map(delegationContent),
    operations: bundle.operations.map(operationContent),
    revocations: bundle.revocations.map(revocationContent),
  };
}
