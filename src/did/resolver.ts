/**
 * `did:nanda` for the npm package `did-resolver`: `new Resolver(getResolver({ url }))`. Asks the API of a weft node; it
 * runs wherever there is `fetch`, and has no dependencies.
 */

/** Where a node answers. */
export interface DidResolverOptions {
  /** Of the API, such as `http://127.0.0.1:4800`. */
  readonly url: string;
  /** Where reads are not open. */
  readonly token?: string;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
}

/** The result as `did-resolver` has it. */
export interface DidResolution {
  didResolutionMetadata: { contentType?: string; error?: string; message?: string };
  // biome-ignore lint/suspicious/noExplicitAny: the type of did-resolver, which is not imported, is as open
  didDocument: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  didDocumentMetadata: Record<string, any>;
}

/** One method of `did-resolver`. */
export type DidMethodResolver = (
  did: string,
  parsed: { readonly query?: string },
  resolver: unknown,
  options: { readonly accept?: string; readonly cache?: boolean },
) => Promise<DidResolution>;

const resultType = 'application/did-resolution';
const parametersPassed = ['versionTime', 'versionId'];

/** The method, by its name. Never rejects: what fails is an `error` in the metadata. */
export function getResolver(options: DidResolverOptions): Record<'nanda', DidMethodResolver> {
  const { url, token, fetch: fetchIt = fetch } = options;
  const base = url.replace(/\/+$/, '');
  const headers = { accept: resultType, ...(token !== undefined && { authorization: `Bearer ${token}` }) };

  return {
    async nanda(did, { query = '' }, _resolver, { cache }) {
      const given = new URLSearchParams(query);
      const parameters = new URLSearchParams();
      for (const name of parametersPassed) {
        const value = given.get(name);
        if (value !== null) parameters.set(name, value);
      }
      if (cache === false) parameters.set('noCache', 'true');
      const question = parameters.size === 0 ? '' : `?${parameters}`;
      try {
        const response = await fetchIt(`${base}/1.0/identifiers/${encodeURIComponent(did)}${question}`, {
          headers,
          redirect: 'error',
        });
        const type = response.headers.get('content-type') ?? '';
        if (type.startsWith(resultType)) return (await response.json()) as DidResolution;
        return failed(`the node answered ${response.status}`);
      } catch (error) {
        return failed(`the node cannot be asked: ${(error as Error).message}`);
      }
    },
  };
}

function failed(message: string): DidResolution {
  return {
    didResolutionMetadata: { error: 'internalError', message },
    didDocument: null,
    didDocumentMetadata: {},
  };
}
