/** The key space as a circle: where a place stands, from 0 at the top, clockwise. */

/** A place as a part of the whole circle, 0 to 1. */
export function turnOf(place: string): number {
  return Number.parseInt(place.slice(0, 8).padEnd(8, '0'), 16) / 0x1_0000_0000;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Around the origin. */
export function pointAt(turn: number, radius: number): Point {
  const angle = turn * 2 * Math.PI;
  return { x: Math.sin(angle) * radius, y: -Math.cos(angle) * radius };
}

/** A curve between two points on a circle, drawn in towards the middle: the further they are apart, the more. */
export function threadPath(from: Point, to: Point, radius: number): string {
  const apart = Math.hypot(to.x - from.x, to.y - from.y) / (2 * radius);
  const pull = (0.82 - 0.5 * apart) / 2;
  const bend = { x: (from.x + to.x) * pull, y: (from.y + to.y) * pull };
  const say = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${say(from)}Q${say(bend)} ${say(to)}`;
}

/** Where the records of an agent stand: SHA-256 of its id. Null where the browser has no SHA-256 (plain HTTP, not loopback). */
export async function placeOfAgent(agentId: string): Promise<string | null> {
  const bytes = agentBytes(agentId);
  if (bytes === null || globalThis.crypto?.subtle === undefined) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** The 32 bytes behind `nanda:` and 52 letters of base 32. */
function agentBytes(agentId: string): Uint8Array<ArrayBuffer> | null {
  const text = agentId.replace(/^(did:)?nanda:/, '');
  if (!/^[a-z2-7]{52}$/.test(text)) return null;
  const bytes = new Uint8Array(32);
  let bits = 0;
  let value = 0;
  let index = 0;
  for (const letter of text) {
    value = (value << 5) | letters.indexOf(letter);
    bits += 5;
    if (bits < 8 || index === bytes.length) continue;
    bits -= 8;
    bytes[index++] = (value >>> bits) & 0xff;
    value &= (1 << bits) - 1;
  }
  return bytes;
}
