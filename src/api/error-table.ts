/**
 * The one table from error codes to what a caller sees: HTTP status, exit code of the command line, what to do.
 * Families are the names of the error classes; a code may mean different things in two of them.
 */

import type { ArchiveErrorCode } from '../archive/archive-error.ts';
import type { AuditErrorCode } from '../audit/audit-error.ts';
import type { ConfigErrorCode } from '../config/config-error.ts';
import type { ProtocolErrorCode } from '../core/errors.ts';
import type { FactsErrorCode } from '../facts/facts-error.ts';
import type { NamesErrorCode } from '../names/names-error.ts';
import type { NodeErrorCode } from '../node/node-types.ts';
import type { ResolutionErrorCode } from '../resolution/resolution-error.ts';
import type { TrustErrorCode } from '../trust/trust-error.ts';

/** Exit codes of `weft`, documented in docs/operating.md. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  refused: 5,
  notUsable: 6,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface ErrorRow {
  readonly status: number;
  readonly exitCode: ExitCode;
  /** What to do, as a sentence without its full stop. */
  readonly hint: string;
}

const { failure, usage, notFound, refused, notUsable } = exitCodes;

function row(status: number, exitCode: ExitCode, hint: string): ErrorRow {
  return { status, exitCode, hint };
}

const protocolRows: Readonly<Record<ProtocolErrorCode, ErrorRow>> = {
  'too-large': row(413, refused, 'send less: docs/protocol.md gives the bound of each structure'),
  'not-canonical': row(422, refused, 'encode it as deterministic CBOR: docs/protocol.md §0'),
  'wrong-shape': row(422, refused, 'compare it with docs/protocol.cddl'),
  'wrong-version': row(422, refused, 'it was made by another version of weft: update the older one'),
  'wrong-agent': row(422, refused, 'the bundle is that of another agent: check the id'),
  'bad-key': row(422, refused, 'the key is not one that may sign here: use the agent’s current key'),
  'bad-signature': row(422, refused, 'it was altered, or signed by another key: sign it again'),
  'bad-key-log': row(
    422,
    refused,
    'compare its events with docs/protocol.md §1; they start with the inception',
  ),
  forked: row(
    409,
    notUsable,
    'the agent’s keys were used twice: recover it with its recovery key (`weft recover`)',
  ),
  tombstoned: row(410, notUsable, 'the agent has ended; register a new one'),
  'wrong-establishment': row(
    409,
    refused,
    'the keys were rotated since: sign it again with the current ones',
  ),
  'from-the-future': row(422, refused, 'check the clock of the machine that signed it'),
  expired: row(410, notUsable, 'its time is over: sign a new one'),
  'bad-side-car': row(422, refused, 'send exactly the URLs whose digests stand in the record'),
  'bad-url': row(422, refused, 'use https, ipfs, ipns or did, or http on loopback, in at most 255 bytes'),
  'bad-delegation': row(
    403,
    refused,
    'ask the agent’s controller for a grant that covers this (`weft delegate`)',
  ),
  revoked: row(403, notUsable, 'the grant was revoked; ask the agent’s controller for a new one'),
  'bad-revocation': row(
    422,
    refused,
    'only an issuer above a grant revokes it, and only with what proves it',
  ),
  'bad-operation': row(422, refused, 'compare it with docs/protocol.md §3, and with the grant that it names'),
  'bad-tag': row(400, usage, 'write it as a path of 1 to 4 parts, such as /translate/en-es'),
  'bad-name': row(400, usage, 'write a label of a-z, 0-9 and "-", as in urn:agent:example.com:shop'),
  'stale-base': row(409, refused, 'the record moved on: resolve it and make the change again'),
  displaced: row(409, refused, 'another change took its place: make it again'),
  'not-closest': row(503, failure, 'try again: the peers asked are not responsible for this agent'),
  'over-quota': row(429, failure, 'wait a little and try again'),
  'store-full': row(507, failure, 'free some disk space of the node, or raise store.freeBytesMin'),
  'store-failed': row(500, failure, 'look at the log of the node: its disk does not take writes'),
  busy: row(503, failure, 'try again in a moment'),
  'no-usable-answers': row(504, failure, 'check that peers are connected (`weft peers`) and try again'),
  aborted: row(503, failure, 'it took too long or was given up; try again, or allow more time'),
  'bad-argument': row(400, usage, 'correct the argument'),
};

