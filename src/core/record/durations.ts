/**
 * The two 4-bit tables of durations in an AgentAddr (§2): `ttl`, how long a cache may answer, and `validity`, the
 * hard end after iat. Decides the codes; does not decide what is expired.
 */
import { ProtocolError } from '../errors.ts';

/** Seconds by ttl code. */
export const ttlSecondsByCode: readonly number[] = [
  0, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800,
];

/** Hours by validity code. */
export const validityHoursByCode: readonly number[] = [
  1, 2, 3, 6, 12, 18, 24, 36, 48, 60, 72, 96, 120, 144, 156, 168,
];

/** One hour: what most records are cached for. */
export const ttlCodeDefault = 10;
/** 48 hours: two publishers' nights before a record that nobody refreshes ends. */
export const validityCodeDefault = 8;
export const durationCodeMax = 15;

/** Seconds of a ttl code. @param code 0..15. Throws `bad-argument` on another. */
export function ttlSeconds(code: number): number {
  return entry(ttlSecondsByCode, code, 'ttl');
}

/** Seconds of a validity code. @param code 0..15. Throws `bad-argument` on another. */
export function validitySeconds(code: number): number {
  return entry(validityHoursByCode, code, 'validity') * 3600;
}

/** The code of the longest ttl that is not longer than so many seconds; 0 for less than 5. */
export function ttlCodeFor(seconds: number): number {
  return longestWithin(ttlSecondsByCode, seconds, 'ttl');
}

/** The code of the longest validity that is not longer than so many seconds; 0 (one hour) for less than two hours. */
export function validityCodeFor(seconds: number): number {
  return longestWithin(validityHoursByCode, seconds / 3600, 'validity');
}

function entry(table: readonly number[], code: number, name: string): number {
  const duration = table[code];
  if (duration === undefined) {
    throw new ProtocolError('bad-argument', `a ${name} code is a whole number in 0..${durationCodeMax}`, {
      code,
    });
  }
  return duration;
}

function longestWithin(table: readonly number[], wanted: number, name: string): number {
  if (!(wanted >= 0)) throw new ProtocolError('bad-argument', `a ${name} is not negative`, { wanted });
  return Math.max(
    0,
    table.findLastIndex((duration) => duration <= wanted),
  );
}
