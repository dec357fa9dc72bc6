/** The TXT record by which a zone names its agent (docs/protocol.md §7). */

/** The label below which a zone says it. */
export const zoneLabel = '_nanda';

/** What the record says. @param agent the 52 characters of its id */
export function zoneText(agent: string): string {
  return `v=nanda1; aid=${agent}`;
}
