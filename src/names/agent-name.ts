/**
 * Names of agents as people write them, and their one inner form: a namespace and a label, both in ASCII. Reads
 * `urn:agent:<namespace>:<label>` and the `@` forms of the paper (its Table 1); names of other scripts become ASCII by
 * IDNA (UTS 46), so that there is one spelling and nobody has to trust their eyes. Decides spelling; resolves nothing.
 *
 * | written                        | namespace                              | label   |
 * |--------------------------------|----------------------------------------|---------|
 * | `@alice`                       | that at home (a setting)               | `alice` |
 * | `@us:shop`                     | what `us` stands for at home           | `shop`  |
 * | `@example.com`                 | example.com, by DNS                    | `_`     |
 * | `@example.com:shop`            | example.com, by DNS                    | `shop`  |
 * | `@did:web:example.com`         | the DID                                | `_`     |
 * | `@did:web:example.com:alice`   | the DID (of a path)                    | `_`     |
 * | `@nanda:<52 characters>:shop`  | the agent                              | `shop`  |
 */
import { toBase32 } from '../core/bytes.ts';
import { type AgentId, parseAgentId } from '../core/identity/agent-id.ts';
import { apexLabel, isDnsName, isNamedDid, isNameLabel } from '../core/name/label.ts';
import { toAscii, toReadable } from './idna.ts';
import { NamesError } from './names-error.ts';
import { isOfOneScript } from './scripts.ts';

/** Where a label is looked up. `home`: in the namespaces of a setting; `word`: in what a word stands for there. */
export type Namespace =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'did'; readonly did: string }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'home' };

export interface AgentName {
  readonly namespace: Namespace;
  /** In its normal form; "_" is the namespace itself. */
  readonly label: string;
}