const nodeRows: Readonly<Record<NodeErrorCode, ErrorRow>> = {
  'not-custodial': row(
    404,
    notFound,
    'this node does not hold the agent’s keys: use the node that does, or `--keys FILE`',
  ),
  'no-key': row(409, refused, 'the key for this is not in the keystore: import it (`weft keys import`)'),
  'not-running': row(503, failure, 'wait until the node has started'),
  'publish-failed': row(503, failure, 'no peer stored it: check `weft peers` and try again'),
  'agent-not-active': row(409, notUsable, 'the agent is forked or has ended; `weft resolve` shows which'),
  'bad-argument': row(400, usage, 'correct the argument'),
  'too-many-names': row(507, failure, 'withdraw names that nobody needs'),
  'no-such-name': row(404, notFound, 'look at `weft name list` for what is there'),
  'slot-taken': row(409, refused, 'choose another slot, or revoke the delegate that has it'),
};

const configRow = row(500, usage, 'correct the setting; config/README.md lists all of them');
const configRows: Readonly<Record<ConfigErrorCode, ErrorRow>> = {
  'unknown-key': configRow,
  'bad-value': configRow,
  'unreadable-file': configRow,
  'bad-file': configRow,
};

/** Codes of ports whose classes this layer may not import; their values travel through the node. */
const storeRows: Readonly<Record<string, ErrorRow>> = {
  'disk-full': row(507, failure, 'free some disk space of the node'),
  closed: row(503, failure, 'the node is stopping: start it again'),
  'write-failed': row(500, failure, 'look at the log of the node: its disk does not take writes'),
  locked: row(
    500,
    failure,
    'another weft uses this data folder: stop it, or give this one its own with --data',
  ),
  'wrong-schema': row(500, failure, 'the data folder is of another version of weft: use that version'),
  'open-failed': row(500, failure, 'check the rights and the disk of the data folder'),
};

const overlayRows: Readonly<Record<string, ErrorRow>> = {
  unreachable: row(503, failure, 'the peer does not answer: check its address and the network'),
  timeout: row(504, failure, 'the peer took too long: try again'),
  closed: row(503, failure, 'the connection was closed: try again'),
  busy: row(503, failure, 'the peer has enough to do: try again in a moment'),
  unsupported: row(502, failure, 'the peer speaks another protocol: check protocolPrefix on both sides'),
  'too-large': row(413, refused, 'send less at once'),
};

const keystoreRows: Readonly<Record<string, ErrorRow>> = {
  'wrong-passphrase': row(403, refused, 'give the passphrase that the keys were made with'),
  'no-passphrase': row(403, usage, 'name a file that holds the passphrase in WEFT_PASSPHRASE_FILE'),
  'not-encrypted': row(409, usage, 'set keystore.protection to "none", or make new keys with a passphrase'),
  damaged: row(500, failure, 'put back a copy of the file, or recover the agent with its recovery key'),
  'wrong-version': row(500, failure, 'the file is of another version of weft: use that version'),
  'readable-by-others': row(500, failure, 'make the file readable by its owner alone: chmod 600'),
  'not-found': row(404, notFound, 'look at `weft keys list` for what is there'),
  'already-there': row(409, refused, 'move the file away, or give another name'),
  unreadable: row(500, failure, 'check the owner and the rights of the file'),
  'write-failed': row(500, failure, 'check the disk and the owner of the folder'),
};

const hostRows: Readonly<Record<string, ErrorRow>> = {
  'bad-option': row(500, usage, 'correct the setting; config/README.md lists all of them'),
  'listen-failed': row(500, failure, 'listen elsewhere with --listen; port 0 takes any free one'),
  'dial-failed': row(503, failure, 'check the address and the network'),
};

const archiveRows: Readonly<Record<ArchiveErrorCode, ErrorRow>> = {
  'not-an-archive': row(422, refused, 'give a file that `weft export` made'),
  'wrong-archive-version': row(422, refused, 'it was made by another version of weft: update the older one'),
  truncated: row(422, refused, 'what was there is taken; get the whole file and import it again'),
  'damaged-archive': row(
    422,
    refused,
    'what stood before the fault is taken; get a sound copy and import it',
  ),
};

