/** Every bound of the resolution workflow and of adaptive resolvers, with its reason. */

/** Agents of which layers are kept; whoever was not asked for longest goes first. */
export const cachedAgentsMax = 2000;
/** What the kept layers weigh together: facts have up to 64 KiB each. */
export const cachedBytesMax = 16 * 1024 * 1024;
/** Of one agent: a route for each client, skill and region that was asked with. */
export const cachedRoutesMax = 16;
export const cachedNamesMax = 2000;

/** Resolutions under way at once in one node; each may hold a socket and 64 KiB. */
export const resolutionsMax = 128;
/** For all steps together. */
export const resolutionTimeoutMs = 10_000;
export const resolutionTimeoutMsMax = 600_000;
/** For one answer of an adaptive resolver: the fallback must still fit into the time of the whole. */
export const resolverTimeoutMs = 2_000;
/** Private registries that are asked before the overlay. */
export const registriesMax = 8;
/** Endpoints that a caller says have just failed. */
export const avoidedMax = 16;

/** Seconds for which a token of an endpoint, and the route that it came with, may stand. */
export const tokenSeconds = { min: 30, max: 60, default: 30 } as const;
/** A token is a line in a header. */
export const tokenBytesMax = 2048;
/** A route with its tokens. */
export const routeBytesMax = 16 * 1024;
export const routeEndpointsMax = 4;
/** Names of clients, nonces, skills, regions: short texts. */
export const shortTextMax = 128;
/** Tokens that an endpoint remembers to refuse a second use: 500 a second for a minute. */
export const rememberedTokensMax = 30_000;

/** What one resolver routes for one agent. */
export const routedEndpointsMax = 64;
export const routingBytesMax = 32 * 1024;
/** Agents that one daemon routes for. */
export const routedAgentsMax = 1000;
/** A report of load counts for so long; who falls silent is asked last. */
export const loadReportSeconds = 30;
/** Buckets of the rate limit: clients of all agents together. */
export const shieldedClientsMax = 20_000;
