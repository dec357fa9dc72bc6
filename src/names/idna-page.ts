/**
 * IDNA as far as a page has it: its URL parser tells the ASCII form of a host, and nobody how one reads. A name of another
 * script has no second spelling to be compared with there, and is refused.
 */

/** In ASCII, or '' when it has no such form. */
export function toAscii(host: string): string {
  const url = `ws://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** As it stands. */
export const toReadable = (host: string): string => host;