const factsRows: Readonly<Record<FactsErrorCode, ErrorRow>> = {
  'too-large': row(413, refused, 'shorten the facts: 64 KiB, 16 levels, 256 members of each'),
  'not-json': row(422, refused, 'send one JSON object in UTF-8, without the keys of a prototype'),
  'bad-facts': row(422, refused, 'compare the facts with the schema: `weft facts schema`'),
  'bad-credential': row(422, refused, 'sign the facts again: `weft facts sign` makes what is accepted'),
  'unsupported-proof': row(422, refused, 'sign with eddsa-jcs-2022, one proof for assertionMethod'),
  'unsupported-status': row(
    422,
    refused,
    'a status is a BitstringStatusListEntry of one bit, for revocation or suspension',
  ),
  'bad-status': row(422, refused, 'the status list is not what the credential says: ask who issued it'),
  'status-unknown': row(
    503,
    failure,
    'whether it was revoked cannot be told now: try again; --allow-private reads lists in private networks',
  ),
  suspended: row(409, notUsable, 'the credential is suspended for now: ask who issued it'),
  'wrong-subject': row(422, refused, 'these facts speak of another agent: check the id'),
  'wrong-issuer': row(403, refused, 'let the agent sign its facts, or name who may with --issuer'),
  'issuer-unknown': row(404, notFound, 'nobody that answered knows the agent that signed: check the id'),
  'issuer-not-active': row(
    410,
    notUsable,
    'who signed was revoked or forked: have the facts signed by another',
  ),
  'subject-not-active': row(410, notUsable, 'the agent was revoked or forked; `weft resolve` shows which'),
  'key-not-current': row(409, notUsable, 'the keys were rotated since: sign the facts again'),
  'bad-proof': row(422, refused, 'it was altered, or signed by another key: sign it again'),
  'not-yet-valid': row(422, refused, 'check the clock of the machine that signed it'),
  expired: row(410, notUsable, 'its time is over: sign it again'),
  revoked: row(410, notUsable, 'the credential was revoked: have a new one signed'),
  'not-hosted': row(404, notFound, 'this node hosts no facts of that agent: `weft facts publish`'),
  'hosting-full': row(507, failure, 'remove facts that nobody needs'),
  'no-endpoint': row(404, notFound, 'add an endpoint by http or https to the facts, and publish them again'),
  'no-facts-url': row(
    404,
    notFound,
    'the agent names them: `weft update --primary-facts URL`, or `weft facts publish --overlay`',
  ),
  'bad-url': row(422, refused, 'facts are fetched by http and https alone, without user names'),
  'unsafe-address': row(403, refused, 'it points into a private network; --allow-private admits that'),
  unreachable: row(502, failure, 'the host of the facts does not answer: check the URL'),
  'too-slow': row(504, failure, 'the host of the facts takes too long: try again'),
  'bad-answer': row(502, failure, 'the host of the facts answered something else: check the URL'),
};

const trustRows: Readonly<Record<TrustErrorCode, ErrorRow>> = {
  'bad-policy': row(422, usage, 'compare it with the schema: `weft trust schema`'),
  'too-many-credentials': row(413, refused, 'show those that the zone asks for'),
  'issued-full': row(507, failure, 'issue at another node, or let ended credentials go'),
  'lists-full': row(507, failure, 'issue at another node: this one holds as many status lists as it may'),
  'not-issued': row(404, notFound, 'this node issued no such credential: `weft trust list`'),
  'no-status': row(409, refused, 'issue it with a status list to suspend it; without one it is only revoked'),
  'revocations-full': row(
    409,
    refused,
    'issue with status lists, wait for the end of others, or rotate the keys, which voids all',
  ),
  'bad-presentation': row(422, refused, 'sign a new one for this agent, for at most five minutes'),
  'not-admitted': row(403, refused, 'show the credential that this view asks for'),
  'views-full': row(507, failure, 'remove a view of these facts'),
  'no-view': row(404, notFound, 'this node has no such view of the facts'),
  'no-zone': row(
    404,
    notFound,
    'put its policy into the folder trust.policies of the node, or give it with the question',
  ),
};

