/**
 * From the roots of a zone to an issuer, by cross-signings that hold: whose word counts for one type of credential, and
 * under which roots. Bounded by the policy's depth and by what each cross-signing allows below itself.
 */

import { crossSigningType } from './credential.ts';
import type { TrustPath } from './verdict.ts';
import type { VerifiedCredential } from './verify-credential.ts';
import type { ZonePolicy } from './zone-policy.ts';

interface CrossSigning {
  readonly from: string;
  readonly to: string;
  readonly types: readonly string[];
  /** Further cross-signings that may hang below. */
  readonly depth: number;
  readonly validUntil: number;
  readonly digest: string;
}

export interface TrustReach {
  readonly path: TrustPath;
  /** Seconds: when the first cross-signing on the path ends. */
  readonly validUntil: number;
  readonly digests: readonly string[];
}

export interface TrustPaths {
  /** How the issuer is reached, by root; empty: nobody of the zone vouches for it. */
  reach(issuer: string, type: string): ReadonlyMap<string, TrustReach>;
}

interface Place extends TrustReach {
  /** Cross-signings that may still follow. */
  readonly left: number;
}

/** @param credentials those that hold; what is no cross-signing for this zone is passed over */
export function createTrustPaths(policy: ZonePolicy, credentials: readonly VerifiedCredential[]): TrustPaths {
  const signings = credentials.flatMap((credential) => crossSigningOf(policy, credential));
  const placesByType = new Map<string, ReadonlyMap<string, ReadonlyMap<string, Place>>>();

  function placesOf(type: string): ReadonlyMap<string, ReadonlyMap<string, Place>> {
    let places = placesByType.get(type);
    if (places === undefined) {
      places = new Map(rootsOf(policy, type).map((root) => [root, spread(root, type)]));
      placesByType.set(type, places);
    }
    return places;
  }

  /** Whoever may be reached with more left is reached that way: what it allows below is a superset. */
  function spread(root: string, type: string): ReadonlyMap<string, Place> {
    const depthMax = policy.crossSigning?.depthMax ?? 0;
    const start = { path: [root], left: depthMax, validUntil: Number.POSITIVE_INFINITY, digests: [] };
    const places = new Map<string, Place>([[root, start]]);
    const fitting = signings.filter(({ types }) => types.includes(type));
    for (let step = 0; step < depthMax; step++) {
      for (const [at, place] of [...places]) {
        for (const signing of fitting) {
          if (signing.from !== at || place.left < 1) continue;
          const left = Math.min(place.left - 1, signing.depth);
          if ((places.get(signing.to)?.left ?? -1) >= left) continue;
          places.set(signing.to, {
            path: [...place.path, signing.to],
            left,
            validUntil: Math.min(place.validUntil, signing.validUntil),
            digests: [...place.digests, signing.digest],
          });
        }
      }
    }
    return places;
  }

  return {
    reach(issuer, type) {
      const found = new Map<string, TrustReach>();
      for (const [root, places] of placesOf(type)) {
        const place = places.get(issuer);
        if (place !== undefined) found.set(root, place);
      }
      return found;
    },
  };
}

function rootsOf({ roots }: ZonePolicy, type: string): readonly string[] {
  return roots.filter(({ types }) => types === undefined || types.includes(type)).map(({ issuer }) => issuer);
}

function crossSigningOf(policy: ZonePolicy, credential: VerifiedCredential): readonly CrossSigning[] {
  const { types, claims, issuer, subject, validUntil, digest } = credential;
  if (!types.includes(crossSigningType) || claims['zone'] !== policy.zone || issuer === subject) return [];
  const given = claims['types'];
  if (!Array.isArray(given)) return [];
  const allowed = policy.crossSigning?.types;
  const named = given.filter((type): type is string => typeof type === 'string');
  const depth = claims['depth'];
  return [
    {
      from: issuer,
      to: subject,
      types: allowed === undefined ? named : named.filter((type) => allowed.includes(type)),
      depth: typeof depth === 'number' && Number.isInteger(depth) && depth > 0 ? depth : 0,
      validUntil,
      digest,
    },
  ];
}
