/** Zones as a resolver of the DNS tells of them. */
import { createDnsClient } from './dns-client.ts';
import { parseDnsServers } from './dns-server.ts';
import { createZoneReader, type ZoneReader } from './zone-reader.ts';

/** @param resolver a setting, as parseDnsServers takes it; looked at with the first question */
export function openZones(resolver: string, nowSeconds: () => number): ZoneReader {
  return createZoneReader(createDnsClient({ servers: () => parseDnsServers(resolver), nowSeconds }));
}
