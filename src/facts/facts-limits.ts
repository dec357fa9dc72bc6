/** Every bound on AgentFacts, with its reason. */

/** A credential as text: what the overlay will carry of one, and what a body of the API may have. */
export const factsBytesMax = 64 * 1024;
/** Levels of objects and arrays; the schema needs seven, the rest is for extensions. */
export const jsonDepthMax = 16;
/** Members of one object, or items of one array. */
export const jsonWidthMax = 256;
/** Values of all levels together: 64 KiB of `[0,0,…` would be 32,000. */
export const jsonValuesMax = 8192;

/** Endpoints of one class; who has more balances them behind an adaptive resolver. */
export const endpointsMax = 16;
export const skillsMax = 64;
/** Credentials that facts name beside certification and evaluations. */
export const credentialReferencesMax = 16;
/** Modes, languages, scopes: short lists. */
export const wordsMax = 32;

/** Seconds for which an endpoint of each class may be used, from the one to the other (docs/protocol.md §7). */
export const endpointTtlSeconds = {
  static: { min: 3600, max: 21_600 },
  rotating: { min: 300, max: 900 },
  adaptive: { min: 30, max: 60 },
} as const;
/** Seconds for which a reader may keep the document. */
export const factsTtlSeconds = { min: 30, max: 86_400, default: 3600 } as const;

/** A tombstone is kept for 400 days: facts must not outlive the memory of their end. */
export const validitySecondsMax = 366 * 86_400;
export const validitySecondsDefault = 30 * 86_400;
export const validitySecondsMin = 60;

/** Documents that one node hosts, and their bytes together. */
export const hostedFactsMax = 1000;
export const hostedBytesMax = 16 * 1024 * 1024;

/** Documents of the local index; their words stay in memory. */
export const indexedDocumentsMax = 10_000;
/** What of a search is read. */
export const searchTextMax = 1000;
export const searchTermsMax = 32;
