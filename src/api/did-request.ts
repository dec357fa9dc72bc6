/** What a DID request asks for: the DID, which version, in which representation. Reads text only; resolves nothing. */
import { type AgentId, parseAgentId } from '../core/identity/agent-id.ts';
import type { DidVersion } from './did-document.ts';

/** Errors of DID resolution, with the status that the HTTP binding gives them. */
export const didStatusByError = {
  invalidDid: 400,
  invalidDidUrl: 400,
  notFound: 404,
  representationNotSupported: 406,
  methodNotSupported: 501,
  featureNotSupported: 501,
  internalError: 504,
} as const;
export type DidErrorCode = keyof typeof didStatusByError;

/** Why there is no document. */
export class DidError extends Error {
  readonly code: DidErrorCode;

  constructor(code: DidErrorCode, message: string) {
    super(message);
    this.name = 'DidError';
    this.code = code;
  }
}

export interface DidRequest {
  readonly agentId: AgentId;
  readonly version: DidVersion;
}

const didPattern = /^did:([a-z0-9]+):([A-Za-z0-9._:%-]+)$/;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** A DID, or a DID URL whose only parameters are versions. @throws DidError */
export function readDid(text: string, query: Readonly<Record<string, string | undefined>>): DidRequest {
  const [, did = '', rest = '', parameters = ''] = /^([^?#/;]*)([/;#][^?]*)?(?:\?(.*))?$/.exec(text) ?? [];
  const [, method] = didPattern.exec(did) ?? [];
  if (method === undefined) throw new DidError('invalidDid', 'this is not a DID');
  if (method !== 'nanda') throw new DidError('methodNotSupported', `did:${method} is not resolved here`);
  if (rest !== '') throw new DidError('featureNotSupported', 'paths and fragments are not dereferenced here');
  const { versionTime, versionId, ...others } = {
    ...Object.fromEntries(new URLSearchParams(parameters)),
    ...query,
  };
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new DidError('featureNotSupported', 'of parameters, only versions are known here');
  return { agentId: idOf(did), version: versionOf(versionTime, versionId) };
}

function idOf(did: string): AgentId {
  try {
    return parseAgentId(did);
  } catch {
    throw new DidError('invalidDid', 'did:nanda: is followed by 52 characters of base32');
  }
}

function versionOf(time: string | undefined, id: string | undefined): DidVersion {
  if (time !== undefined && id !== undefined)
    throw new DidError('invalidDidUrl', 'give one of versionTime and versionId');
  if (id !== undefined) return { id };
  if (time === undefined) return null;
  const milliseconds = instantPattern.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new DidError('invalidDidUrl', 'versionTime is not a time');
  return { at: Math.floor(milliseconds / 1000) };
}

/** What goes out: the document alone, or with what is said about it. */
export interface Representation {
  readonly contentType: string;
  readonly isResult: boolean;
}

const result = 'application/did-resolution';
const legacyResult = 'application/ld+json;profile="https://w3id.org/did-resolution"';
const documents: ReadonlySet<string> = new Set([
  'application/did',
  'application/did+ld+json',
  'application/did+json',
  'application/ld+json',
]);

/** The first that fits, by weight, of an Accept header; a result when there is none. @throws DidError */
export function chooseRepresentation(accept: string | undefined): Representation {
  const ranges = (accept ?? '*/*')
    .split(',')
    .map(readRange)
    .filter(({ weight }) => weight > 0);
  for (const { type, profile } of ranges.sort((left, right) => right.weight - left.weight)) {
    if (type === '*/*' || type === 'application/*' || type === result)
      return { contentType: result, isResult: true };
    if (type === 'application/json') return { contentType: 'application/json', isResult: true };
    if (type === 'application/ld+json' && profile.includes('did-resolution'))
      return { contentType: legacyResult, isResult: true };
    if (documents.has(type)) return { contentType: type, isResult: false };
  }
  throw new DidError('representationNotSupported', 'there is no such representation of a DID document here');
}

function readRange(text: string): { type: string; profile: string; weight: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const parameterOf = (name: string): string =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const weight = parameterOf('q') === '' ? 1 : Number(parameterOf('q'));
  return {
    type: type.toLowerCase(),
    profile: parameterOf('profile'),
    weight: Number.isNaN(weight) ? 0 : weight,
  };
}