const resolutionRows: Readonly<Record<ResolutionErrorCode, ErrorRow>> = {
  'bad-request': row(400, usage, 'correct the request: docs/trust.md, heading "Resolution"'),
  'name-unknown': row(404, notFound, 'check the name, or give an agent id: `nanda:…`'),
  'not-found': row(404, notFound, 'no index that was asked knows this agent: check the id'),
  'not-usable': row(410, notUsable, 'the agent has no record that counts now; `weft resolve` shows why'),
  'index-unreachable': row(504, failure, 'check that peers are connected (`weft peers`) and try again'),
  'no-private-path': row(404, notFound, 'ask on the direct path, or have the agent name private facts'),
  'no-endpoint': row(404, notFound, 'the agent says nowhere that it can be called now: try again later'),
  'no-skill': row(404, notFound, 'ask for a skill that the facts name: `weft facts fetch` shows them'),
  untrusted: row(403, refused, 'the zone does not trust this agent; the trace says by which rule'),
  'resolver-unreachable': row(502, failure, 'the agent’s resolver does not answer: ask on the direct path'),
  'bad-route': row(502, refused, 'the agent’s resolver is not to be believed: ask on the direct path'),
  'too-slow': row(504, failure, 'allow more time, or ask on another path'),
  busy: row(503, failure, 'try again in a moment'),
  'bad-token': row(422, refused, 'resolve the endpoint again: tokens are made by the agent’s resolver'),
  'wrong-key': row(403, refused, 'it is not signed by a key of the agent that counts now: ask again'),
  'wrong-audience': row(403, refused, 'a token is for one endpoint and one client: ask for your own'),
  expired: row(410, notUsable, 'a token stands for a minute at most: resolve the endpoint again'),
  replayed: row(409, refused, 'it was used before: resolve the endpoint again'),
  'adaptive-off': row(404, failure, 'set adaptive.enabled for this node'),
  'no-routing': row(404, notFound, 'tell it where the agent is: `weft routing set`'),
  'bad-routing': row(422, refused, 'compare it with the schema: `weft routing schema`'),
  'routing-full': row(507, failure, 'remove the routing of agents that nobody needs'),
  'bad-report': row(403, refused, 'sign the report with the key that the routing names for the endpoint'),
  'over-limit': row(429, failure, 'wait a little: routes stand for 30 to 60 seconds'),
};

const namesRows: Readonly<Record<NamesErrorCode, ErrorRow>> = {
  'bad-name': row(400, usage, 'write urn:agent:<namespace>:<label>, @<namespace>:<label> or @<label>'),
  'no-home': row(422, usage, 'set names.home, or write the namespace: @<namespace>:<label>'),
  'no-such-name': row(404, notFound, 'check the spelling; its namespace does not know it'),
  'no-such-zone': row(404, notFound, 'the zone needs a TXT record: `weft name claim` prints it'),
  'bad-zone': row(502, refused, 'the owner of the zone corrects its TXT record: `weft name claim` prints it'),
  'ambiguous-zone': row(502, refused, 'the owner of the zone removes all TXT records but one'),
  'not-claimed': row(403, refused, 'the agent that the zone names says so itself: `weft name claim`'),
  'not-validated': row(
    403,
    refused,
    'the owner of the zone signs it; names.resolver names a resolver that validates, over TLS or on this machine',
  ),
  'namespace-not-active': row(410, notUsable, 'the agent of the namespace was revoked or forked'),
  'agent-not-active': row(410, notUsable, 'the agent was revoked, forked, or never registered'),
  unsettled: row(504, failure, 'check that peers are connected (`weft peers`) and try again'),
  'dns-failed': row(502, failure, 'check names.resolver, and the zone with another tool'),
  'dns-too-slow': row(504, failure, 'the resolver takes too long: try again, or set names.resolver'),
  'registry-failed': row(502, failure, 'the registry of the namespace does not answer: try again'),
  'registry-loop': row(502, refused, 'registries name one another: tell the owner of the namespace'),
  'too-many-hops': row(502, refused, 'registries name one after another: tell the owner of the namespace'),
  'bad-did': row(502, refused, 'the document of the DID cannot be used: tell its owner'),
  'not-listed': row(403, refused, 'the namespace does not let others list its names'),
  'listing-throttled': row(429, failure, 'wait a minute: the namespace shows a few of its names at a time'),
};

