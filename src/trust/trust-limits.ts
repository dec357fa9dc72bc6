/** Every bound on credentials, zones and status lists, with its reason. */

/** One credential beside facts: an audit with its evidence is a few KiB. */
export const credentialBytesMax = 32 * 1024;
/** Years of an accreditation; a tombstone of its issuer is kept for longer than this. */
export const credentialSecondsMax = 366 * 86_400;
/** Less than a message takes to be used. */
export const credentialSecondsMin = 10;
export const credentialSecondsDefault = 30 * 86_400;

/** Credentials judged about one agent at once; each costs a signature check. */
export const presentedMax = 64;
/** Cross-signings between an issuer and a root. */
export const crossSignDepthMax = 4;
/** Links of a chain by hash. */
export const chainDepthMax = 8;

/** A zone policy as text. */
export const policyBytesMax = 64 * 1024;
export const policyRootsMax = 256;
export const policyRulesMax = 32;

/** Bitstring Status List v1.0, §3.4: at least 16 KiB, so that nobody can be told from the list's length. */
export const statusBitsMin = 131_072;
/** 2^20 credentials in 128 KiB. Whoever has more uses several lists. */
export const statusBitsMax = 1_048_576;
/** The signed list as text: a random bitstring does not compress. */
export const statusCredentialBytesMax = 256 * 1024;
/** Seconds for which a list may be kept: what bounds how late its reader is without gossip. */
export const statusTtlSecondsDefault = 300;
export const statusTtlSecondsMax = 3600;
/** What somebody signed is valid for so many times its ttl, so that a silent host shows as such. */
export const statusLivesPerTtl = 2;
/** Lists that a verifier keeps, up to 128 KiB each. */
export const statusListsKeptMax = 64;

/** Credentials that one node has issued and keeps, about 2 KiB each on disk. */
export const issuedMax = 20_000;
/** Status lists of one node: a million credentials at 16 KiB each. */
export const statusListsMax = 64;

/** Revocations that stand in the bundle of an issuer at once for credentials; the rest stays free for delegations. */
export const pushedRevocationsMax = 12;

/** What a verifier holds as accepted: a digest, an issuer and an end each. */
export const acceptedMax = 10_000;
/** Revocations that a verifier remembers, the end soonest first to go when it is full. */
export const seenRevocationsMax = 100_000;
/** Issuers that a verifier listens to. */
export const watchedIssuersMax = 1_000;

/** A presentation is for now. */
export const presentationSecondsMax = 300;
export const presentationBytesMax = 128 * 1024;
/** Presentations remembered until they end, so that none counts twice. */
export const presentationsSeenMax = 10_000;
/** Other views of one agent's facts. */
export const factsViewsMax = 8;