/** Of what is written: names of other scripts are longer in ASCII. */
const textLengthMax = 512;
const agentPattern = /^[a-z2-7]{52}$/;
/** What a host may not contain and a URL parser would read in its own way. */
const notInHosts = /[\p{Cc}\p{Cf}\p{Z}\p{Cs}%@:/\\?#[\]<>^|`{}"'*!$&()+,;=~_]/u;

/** @throws NamesError `bad-name` */
export function parseName(text: string): AgentName {
  if (text.length > textLengthMax) throw badName('a name is shorter', text);
  const trimmed = text.trim();
  const urn = /^urn:agent:(.*)$/is.exec(trimmed)?.[1];
  if (urn !== undefined) return parseParts(urn, trimmed, true);
  if (trimmed.startsWith('@')) return parseParts(trimmed.slice(1), trimmed, false);
  throw badName('a name begins with "urn:agent:" or "@"', text);
}

/** The one spelling: a URN; for words whose namespace is a setting, the `@` form. */
export function formatName({ namespace, label }: AgentName): string {
  if (namespace.kind === 'home') return `@${label}`;
  return `urn:agent:${formatNamespace(namespace)}:${label}`;
}

/** As it stands in a URN. */
export function formatNamespace(namespace: Namespace): string {
  switch (namespace.kind) {
    case 'agent':
      return toBase32(namespace.agentId);
    case 'dns':
      return namespace.name;
    case 'did':
      return namespace.did;
    case 'word':
      return namespace.word;
    case 'home':
      return '';
  }
}

/** A namespace alone: a DNS name, an agent id, a DID or a word. @throws NamesError `bad-name` */
export function parseNamespace(text: string): Namespace {
  const trimmed = text.trim();
  if (trimmed.length > textLengthMax) throw badName('a namespace is shorter', text);
  const agent = agentNamespace(trimmed);
  if (agent !== null) return agent;
  if (/^did:/i.test(trimmed)) return didNamespace(trimmed, text);
  return hostNamespace(trimmed, text);
}

/** A label in its normal form. @throws NamesError `bad-name` */
export function parseLabel(text: string): string {
  if (text === apexLabel) return text;
  const label = asciiOf(text.trim(), text);
  if (!label.includes('.') && isNameLabel(label)) return label;
  throw badName('a label is 1 to 63 letters, digits and "-", which is neither first nor last', text);
}

function parseParts(text: string, whole: string, isUrn: boolean): AgentName {
  const withoutPrefix = text.replace(/^(?:nanda:|did:nanda:)(?=[a-z2-7]{52}(?::|$))/i, '');
  if (/^did:/i.test(withoutPrefix)) return parseDidName(withoutPrefix, whole, isUrn);
  const parts = withoutPrefix.split(':');
  const [first = '', second, ...more] = parts;
  if (more.length > 0) throw badName('a name has one namespace and one label', whole);
  const agent = agentNamespace(first);
  const namespace =
    agent ?? (first.includes('.') || isUrn || second !== undefined ? hostNamespace(first, whole) : null);
  if (isUrn && second === undefined) throw badName('a URN of an agent names a namespace and a label', whole);
  if (namespace === null) return { namespace: { kind: 'home' }, label: parseLabel(first) };
  return { namespace, label: second === undefined ? apexLabel : parseLabel(second) };
}

/** A DID is a namespace whole, whatever colons it has; a URN ends with the label of the namespace itself. */
function parseDidName(text: string, whole: string, isUrn: boolean): AgentName {
  const did = isUrn ? (/^(.*):_$/s.exec(text)?.[1] ?? text) : text;
  return { namespace: didNamespace(did, whole), label: apexLabel };
}

function agentNamespace(text: string): Namespace | null {
  const bare = text.toLowerCase().replace(/^(?:did:)?nanda:/, '');
  if (!agentPattern.test(bare)) return null;
  try {
    return { kind: 'agent', agentId: parseAgentId(bare) };
  } catch {
    // 52 characters whose last bits are no id: the same answer as for any other word that is too long.
    return null;
  }
}

function hostNamespace(text: string, whole: string): Namespace {
  const name = asciiOf(text, whole);
  if (isDnsName(name)) return { kind: 'dns', name };
  if (!name.includes('.') && isNameLabel(name)) return { kind: 'word', word: name };
  throw badName('a namespace is a DNS name, an agent id, a DID or a word', whole);
}

function didNamespace(text: string, whole: string): Namespace {
  const [, method = '', rest = ''] = /^did:([a-z]+):(.*)$/is.exec(text) ?? [];
  if (method.toLowerCase() === 'key') return namedDid(`did:key:${rest}`, whole);
  if (method.toLowerCase() !== 'web') throw badName('of DIDs, did:web and did:key are resolved here', whole);
  const [host = '', ...path] = rest.split(':');
  const [name = '', port, ...more] = host.split(/%3a/i);
  const ascii = asciiOf(name, whole);
  const isHost = isDnsName(ascii) || ascii === 'localhost';
  const isPort = port === undefined || /^[1-9][0-9]{0,4}$/.test(port);
  const isPath = path.every((part) => /^[A-Za-z0-9._~-]+$/.test(part) && !/^\.+$/.test(part));
  if (!isHost || !isPort || more.length > 0 || !isPath) throw badName('this is no did:web', whole);
  return namedDid(`did:web:${[port === undefined ? ascii : `${ascii}%3A${port}`, ...path].join(':')}`, whole);
}

function namedDid(did: string, whole: string): Namespace {
  if (isNamedDid(did)) return { kind: 'did', did };
  throw badName('this is no DID', whole);
}

/** Lower case ASCII, by IDNA. @throws NamesError `bad-name` for what has no such form, or two of them */
function asciiOf(text: string, whole: string): string {
  if (text === '' || notInHosts.test(text)) throw badName('a character that stands in no name', whole);
  const withoutRoot = text.replace(/[.。]$/u, '');
  const ascii = toAscii(withoutRoot).toLowerCase();
  if (ascii === '') throw badName('this has no form in ASCII (IDNA)', whole);
  // What a URL parser takes for an address is none of ours: 127.1 and 0x7f.1 are the same host there.
  const plain = /^[\x20-\x7e]*$/.test(withoutRoot);
  if (plain && ascii !== withoutRoot.toLowerCase()) throw badName('this is an address, not a name', whole);
  const readable = toReadable(ascii);
  const isRead = readable.split('.').every((label) => !label.startsWith('xn--'));
  if (!isRead || toAscii(readable).toLowerCase() !== ascii)
    throw badName('this has no one spelling (IDNA)', whole);
  if (!readable.split('.').every(isOfOneScript))
    throw badName('letters of several scripts in one label: they look like others', whole);
  return ascii;
}

function badName(what: string, text: string): NamesError {
  return new NamesError('bad-name', what, { textLength: text.length });
}
