/** JSON documents from places that others chose: one guarded GET or POST each, bounded in bytes and time. */
import { type JsonObject, parseJsonObject } from '../facts/bounded-json.ts';
import { FactsError } from '../facts/facts-error.ts';
import { factsBytesMax } from '../facts/facts-limits.ts';
import { guardedFetch } from '../facts/fetch/guarded-fetch.ts';

export interface WebDocument {
  readonly document: JsonObject;
  /** Lower case, without parameters. */
  readonly contentType: string;
  /** Where it came from in the end. */
  readonly url: string;
}

/** Null when the place answers, and has nothing of that kind there. @throws FactsError */
export type GetDocument = (
  url: string,
  accept: string,
  /** Posted, where the place is a search. */
  question?: JsonObject,
) => Promise<WebDocument | null>;

const bytesMax = factsBytesMax;
const timeoutMs = 8_000;
/** Answers that mean "not here" rather than "not now". */
const absentStatuses: ReadonlySet<unknown> = new Set([404, 405, 406, 410, 501]);

/** @param rules.allowPrivate also addresses of this machine and of private networks */
export function createGetDocument(rules: {
  readonly allowPrivate: boolean;
  readonly userAgent: string;
}): GetDocument {
  return async (url, accept, question) => {
    let bytes: Uint8Array;
    let contentType: string;
    let from: string;
    try {
      ({
        bytes,
        contentType,
        url: from,
      } = await guardedFetch(url, {
        ...{ ...rules, bytesMax, timeoutMs, accept },
        ...(question !== undefined && { body: JSON.stringify(question) }),
      }));
    } catch (error) {
      if (error instanceof FactsError && absentStatuses.has(error.data['status'])) return null;
      throw error;
    }
    if (!/^application\/(?:[a-z0-9.+-]+\+)?json$/.test(contentType)) return null;
    return { document: parseJsonObject(bytes), contentType, url: from };
  };
}
