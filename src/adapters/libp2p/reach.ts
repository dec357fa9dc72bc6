/**
 * How nodes behind a NAT are met: relaying for them within limits, the step from a relayed connection to a direct one,
 * proof of which addresses can be dialled, and a port asked of a home router. Only Node has these.
 */
import { autoNATv2 } from '@libp2p/autonat-v2';
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { dcutr } from '@libp2p/dcutr';
import { identifyPush } from '@libp2p/identify';
import { uPnPNAT } from '@libp2p/upnp-nat';
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p';
import type { HostOptions } from './host-types.ts';
import { replaceMembers } from './replace-members.ts';

/** A request to relay is two messages; libp2p's own 30 s is a stream held open by who sends neither. */
const hopTimeoutMs = 10_000;
const hopStreamsMax = 8;
/** Nodes behind a NAT renew at half of it; a relay forgets one that is gone after it. */
const reservationMs = 30 * 60_000;

export interface ReachParts {
  readonly transports: NonNullable<Libp2pOptions['transports']>;
  readonly services: ServiceFactoryMap;
}

/** The parts for these wishes; none without any. */
export function reachParts({ reach, listen }: HostOptions): ReachParts {
  if (reach === undefined) return { transports: [], services: {} };
  const { relay, probe, upnp } = reach;
  // Only these learn of an address after others have met them; everybody hears it.
  const isToldLate = probe || upnp || listen.some((address) => address.endsWith('/p2p-circuit'));
  const services: Record<string, unknown> = {
    holePunch: dcutr(),
    laterAddresses: identifyPush({ runOnSelfUpdate: isToldLate }),
  };
  if (relay !== null) {
    services['relay'] = circuitRelayServer({
      hopTimeout: hopTimeoutMs,
      maxInboundHopStreams: hopStreamsMax,
      maxOutboundStopStreams: relay.connectionsMax,
      reservations: {
        maxReservations: relay.reservationsMax,
        reservationTtl: reservationMs,
        defaultDataLimit: BigInt(relay.bytesMax),
        defaultDurationLimit: relay.secondsMax * 1000,
      },
    });
  }
  if (probe) services['reachability'] = withoutRandomWalk(autoNATv2());
  if (upnp) services['portMapping'] = uPnPNAT({ portMappingDescription: 'weft' });
  return {
    transports: [withoutRandomWalk(circuitRelayTransport())],
    services: services as ServiceFactoryMap,
  };
}

/**
 * Both look for strangers to ask by searching kad-dht for random keys, once a minute for as long as they are not content.
 * The peers that a node meets anyhow are told to them by identify.
 */
function withoutRandomWalk<Components extends object, Made>(
  create: (components: Components) => Made,
): (components: Components) => Made {
  const randomWalk = { async *walk(): AsyncGenerator<never> {} };
  return (components) => create(replaceMembers(components, { randomWalk }));
}
