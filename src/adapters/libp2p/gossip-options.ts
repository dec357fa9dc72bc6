/** How gossipsub runs here: message ids, limits, mesh degrees, and what a neighbour's score is made of. */
import { type GossipsubOpts, StrictNoSign } from '@libp2p/gossipsub';
import { bytesToHex } from '../../core/bytes.ts';
import { digest } from '../../core/hash.ts';
import { announcementBytesMax } from '../../core/limits.ts';
import type { NetworkProfile } from './host-types.ts';

const messageIdBytes = 20;
/** One RPC may carry several messages. */
const rpcBytesMax = 1024 * 1024;
/** What a neighbour may leave unread before its stream is reset; the watchdog opens a new one. */
const unreadBytesMax = 4 * 1024 * 1024;

/** Agents behind one NAT are normal; beyond so many of one address a public node begins to doubt. */
const publicColocationThreshold = 32;

/** Message id: SHA-256(data)[0..20] (protocol §5), computed once for a message although gossipsub asks twice. */
export function createMessageIds(): { readonly idOf: (data: Uint8Array) => Uint8Array } {
  let lastData: Uint8Array | null = null;
  let lastId = new Uint8Array(0);
  return {
    idOf(data) {
      if (data === lastData) return lastId;
      lastId = digest(data).slice(0, messageIdBytes);
      lastData = data;
      return lastId;
    },
  };
}

/** Options for gossipsub 17. */
export function gossipOptions(options: {
  readonly profile: NetworkProfile;
  readonly topics: readonly string[];
  readonly heartbeatMs: number;
  /** A neighbour sent a message, known or not. */
  readonly copyReceived?: (() => void) | undefined;
}): Partial<GossipsubOpts> {
  const { profile, topics, heartbeatMs, copyReceived } = options;
  const ids = createMessageIds();
  return {
    globalSignaturePolicy: StrictNoSign,
    // Both must be synchronous, or a message is handled twice.
    msgIdFn: ({ data }) => ids.idOf(data ?? new Uint8Array(0)),
    // Asked once for each copy that arrives, and for nothing else.
    fastMsgIdFn: ({ data }) => {
      copyReceived?.();
      return bytesToHex(ids.idOf(data ?? new Uint8Array(0)));
    },
    fallbackToFloodsub: false,
    emitSelf: false,
    floodPublish: true,
    batchPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    doPX: false,
    D: 6,
    Dlo: 5,
    Dhi: 12,
    Dscore: 4,
    Dout: 2,
    // Whoever is outside a mesh (a fresh node whose one neighbour has a full one) is told of each message on several
    // heartbeats. Every telling is a frame: at twice these numbers one message cost 60 nodes over a second of CPU.
    Dlazy: 6,
    gossipFactor: 0.25,
    mcacheLength: 12,
    mcacheGossip: 4,
    heartbeatInterval: heartbeatMs,
    // A node that restarts is in its neighbours' backoff: shorter than the usual minute.
    pruneBackoff: 10_000,
    unsubcribeBackoff: 5_000,
    graftFloodThreshold: 5_000,
    allowedTopics: [...topics],
    maxTopicBytesPerPeer: 64 * 1024,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    maxInboundDataLength: rpcBytesMax,
    maxOutboundBufferSize: unreadBytesMax,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 1024,
      maxIhaveMessageIDs: 5000,
      maxIwantMessageIDs: 5000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 256,
      maxPeerInfos: 16,
    },
    scoreParams: scoreParameters(profile, topics),
    scoreThresholds: {
      gossipThreshold: -40,
      publishThreshold: -60,
      graylistThreshold: -100,
      acceptPXThreshold: 1000,
      opportunisticGraftThreshold: 1,
    },
  };
}

/** True for a message that no validator needs to look at. */
export function isOversized(data: Uint8Array): boolean {
  return data.length > announcementBytesMax;
}

/**
 * A neighbour gains by staying and by bringing news first, and loses by what the validator rejects and by breaking
 * the mesh's own rules. Nothing expects a rate of messages: silence is the normal state of revocation.
 */
function scoreParameters(
  profile: NetworkProfile,
  topics: readonly string[],
): NonNullable<GossipsubOpts['scoreParams']> {
  const topic = {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1000,
    timeInMeshCap: 300,
    firstMessageDeliveriesWeight: 0.5,
    firstMessageDeliveriesDecay: 0.95,
    firstMessageDeliveriesCap: 20,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    // Squared: the tenth rejected message within a few minutes is the last that is looked at.
    invalidMessageDeliveriesWeight: -1,
    invalidMessageDeliveriesDecay: 0.98,
  };
  return {
    topics: Object.fromEntries(topics.map((name) => [name, topic])) as NonNullable<
      GossipsubOpts['scoreParams']['topics']
    >,
    topicScoreCap: 40,
    IPColocationFactorWeight: profile === 'private' ? 0 : -1,
    IPColocationFactorThreshold: publicColocationThreshold,
    behaviourPenaltyWeight: -1,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: 0.9,
    decayInterval: 1000,
    decayToZero: 0.01,
    // A peer that reconnects keeps its bad name for so long.
    retainScore: 600_000,
  };
}
