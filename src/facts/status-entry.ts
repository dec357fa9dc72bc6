/**
 * What `credentialStatus` of a credential says: entries of Bitstring Status List v1.0, in the form that is checked here.
 * Decides shape alone; whether a bit is set is for who can fetch the list (src/trust). Where nobody can, a credential with
 * a status is refused.
 */
import type { JsonObject, JsonValue } from './bounded-json.ts';
import { FactsError } from './facts-error.ts';

export const statusPurposes = ['revocation', 'suspension'] as const;
export type StatusPurpose = (typeof statusPurposes)[number];

export interface StatusEntry {
  readonly purpose: StatusPurpose;
  /** Position in the list, from 0. */
  readonly index: number;
  /** The URL of the list, http or https. */
  readonly list: string;
}

/** Of whose credential which entry; throws FactsError `revoked`, `suspended`, `bad-status`, `status-unknown`. */
export type StatusCheck = (entry: StatusEntry, issuer: string) => Promise<void>;

const entryType = 'BitstringStatusListEntry';
const entriesMax = 4;
/** A list has at most 2^27 bits (src/trust/trust-limits). */
const indexPattern = /^(0|[1-9][0-9]{0,8})$/;
const urlLengthMax = 2048;

/** In the order of the document; none where it has no status. @throws FactsError `unsupported-status`, `bad-status` */
export function readStatusEntries(document: JsonObject): readonly StatusEntry[] {
  const status = document['credentialStatus'];
  if (status === undefined) return [];
  const entries = Array.isArray(status) ? (status as readonly JsonValue[]) : [status];
  if (entries.length === 0 || entries.length > entriesMax)
    throw new FactsError('bad-status', `a credential has 1 to ${entriesMax} status entries`);
  return entries.map(readEntry);
}

/** Every entry says that the credential stands. @throws FactsError `unsupported-status` where nobody can tell */
export async function assertStatus(
  entries: readonly StatusEntry[],
  issuer: string,
  checkStatus: StatusCheck | undefined,
): Promise<void> {
  if (entries.length === 0) return;
  if (checkStatus === undefined)
    throw new FactsError('unsupported-status', 'the credential has a status, which is not checked here');
  for (const entry of entries) await checkStatus(entry, issuer);
}

function readEntry(value: JsonValue): StatusEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FactsError('bad-status', 'a status entry is an object');
  const entry = value as JsonObject;
  if (typeof entry['type'] !== 'string') throw new FactsError('bad-status', 'a status entry has one type');
  if (entry['type'] !== entryType)
    throw new FactsError('unsupported-status', `only a status of the type ${entryType} is checked here`);
  const { id, statusPurpose, statusListIndex, statusListCredential, statusSize } = entry;
  if (id !== undefined && !(typeof id === 'string' && URL.canParse(id)))
    throw new FactsError('bad-status', 'the id of a status entry is one URL');
  if (statusSize !== undefined && statusSize !== 1)
    throw new FactsError('unsupported-status', 'only a status of one bit is checked here');
  const purpose = statusPurposes.find((one) => one === statusPurpose);
  if (purpose === undefined)
    throw new FactsError('unsupported-status', `a status is for ${statusPurposes.join(' or ')}`);
  if (typeof statusListIndex !== 'string' || !indexPattern.test(statusListIndex))
    throw new FactsError('bad-status', 'statusListIndex is a whole number, as text');
  return { purpose, index: Number(statusListIndex), list: listUrl(statusListCredential) };
}

function listUrl(value: JsonValue | undefined): string {
  const isUrl = typeof value === 'string' && value.length <= urlLengthMax && URL.canParse(value);
  if (isUrl && /^https?:\/\//.test(value)) return value;
  throw new FactsError('bad-status', 'statusListCredential is a URL of http or https');
}
