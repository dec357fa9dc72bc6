/** bittorrent-dht with BEP 44 mutable items, signed and verified by libsodium, its caches sized for the run. */
import { createHash } from 'node:crypto';
import { createRecordSource, type RecordSource } from '../lib/records.ts';
import type { Subject } from '../lib/subject.ts';
import { loadSodium } from '../lib/untyped.ts';

interface MutableItem {
  readonly k: Buffer;
  readonly seq: number;
  readonly v: Buffer;
  sign(message: Buffer): Buffer;
}

interface BittorrentNode {
  once(event: 'ready', listener: () => void): void;
  on(event: 'error' | 'warning', listener: (error: Error) => void): void;
  listen(port: number, address: string, listener: () => void): void;
  address(): { port: number };
  put(item: MutableItem, done: (error: Error | null, hash: Buffer, stored: number) => void): void;
  get(
    key: Buffer,
    options: { cache: false },
    done: (error: Error | null, item: { v: Buffer } | null) => void,
  ): void;
  destroy(done: () => void): void;
}

type BittorrentConstructor = new (options: object) => BittorrentNode;

/** Records that one node can hold; the default of 1,000 would evict what the readers still have to read. */
const valuesMax = 200_000;

/** The package has only an `import` condition, and no declarations. */
async function loadBittorrent(): Promise<BittorrentConstructor> {
  const name: string = 'bittorrent-dht';
  return ((await import(name)) as { default: BittorrentConstructor }).default;
}

/**
 * The library has no client mode: a reader is a full node. It is kept from answering itself by an item cache of one
 * entry and `cache: false`.
 */
export function createBittorrentSubject(): Subject {
  const sodium = loadSodium();
  const verify = (signature: Buffer, message: Buffer, publicKey: Buffer): boolean =>
    sodium.crypto_sign_verify_detached(signature, message, publicKey);
  const members: BittorrentNode[] = [];
  let reader: BittorrentNode;
  let records: RecordSource;

  async function startNode(Dht: BittorrentConstructor, options: object): Promise<BittorrentNode> {
    const node = new Dht({ verify, ...options });
    node.on('error', (error) => process.stderr.write(`bittorrent-dht: ${error.message}\n`));
    const ready = new Promise<void>((resolve) => node.once('ready', resolve));
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
    await ready;
    return node;
  }

  return {
    async start({ nodes, seed }) {
      records = createRecordSource(seed);
      const Dht = await loadBittorrent();
      const first = await startNode(Dht, { bootstrap: false, maxValues: valuesMax });
      const bootstrap = [`127.0.0.1:${first.address().port}`];
      members.push(first);
      while (members.length < nodes) members.push(await startNode(Dht, { bootstrap, maxValues: valuesMax }));
      reader = await startNode(Dht, { bootstrap, maxValues: 1 });
    },
    async prepare(first, count) {
      records.prepare(first, count);
    },
    put(record) {
      const { publicKey, secretKey } = records.get(record);
      const sign = (message: Buffer): Buffer => {
        const signature = Buffer.alloc(64);
        sodium.crypto_sign_detached(signature, message, secretKey);
        return signature;
      };
      const item = { k: publicKey, seq: 1, v: records.get(record).value, sign };
      return new Promise((resolve, reject) => {
        (members[1] ?? members[0]!).put(item, (error, _hash, stored) => {
          if (error !== null && error !== undefined) reject(error);
          else if (!(stored > 0)) reject(new Error('no node stored the record'));
          else resolve();
        });
      });
    },
    get(record) {
      const target = createHash('sha1').update(records.get(record).publicKey).digest();
      return new Promise((resolve, reject) => {
        reader.get(target, { cache: false }, (error, item) => {
          if (error !== null && error !== undefined) reject(error);
          else if (item === null) reject(new Error('not found'));
          else if (!records.get(record).value.equals(item.v)) reject(new Error('another value than was put'));
          else resolve();
        });
      });
    },
    async stop() {
      await Promise.all(
        [reader, ...members].map((node) => new Promise<void>((resolve) => node.destroy(resolve))),
      );
    },
  };
}
