/**
 * Stock @libp2p/kad-dht put and get over TCP, noise and yamux. Its settings are the library's own, except what keeps
 * it from working in one process on loopback: private addresses are let into the routing table, and many connections
 * a second from one address are let in. Its connection monitor is off: with a full mesh of 60 nodes it would ping 350
 * times a second while another subject has its turn. The validator makes it verify what the other subjects verify.
 */

import { type Identify, identify } from '@libp2p/identify';
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { noise } from '@libp2p/noise';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2p } from 'libp2p';
import { createRecordSource, type RecordSource } from '../lib/records.ts';
import type { Subject } from '../lib/subject.ts';
import { loadSodium } from '../lib/untyped.ts';

type KadNode = Libp2p<{ identify: Identify; ping: Ping; dht: KadDHT }>;

const sodium = loadSodium();
const namespace = 'signed';
const keyPrefix = Buffer.from(`/${namespace}/`);
const signatureBytes = 64;
/** Of one protocol on one connection; with the default of 32 most of 64 concurrent calls fail. */
const streamsMax = 4096;
/** Connections that a starting node opens at once. */
const dialsAtOnce = 8;

/** The record's key is the public key; its value is the signature and then the data. */
async function validate(key: Uint8Array, value: Uint8Array): Promise<void> {
  const bytes = Buffer.from(value);
  const data = bytes.subarray(signatureBytes);
  const publicKey = Buffer.from(key.subarray(keyPrefix.length));
  if (!sodium.crypto_sign_verify_detached(bytes.subarray(0, signatureBytes), data, publicKey)) {
    throw new Error('bad signature');
  }
}

function startNode(clientMode: boolean): Promise<KadNode> {
  return createLibp2p({
    addresses: { listen: clientMode ? [] : ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/bench/kad/1.0.0',
        clientMode,
        maxInboundStreams: streamsMax,
        maxOutboundStreams: streamsMax,
        peerInfoMapper: passthroughMapper,
        initialQuerySelfInterval: 0,
        validators: { [namespace]: validate },
        selectors: { [namespace]: () => 0 },
      }),
    },
  });
}

/** Connects a node to each of the others, a few at a time. */
async function connectToAll(node: KadNode, others: readonly KadNode[]): Promise<void> {
  for (let first = 0; first < others.length; first += dialsAtOnce) {
    const dials = others.slice(first, first + dialsAtOnce).map((other) => node.dial(other.getMultiaddrs()));
    await Promise.all(dials);
  }
}

/** Resolves when a node's routing table has stopped growing towards the number of servers that it is connected to. */
async function waitForRoutingTable(node: KadNode, servers: number): Promise<void> {
  const table = (node.services.dht as KadDHT & { routingTable: { size: number } }).routingTable;
  const wanted = Math.min(servers, 20);
  const deadlineMs = performance.now() + 60_000;
  while (table.size < wanted) {
    if (performance.now() > deadlineMs)
      throw new Error(`only ${table.size} of ${wanted} peers in a routing table`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A full mesh of servers, and a reader in client mode that is connected to all of them. */
export function createKadSubject(): Subject {
  const members: KadNode[] = [];
  let reader: KadNode;
  let records: RecordSource;
  const keyOf = (record: number): Buffer => Buffer.concat([keyPrefix, records.get(record).publicKey]);

  return {
    async start({ nodes, seed }) {
      records = createRecordSource(seed);
      while (members.length < nodes) {
        const node = await startNode(false);
        await connectToAll(node, members);
        members.push(node);
      }
      reader = await startNode(true);
      await connectToAll(reader, members);
      for (const node of members) await waitForRoutingTable(node, nodes - 1);
      await waitForRoutingTable(reader, nodes);
    },
    async prepare(first, count) {
      records.prepare(first, count);
    },
    async put(record) {
      const data = records.get(record).value;
      const signature = Buffer.alloc(signatureBytes);
      sodium.crypto_sign_detached(signature, data, records.get(record).secretKey);
      const writer = members[1] ?? members[0]!;
      let stored = 0;
      for await (const event of writer.services.dht.put(keyOf(record), Buffer.concat([signature, data]))) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') stored++;
      }
      if (stored === 0) throw new Error('no node stored the record');
    },
    async get(record) {
      let found: Uint8Array | null = null;
      for await (const event of reader.services.dht.get(keyOf(record))) {
        if (event.name === 'VALUE') found = event.value;
      }
      if (found === null) throw new Error('not found');
      const data = found.subarray(signatureBytes);
      if (!records.get(record).value.equals(data)) throw new Error('another value than was put');
    },
    async stop() {
      await Promise.all([reader, ...members].map((node) => node.stop()));
    },
  };
}
