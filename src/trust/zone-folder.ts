/** Zone policies by the name of their zone, out of texts that somebody read. */
import { TrustError } from './trust-error.ts';
import { parseZonePolicy, type ZonePolicy } from './zone-policy.ts';

/** By zone. @param texts policy files with their names. @throws TrustError `bad-policy`, naming the file */
export function readZones(
  texts: readonly { readonly file: string; readonly text: string }[],
): ReadonlyMap<string, ZonePolicy> {
  const zones = new Map<string, ZonePolicy>();
  for (const { file, text } of texts) {
    let policy: ZonePolicy;
    try {
      policy = parseZonePolicy(text);
    } catch (error) {
      if (error instanceof TrustError) throw new TrustError('bad-policy', `${file}: ${error.message}`);
      throw error;
    }
    if (zones.has(policy.zone))
      throw new TrustError('bad-policy', `${file}: another file is the zone ${policy.zone} already`);
    zones.set(policy.zone, policy);
  }
  return zones;
}

/** @throws TrustError `no-zone` */
export function zoneNamed(zones: ReadonlyMap<string, ZonePolicy>, name: string): ZonePolicy {
  const policy = zones.get(name);
  if (policy !== undefined) return policy;
  throw new TrustError('no-zone', `no zone ${name.slice(0, 64)} is known here`);
}
