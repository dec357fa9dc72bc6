/** Numbers as a line of text bound to a key: `<base 36>.<base 36>….<CRC-32 of key and numbers, base 36>`. */
import { crc32 } from 'node:zlib';

const radix = 36;

export function encodeNumbers(key: string, numbers: readonly number[]): string {
  const line = numbers.map((number) => number.toString(radix)).join('.');
  return `${line}.${checksum(key, line)}`;
}

/** So many numbers, or null when the line is not one that was written for this key. */
export function decodeNumbers(key: string, text: string, count: number): readonly number[] | null {
  const end = text.lastIndexOf('.');
  const line = text.slice(0, Math.max(0, end));
  if (end < 0 || text.slice(end + 1) !== checksum(key, line)) return null;
  const numbers = line.split('.').map((part) => Number.parseInt(part, radix));
  return numbers.length === count ? numbers : null;
}

function checksum(key: string, line: string): string {
  return crc32(line, crc32(key)).toString(radix);
}
