/** The ports of a resolution over any node: its resolve, the guard of fetches, private registries before the overlay. */
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../core/ed25519.ts';
import { fetchFactsBytes, type SourceOptions } from '../facts/fetch/facts-source.ts';
import { guardedFetch } from '../facts/fetch/guarded-fetch.ts';
import { createOverlaySource, createRegistrySource } from './index-sources.ts';
import { ResolutionError } from './resolution-error.ts';
import { registriesMax } from './resolution-limits.ts';
import type { ResolutionPorts } from './resolution-types.ts';

export interface ResolutionParts
  extends Pick<ResolutionPorts, 'resolve' | 'checkStatus' | 'resolveName' | 'judge'> {
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
  /** For facts at `ipfs://`: see facts/fetch/facts-source. */
  readonly fetchContent?: SourceOptions['fetchContent'];
  readonly ipfsGateway?: string;
}

/** @throws ResolutionError `bad-request` for more registries than are asked */
export function createResolutionPorts(parts: ResolutionParts): ResolutionPorts {
  const { resolve, userAgent, registries = [], overlay = true, allowPrivate = false } = parts;
  const { check = checkByRule, nowMs = Date.now, randomBytes = systemRandom } = parts;
  const { checkStatus, resolveName, judge, fetchContent, ipfsGateway } = parts;
  if (registries.length > registriesMax)
    throw new ResolutionError('bad-request', `at most ${registriesMax} registries are asked`);
  const fetchWith =
    (isPrivateAllowed: boolean): ResolutionPorts['fetchText'] =>
    (url, { bytesMax, accept, timeoutMs, signal }) =>
      guardedFetch(url, { allowPrivate: isPrivateAllowed, bytesMax, accept, timeoutMs, signal, userAgent });
  const registryParts = { fetchText: fetchWith(true), check, nowMs };
  return {
    nowMs,
    randomBytes,
    check,
    resolve,
    sources: [
      ...registries.map((url) => createRegistrySource(url, registryParts)),
      ...(overlay ? [createOverlaySource(resolve)] : []),
    ],
    fetchText: fetchWith(allowPrivate),
    fetchFacts: (url, { timeoutMs }) =>
      fetchFactsBytes(url, {
        ...{ allowPrivate, timeoutMs, userAgent },
        ...(fetchContent !== undefined && { fetchContent }),
        ...(ipfsGateway !== undefined && { ipfsGateway }),
      }),
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
