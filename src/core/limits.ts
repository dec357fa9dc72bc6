/** Every bound of the protocol, its unit in the name and its reason beside it. Source: docs/protocol.md. */

/** AgentAddr, signature included (§2). */
export const addrBytesMax = 120;
export const addrHeaderBytes = 8;
export const addrPointersBytesMax = 48;
export const signatureBytes = 64;
export const keyBytes = 32;
export const digestBytes = 32;
export const digest16Bytes = 16;

/** One KEL event, encoded with its signature (§1). */
export const keyEventBytesMax = 384;
/** Events on the chosen log (§1). */
export const keyLogEventsMax = 32;
/** Sequence numbers from here on are for `rec` and `tomb` only, so that a full log can still be recovered (§1). */
export const keyLogRotationSequenceEnd = 28;
/** What a peer keeps or accepts of one agent's events: the chosen log, and two branches that prove a fork (§1). */
export const keyLogRetainedEventsMax = 96;

/** A bundle (§2): the storing peer's unit. */
export const bundleBytesMax = 48 * 1024;
export const bundleRevocationsMax = 16;
/** One token a slot, and that of the signer of a delegate's fence when another one holds its slot (§3). */
export const bundleDelegationsMax = 8;
/** URLs and string values (§3, §4). */
export const urlBytesMax = 255;
export const urlsMax = 3;

/** Operations (§3): the controller and 7 delegates, 8 each. */
export const slotMax = 7;
export const operationsPerSignerMax = 8;
export const operationsMax = 64;
export const operationBytesMax = 512;

/** Delegation tokens (§7). */
export const delegationBytesMax = 320;
export const delegationDepthMax = 3;
/** A grant as it travels: a chain of three tokens. */
export const grantBytesMax = 1024;
/** One revocation with a chain of three tokens is about 830 B (§5). */
export const revocationBytesMax = 1024;
export const delegationSecondsMax = 30 * 86_400;

/** How far ahead of the local clock an iat may lie (§4). */
export const clockSkewSecondsMax = 120;

/** Storing peers of a key, acknowledgements of a put, and distinct responders of a resolve (§4). */
export const replicationCount = 20;
export const replicationSlack = 4;
export const acknowledgementsDefault = 5;
export const respondersMin = 3;
/** Known peers up to which a joining peer connects freely: a neighbourhood, and more than gossip's mesh needs (§4). */
export const peersWantedDefault = 20;
/** Parallel requests of one iterative lookup (§4). */
export const lookupParallelism = 4;

/** One gossip message (§5). */
export const announcementBytesMax = 16 * 1024;
export const gossipTopicCount = 16;
export const gossipMessagesPerSecondPerTopic = 20;
/** Budgets per agent count verified events only (§5). */
export const rotationsBurst = 3;
export const rotationRefillSeconds = 3600;
export const revocationsPerMinute = 10;
export const tombstoneKeptSeconds = 400 * 86_400;

/** Anti-entropy (§6). */
export const syncBucketCount = 256;
export const syncBodiesMax = 1000;
export const syncIntervalSeconds = 300;

/** The longest validity of the table: 168 h (§2). */
export const validityCodeMax = 15;

/** One frame of the record protocol: a batch of bundles or answers. */
export const frameBytesMax = 1024 * 1024;
/** Agents in one find, put or watch. */
export const requestItemsMax = 512;

/** Publishers re-fence at 22 h, storers hand records on hourly (§4). */
export const refenceSeconds = 22 * 3600;
export const handOverSeconds = 3600;

/** Capability announcements (§7): tags are paths, and an announcement stands at each of their prefixes. */
export const capabilityTagsMax = 4;
export const tagBytesMax = 64;
export const tagDepthMax = 4;
export const capabilityHoursMax = 24;
/** A whole key log of 32 events, four tags, a signature. */
export const capabilityBytesMax = 13 * 1024;
/** Kept of one tag by one storing peer, and shown of it in one answer: one rule for the agents of a tag. */
export const capabilitiesPerTagMax = 64;
/** All that one storing peer keeps of announcements, in memory as measured: 10,000 ordinary ones. */
export const capabilityStoreBytesMax = 12 * 1024 * 1024;
/** Announcements in one answer: a few full pages of ordinary ones, never the 64 longest logs. */
export const capabilityAnswerBytesMax = 64 * 1024;
/** Storing peers of a tag that a search asks at least, where there are so many. */
export const capabilityRespondersMin = 5;
/** Agents in one answer of a search. */
export const capabilityHitsMax = 100;

/** AgentFacts in the overlay (§7): what one node hosts of an agent, as one blob at the key of its SHA-256. */
export const contentBytesMax = 64 * 1024;
/** No credential is shorter, and nothing that is as short as a digest can be taken for one. */
export const contentBytesMin = 64;
/** Blobs and digests in one request: most are digests, of what is kept alive. */
export const contentItemsMax = 64;
/** What the smallest counts for: a block of the disk, and a row in memory. Of 64 MiB that is 16,384 rows, 6 MB. */
export const contentRowBytesMin = 4096;
/** Without being sent again it goes; whoever keeps it alive sends it each hour. */
export const contentKeptSeconds = 24 * 3600;
/** Levels of a credential; the schema of AgentFacts needs seven. */
export const contentDepthMax = 16;

/** Private path (§7). Plain text of a sealed question: a find or a fetch and its time, with room to spare. */
export const sealedRequestBytes = 128;
/** Plain text of a sealed answer: a usual record or small facts with 20 contacts, or whatever there is. */
export const sealedAnswerBytes = [8 * 1024, 96 * 1024] as const;
/** Minutes that the time of a sealed question may be off, either way. */
export const sealedMinutesMax = 2;
/** Sealed questions remembered, so that none is answered twice: 3 MB when full. */
export const sealedRemembered = 32_768;

/** Names (§7): a label is one of a DNS name, so that it survives wherever such a name does (RFC 1035). */
export const nameLabelLengthMax = 63;
export const dnsNameLengthMax = 253;
/** DNS names and DIDs that one namespace says are its own. */
export const nameClaimsMax = 4;
/** A week: an owner who is away for some days keeps its names. */
export const nameHoursMax = 168;
/** A whole key log of 32 events, a delegation, four claims and a URL. */
export const nameRecordBytesMax = 15 * 1024;
/** All that one storing peer keeps of names, in memory as measured and as much on its disk: 14,000 ordinary ones. */
export const nameStoreBytesMax = 16 * 1024 * 1024;
