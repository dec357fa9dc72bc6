/** Blobs that storing peers take: canonical JSON of the shape of a credential, of any size. Their proof proves nothing. */
import canonicalize from 'canonicalize';
import { utf8ToBytes } from '../../../src/core/bytes.ts';

export interface ContentChanges {
  readonly [member: string]: unknown;
}

export function contentText(name: string, validUntil: string, changes: ContentChanges = {}): string {
  return canonicalize({
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    type: ['VerifiableCredential', 'AgentFacts'],
    issuer: 'did:nanda:somebody',
    validUntil,
    credentialSubject: { id: 'did:nanda:somebody', label: name },
    proof: { type: 'DataIntegrityProof' },
    ...changes,
  })!;
}

/** @param sizeBytes at least 300; exactly so many */
export function contentBytes(name: string, untilSeconds: number, sizeBytes?: number): Uint8Array {
  const validUntil = new Date(untilSeconds * 1000).toISOString();
  const bytes = utf8ToBytes(contentText(name, validUntil));
  if (sizeBytes === undefined) return bytes;
  return utf8ToBytes(contentText(name + 'x'.repeat(sizeBytes - bytes.length), validUntil));
}
