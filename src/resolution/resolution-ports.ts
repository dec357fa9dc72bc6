/** The ports of a resolution over any node: its resolve, the guard of fetches, private registries before the overlay. */
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../core/ed25519.ts';
import { fetchFactsBytes } from '../facts/fetch/facts-source.ts';
import { guardedFetch } from '../facts/fetch/guarded-fetch.ts';
import { createOverlaySource, createRegistrySource } from './index-sources.ts';
import { ResolutionError } from './resolution-error.ts';
import { registriesMax } from './resolution-limits.ts';
import type { ResolutionPorts } from './resolution-types.ts';

export interface ResolutionParts
  extends Pick<ResolutionPorts, 'resolve' | 'resolvePrivately' | 'checkStatus' | 'resolveName' | 'judge'> {
  readonly userAgent: string;
  /** Left out: the rule of the protocol in JavaScript. */
  readonly check?: (check: SignatureCheck) => boolean;
  /** Left out: the system's clock. */
  readonly nowMs?: () => number;
  /** Also addresses of this machine and of private networks; default false. */
  readonly allowPrivate?: boolean;
  /** URLs of private registries, asked in this order before the overlay. They may stand in a private network. */
  readonly registries?: readonly string[];
  /** Whether the overlay is asked at all; default true. */
  readonly overlay?: boolean;
  readonly randomBytes?: (count: number) => Uint8Array;
  /** For facts at `ipfs://`: the blob of a SHA-256 out of the overlay, so that nobody learns who asks where that is said. */
  readonly fetchContent?: (digest: Uint8Array, isPrivate: boolean) => Promise<Uint8Array | null>;
  readonly ipfsGateway?: string;
}

/** @throws ResolutionError `bad-request` for more registries than are asked */
export function createResolutionPorts(parts: ResolutionParts): ResolutionPorts {
  const { resolve, userAgent, registries = [], overlay = true, allowPrivate = false } = parts;
  const { check = checkByRule, nowMs = Date.now, randomBytes = systemRandom } = parts;
  const { resolvePrivately, checkStatus, resolveName, judge, fetchContent, ipfsGateway } = parts;
  if (registries.length > registriesMax)
    throw new ResolutionError('bad-request', `at most ${registriesMax} registries are asked`);
  const fetchWith =
    (isPrivateAllowed: boolean): ResolutionPorts['fetchText'] =>
    (url, { bytesMax, accept, timeoutMs, signal }) =>
      guardedFetch(url, { allowPrivate: isPrivateAllowed, bytesMax, accept, timeoutMs, signal, userAgent });
  const registryParts = { fetchText: fetchWith(true), check, nowMs };
  const strangerParts = { fetchText: fetchWith(allowPrivate), check, nowMs };
  return {
    nowMs,
    randomBytes,
    check,
    resolve,
    sources: [
      ...registries.map((url) => createRegistrySource(url, registryParts)),
      ...(overlay ? [createOverlaySource(resolve, resolvePrivately)] : []),
    ],
    registryAt: (url) => createRegistrySource(url, strangerParts),
    fetchText: strangerParts.fetchText,
    fetchFacts: (url, { timeoutMs, isPrivate }) =>
      fetchFactsBytes(url, {
        ...{ allowPrivate, timeoutMs, userAgent },
        ...(fetchContent !== undefined && { fetchContent: (digest) => fetchContent(digest, isPrivate) }),
        ...(ipfsGateway !== undefined && { ipfsGateway }),
      }),
    ...(resolvePrivately !== undefined && { resolvePrivately }),
    ...(checkStatus !== undefined && { checkStatus }),
    ...(resolveName !== undefined && { resolveName }),
    ...(judge !== undefined && { judge }),
  };
}

function systemRandom(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function checkByRule(check: SignatureCheck): boolean {
  return isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
}
