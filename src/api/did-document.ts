/**
 * An agent as a DID document (W3C DID 1.0), with its metadata: `did:nanda` of the id, the signing key as a Multikey, the
 * URLs of the record as services. A frozen agent's document authorises nobody.
 */
import { formatAgentDid } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { pointerFields } from '../core/record/field.ts';
import { materialise } from '../core/record/merge.ts';
import { multikeyOf } from '../facts/multikey.ts';
import { type KeyPeriod, keyPeriods, periodAt } from './history.ts';
import { type JsonObject, timeView } from './views.ts';

const contexts = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'];
const serviceTypes = {
  primary: 'AgentFacts',
  private: 'PrivateAgentFacts',
  adaptive: 'AdaptiveResolver',
} as const;

/** Which version of the document: of now, of a time (seconds since 1970), or by the digest of its key event. */
export type DidVersion = { readonly at: number } | { readonly id: string } | null;

/** What becomes of a resolution. */
export interface DidView {
  readonly status: 200 | 404 | 410;
  readonly document: JsonObject | null;
  readonly metadata: JsonObject;
}

/** The document of that version, from a state that is known. */
export function didView({ state, status }: Resolution & { state: AgentState }, version: DidVersion): DidView {
  const periods = keyPeriods(state.keyState);
  const found = version === null ? periods.at(-1)! : periodOf(state, version);
  if (found === null || found === undefined) return { status: 404, document: null, metadata: {} };
  const isLatest = found === periods.at(-1) || found.event === periods.at(-1)!.event;
  const next = periods[periods.findIndex(({ event }) => event === found.event) + 1];
  const isEnded = found.event.body.type === 'tomb';
  // A fork ends what its last common event authorised; before it that event stood.
  const isFrozen = isLatest && state.keyState.status === 'forked' && version === null;
  const metadata = {
    created: timeView(periods[0]!.from),
    updated: timeView(found.from),
    versionId: found.event.key,
    ...(next !== undefined && { nextUpdate: timeView(next.from), nextVersionId: next.event.key }),
    ...(isEnded && { deactivated: true }),
    ...(isLatest && version === null && { nanda: { status } }),
  };
  const key = isFrozen ? null : found.signingKey;
  const document = documentOf(state, key, isLatest && status === 'ok');
  return { status: isEnded ? 410 : 200, document, metadata };
}

function periodOf({ keyState }: AgentState, version: NonNullable<DidVersion>): KeyPeriod | null | undefined {
  if ('at' in version) return periodAt(keyState, version.at);
  return keyPeriods(keyState).find(({ event }) => event.key === version.id);
}

function documentOf(state: AgentState, key: Uint8Array | null, showsRecord: boolean): JsonObject {
  const id = formatAgentDid(state.agentId);
  const services = showsRecord ? servicesOf(state, id) : [];
  if (key === null) return { '@context': contexts, id };
  const multikey = multikeyOf(key);
  const keyId = `${id}#${multikey}`;
  return {
    '@context': contexts,
    id,
    verificationMethod: [{ id: keyId, type: 'Multikey', controller: id, publicKeyMultibase: multikey }],
    authentication: [keyId],
    assertionMethod: [keyId],
    ...(services.length > 0 && { service: services }),
  };
}

/** Blinded pointers are nobody's to follow, and are left out. */
function servicesOf(state: AgentState, id: string): JsonObject[] {
  const { fields } = materialise(state);
  return pointerFields.flatMap((name) => {
    const { value } = fields[name];
    return typeof value === 'string'
      ? [{ id: `${id}#${name}`, type: serviceTypes[name], serviceEndpoint: value }]
      : [];
  });
}
