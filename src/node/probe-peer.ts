/** One dial to one address, as a node of the network would make it: who answers, and does it speak the protocol. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createHost } from '../adapters/libp2p/create-host.ts';
import type { Host } from '../adapters/libp2p/host-types.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import type { NodeConfig } from '../config/config-types.ts';

export type ProbeResult =
  | { readonly stage: 'done'; readonly peer: string; readonly milliseconds: number }
  /** `key`: this side cannot dial at all, its pre-shared key is missing or malformed. */
  | { readonly stage: 'parse' | 'key' | 'resolve' | 'connect'; readonly reason: string }
  | { readonly stage: 'other-peer'; readonly peer: string }
  | { readonly stage: 'protocol'; readonly protocol: string; readonly reason: string };

const seedBytes = 32;
const resolveWithinMs = 3_000;
const dialWithinMs = 5_000;
const namedAddresses = new Set(['dns', 'dns4', 'dns6']);

/** Never rejects for what the other side does. The dialler is a client with a key of the moment: nobody keeps it. */
export async function probePeer(
  address: string,
  config: Pick<NodeConfig, 'protocolPrefix' | 'preSharedKeyFile'>,
): Promise<ProbeResult> {
  let target: Multiaddr;
  try {
    target = multiaddr(address);
  } catch (error) {
    return { stage: 'parse', reason: (error as Error).message };
  }
  const unresolved = await failedName(target);
  if (unresolved !== null) return { stage: 'resolve', reason: unresolved };
  let host: Host;
  try {
    host = await openProbeHost(config);
  } catch (error) {
    return { stage: 'key', reason: reasonOf(error) };
  }
  try {
    return await dial(host, target, `${config.protocolPrefix}/record/1.0.0`);
  } finally {
    await host.stop();
  }
}

async function openProbeHost({
  protocolPrefix,
  preSharedKeyFile,
}: Pick<NodeConfig, 'protocolPrefix' | 'preSharedKeyFile'>): Promise<Host> {
  const host = await createHost({
    privateKey: createSystemEntropy().randomBytes(seedBytes),
    listen: [],
    bootstrap: [],
    profile: 'private',
    protocolPrefix,
    mode: 'client',
    topics: [],
    preSharedKey: preSharedKeyFile === null ? null : await readFile(preSharedKeyFile),
    agentVersion: 'weft/doctor',
  });
  await host.overlay.start({
    peerAdded() {},
    peerRemoved() {},
    peerConnected() {},
    peerDisconnected() {},
    requestReceived: async () => new Uint8Array(0),
    pushReceived() {},
  });
  await host.gossip.start({ messageReceived: async () => 'ignore' });
  await host.start();
  return host;
}

async function dial({ libp2p }: Host, target: Multiaddr, protocol: string): Promise<ProbeResult> {
  const startMs = performance.now();
  const signal = AbortSignal.timeout(dialWithinMs);
  try {
    const connection = await libp2p.dial(target, { signal });
    const peer = connection.remotePeer.toString();
    try {
      const stream = await connection.newStream(protocol, { signal });
      stream.abort(new Error('that is all'));
    } catch (error) {
      return { stage: 'protocol', protocol, reason: reasonOf(error) };
    }
    return { stage: 'done', peer, milliseconds: performance.now() - startMs };
  } catch (error) {
    // Whoever was silent all the time will not introduce himself now.
    const other = signal.aborted ? null : await whoAnswers(libp2p, target);
    return other === null
      ? { stage: 'connect', reason: reasonOf(error) }
      : { stage: 'other-peer', peer: other };
  }
}

/** The peer at that address, whoever it is meant to be; null when nobody answers. */
async function whoAnswers(libp2p: Host['libp2p'], target: Multiaddr): Promise<string | null> {
  const components = target.getComponents();
  if (components.at(-1)?.name !== 'p2p' || components.some(({ name }) => name === 'p2p-circuit')) return null;
  try {
    const signal = AbortSignal.timeout(dialWithinMs / 2);
    const connection = await libp2p.dial(multiaddr(components.slice(0, -1)), { signal });
    return connection.remotePeer.toString();
  } catch {
    return null;
  }
}

async function failedName(target: Multiaddr): Promise<string | null> {
  const named = target.getComponents().find(({ name }) => namedAddresses.has(name));
  if (named?.value === undefined) return null;
  const family = named.name === 'dns4' ? 4 : named.name === 'dns6' ? 6 : 0;
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${resolveWithinMs / 1000} s`), resolveWithinMs);
  });
  const asked = lookup(named.value, { family }).then(
    () => null,
    (error: Error) => error.message,
  );
  const failure = await Promise.race([asked, end]);
  clearTimeout(timer);
  return failure;
}

/** The errors of several addresses come as one; the first line of each says what it was. */
function reasonOf(error: unknown): string {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const lines = errors.map((one) => (one instanceof Error ? one.message : String(one)).split('\n', 1)[0]!);
  return [...new Set(lines)].join('; ') || 'no answer';
}
