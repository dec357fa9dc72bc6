/** Every bound on queries, with its reason. */

/** Agents that are looked at for one query, as many as one search of the overlay shows. */
export const candidatesMax = 100;
/** Resolves and fetches under way at once for one query. */
export const checksAtOnce = 8;
/** Facts that are fetched for one query: at 64 KiB each 2 MiB. */
export const fetchesMax = 32;
/** Of one fetch: a slow host costs a part of the query, not all of it. */
export const fetchTimeoutMs = 3_000;

/** Agents that a node remembers having seen. */
export const seenAgentsMax = 4_096;
/** Of their facts, as text; what the index makes of the words is a few times as much. */
export const seenBytesMax = 2 * 1024 * 1024;
