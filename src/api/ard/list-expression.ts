/**
 * The `filter` and `orderBy` of `GET /agents` (ARD 0.9, §7.4 and appendix A): `field = 'a,b' AND updatedAfter > '…'`.
 * Fields, operators and words are few, and everything else is refused by name.
 */
import { isInstant } from '../../facts/credential.ts';
import { ApiError } from '../api-error.ts';
import type { JsonObject } from '../views.ts';
import { fits, valuesAt } from './entry-filter.ts';

const clausePattern =
  /^\s*([A-Za-z][A-Za-z0-9.]{0,63})\s*(=|>)\s*(?:'([^']{0,512})'|"([^"]{0,512})"|([^\s'"]{1,512}))\s*$/;
const clausesMax = 8;
const times: Readonly<Record<string, string>> = { createdAfter: 'updatedAt', updatedAfter: 'updatedAt' };
const orders: Readonly<Record<string, string>> = {
  name: 'displayName',
  displayName: 'displayName',
  identifier: 'identifier',
  version: 'version',
  type: 'type',
  updatedAt: 'updatedAt',
  created_at: 'updatedAt',
  createdAt: 'updatedAt',
};

export type EntryTest = (entry: JsonObject) => boolean;

/** @throws ApiError `bad-request` that says what was not understood */
export function parseListFilter(text: string): EntryTest {
  if (text.trim() === '') return () => true;
  const clauses = text.split(/\s+AND\s+/i);
  if (clauses.length > clausesMax)
    throw new ApiError('bad-request', `at most ${clausesMax} clauses in a filter`);
  const tests = clauses.map(parseClause);
  return (entry) => tests.every((test) => test(entry));
}

/** @throws ApiError `bad-request` */
export function parseOrder(text: string): (left: JsonObject, right: JsonObject) => number {
  const keys = text.split(',').map((part) => {
    const [name = '', direction = 'ASC', ...more] = part.trim().split(/\s+/);
    const path = Object.hasOwn(orders, name) ? orders[name] : undefined;
    if (path === undefined || more.length > 0 || !/^(asc|desc)$/i.test(direction))
      throw new ApiError(
        'bad-request',
        `orderBy names one of ${Object.keys(orders).join(', ')}, then ASC or DESC`,
      );
    return { path, sign: /^desc$/i.test(direction) ? -1 : 1 };
  });
  return (left, right) => {
    for (const { path, sign } of keys) {
      const [one = '', other = ''] = [valuesAt(left, path)[0], valuesAt(right, path)[0]];
      if (one !== other) return one < other ? -sign : sign;
    }
    return 0;
  };
}

function parseClause(clause: string): EntryTest {
  const [, field, operator, ...quoted] = clausePattern.exec(clause) ?? [];
  const value = quoted.find((one) => one !== undefined);
  if (field === undefined || value === undefined)
    throw new ApiError('bad-request', `a clause reads field = 'value', not ${clause.trim().slice(0, 60)}`);
  const timed = Object.hasOwn(times, field) ? times[field] : undefined;
  if (timed !== undefined) return after(field, timed, value);
  if (operator !== '=') throw new ApiError('bad-request', `${field} is compared with =`);
  if (field === 'displayName') {
    const part = value.toLowerCase();
    return (entry) => valuesAt(entry, 'displayName').some((name) => name.toLowerCase().includes(part));
  }
  const path = field === 'publisherId' ? 'publisher' : field;
  const wanted = value.split(',').map((one) => one.trim());
  return (entry) => fits(entry, { [path]: wanted });
}

function after(field: string, path: string, value: string): EntryTest {
  const instant = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value;
  if (!isInstant(instant)) throw new ApiError('bad-request', `${field} is compared with a time of ISO 8601`);
  const since = Date.parse(instant);
  return (entry) => valuesAt(entry, path).some((time) => Date.parse(time) > since);
}
