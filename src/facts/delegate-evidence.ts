/**
 * The grant by which a delegate signs facts: it stands in the credential as evidence, since grants without a slot are in no
 * record. `evidence: [{ type: ['DelegationGrant'], grant: 'weft-grant:…' }]`. Decides which grant may count; that it holds is
 * judged beside the issuer's key log.
 */
import { isProtocolError } from '../core/errors.ts';
import { formatGrant, type Grant, parseGrant } from '../core/identity/delegation-grant.ts';
import type { JsonObject, JsonValue } from './bounded-json.ts';

const evidenceType = 'DelegationGrant';
/** Others are not looked at. */
const grantsMax = 4;

/** What `evidence` says of that grant. */
export function evidenceOf(grant: Grant): JsonObject {
  return { type: [evidenceType], grant: formatGrant(grant) };
}

/** Grants in the evidence of a credential; what is none is left aside. */
export function grantsIn({ evidence }: JsonObject): readonly Grant[] {
  const given =
    evidence === undefined ? [] : Array.isArray(evidence) ? (evidence as readonly JsonValue[]) : [evidence];
  return given
    .flatMap((one) => (isEvidence(one) ? [one.grant] : []))
    .slice(0, grantsMax)
    .flatMap((text) => {
      try {
        return [parseGrant(text)];
      } catch (error) {
        if (isProtocolError(error)) return [];
        throw error;
      }
    });
}

function isEvidence(value: JsonValue): value is { readonly type: JsonValue; readonly grant: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { type, grant } = value as JsonObject;
  const types: readonly (JsonValue | undefined)[] = Array.isArray(type)
    ? (type as readonly JsonValue[])
    : [type];
  return types.includes(evidenceType) && typeof grant === 'string';
}
