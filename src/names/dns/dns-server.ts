/**
 * The resolver that is asked, from a setting: `system`, `tcp://`, `tls://` or `https://`. Decides whether its word about
 * DNSSEC counts: it does where nobody else can write into the path, which is this machine itself or TLS.
 */
import { getServers } from 'node:dns';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { NamesError } from '../names-error.ts';

export interface DnsServer {
  readonly kind: 'tcp' | 'tls' | 'https';
  readonly host: string;
  readonly port: number;
  /** The name in the certificate of a `tls` one; the URL of an `https` one; null otherwise. */
  readonly name: string | null;
  /** True where its word that an answer was validated counts. */
  readonly isTrusted: boolean;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
const dnsPort = 53;
const dnsOverTlsPort = 853;
const systemServersMax = 3;

/**
 * In the order in which they are asked. @param system the resolvers of this machine, as node:dns tells them
 * @throws NamesError `dns-failed` for a setting that is none, or a machine without a resolver
 */
export function parseDnsServers(
  text: string,
  system: () => readonly string[] = getServers,
): readonly DnsServer[] {
  if (text === 'system') {
    const servers = system()
      .slice(0, systemServersMax)
      .map((address) => parseUrl(`tcp://${bracketed(address)}`));
    if (servers.length > 0) return servers;
    throw new NamesError('dns-failed', 'this machine names no resolver: set names.resolver');
  }
  return [parseUrl(text)];
}

function parseUrl(text: string): DnsServer {
  const url = URL.canParse(text) ? new URL(text) : null;
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (url?.protocol === 'https:' && url.username === '' && url.password === '')
    return { kind: 'https', host, port: Number(url.port || 443), name: url.href, isTrusted: true };
  if (url !== null && isIP(host) !== 0 && url.username === '' && ['', '/'].includes(url.pathname)) {
    if (url.protocol === 'tcp:') {
      const isTrusted = loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
      return { kind: 'tcp', host, port: Number(url.port || dnsPort), name: null, isTrusted };
    }
    const name = decodeURIComponent(url.hash.slice(1));
    if (url.protocol === 'tls:' && /^[A-Za-z0-9.-]+$/.test(name))
      return { kind: 'tls', host, port: Number(url.port || dnsOverTlsPort), name, isTrusted: true };
  }
  throw new NamesError(
    'dns-failed',
    'a resolver is "system", tcp://<address>, tls://<address>#<name in its certificate> or https://<host>/dns-query',
  );
}

/** node:dns writes `::1`, `10.0.0.1`, `10.0.0.1:5353` or `[::1]:5353`. */
function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