const auditRows: Readonly<Record<AuditErrorCode, ErrorRow>> = {
  'not-logged': row(404, notFound, 'this log has nothing of that agent: ask a node that has heard of it'),
  'no-such-tile': row(404, notFound, 'read the checkpoint first: its size says which tiles there are'),
  'bad-size': row(400, usage, 'give a size that the tree has had'),
  'no-such-log': row(404, notFound, 'look at `weft audit log --peers` for the logs that are known'),
  'log-damaged': row(500, failure, 'the disk changed what was logged; the node goes on, look at its log'),
  'not-a-proof-file': row(422, refused, 'give a file that `weft audit prove` or `compare` made, unchanged'),
  'bad-note': row(422, refused, 'give the checkpoint of a weft node as it was served'),
  'wrong-signer': row(422, refused, 'somebody changed it, or signed in the name of another node'),
  'wrong-log': row(422, refused, 'compare the names of the logs: it is of another one'),
  'proof-fails': row(422, refused, 'somebody changed the file, or the log: get the proof again'),
  'no-contradiction': row(422, refused, 'nothing is proven by this: the two sides can both be true'),
  'no-answer': row(502, failure, 'is that node running, connected, and of a release with an audit log?'),
};

const apiRows = {
  'bad-request': row(400, usage, 'correct the request: docs/api.md, and /docs of the node'),
  unauthorized: row(
    401,
    refused,
    'send the token of the node: `Authorization: Bearer <content of api.token>`',
  ),
  'wrong-host': row(421, refused, 'call the API by a loopback name, or set api.remote'),
  'no-route': row(404, usage, 'docs/api.md lists the routes, and so does /docs of the node'),
  'no-dashboard': row(404, failure, 'run `npm run build` in the clone; the package from the registry has it'),
  'wrong-method': row(405, usage, 'docs/api.md lists the routes, and so does /docs of the node'),
  'wrong-media-type': row(415, usage, 'send application/json, or application/cbor for a bundle'),
  'body-too-large': row(413, refused, 'a bundle has at most 48 KiB'),
  'headers-too-large': row(431, refused, 'send at most 16 KiB of headers'),
  'too-slow': row(408, failure, 'send the request at once'),
  'too-many-requests': row(429, failure, 'wait a second, or raise api.requestsPerSecond of the node'),
  'too-many-streams': row(503, failure, 'follow fewer changes, or raise api.connectionsMax of the node'),
  'not-found': row(404, notFound, 'nobody that answered knows this agent: check the id'),
  'not-yours': row(403, refused, 'change it at the node that registered it, or with the token of this one'),
  'too-many-names': row(507, failure, 'remove names that nobody needs'),
  'names-not-kept': row(507, failure, 'free some disk space of the node, and look at its log'),
  'bad-names-file': row(
    500,
    failure,
    'put a copy of it back, or move it away: the agents stay in custody, only their names are forgotten',
  ),
  'no-content': row(404, notFound, 'nobody asked holds it: it may have ended, or was never brought'),
  'no-record': row(404, notFound, 'check the id; `?fresh` asks the network anew'),
  'not-ready': row(503, failure, 'wait until the node has started'),
  internal: row(500, failure, 'this is a defect of weft: look at the log of the node and report it'),
} as const satisfies Readonly<Record<string, ErrorRow>>;
export type ApiErrorCode = keyof typeof apiRows;

/** Rows by code by class name. */
export const errorTable: Readonly<Record<string, Readonly<Record<string, ErrorRow>>>> = {
  ProtocolError: protocolRows,
  NodeError: nodeRows,
  ConfigError: configRows,
  StoreError: storeRows,
  OverlayError: overlayRows,
  KeystoreError: keystoreRows,
  HostError: hostRows,
  ArchiveError: archiveRows,
  TrustError: trustRows,
  FactsError: factsRows,
  ResolutionError: resolutionRows,
  NamesError: namesRows,
  AuditError: auditRows,
  ApiError: apiRows,
};

/** An error as the table sees it. */
export interface KnownError {
  readonly family: string;
  readonly code: string;
  readonly row: ErrorRow;
}

/** The row of an error by its class and code; null for what nobody planned. */
export function lookUpError(error: unknown): KnownError | null {
  if (!(error instanceof Error)) return null;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return null;
  const rows = Object.hasOwn(errorTable, error.name) ? errorTable[error.name] : undefined;
  const found = rows !== undefined && Object.hasOwn(rows, code) ? rows[code] : undefined;
  return found === undefined ? null : { family: error.name, code, row: found };
}
