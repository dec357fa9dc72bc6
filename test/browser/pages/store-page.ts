/** The store contract against IndexedDB, in a page. */
import { openDB } from 'idb';
import {
  createIndexedDbStore,
  deleteIndexedDbStore,
} from '../../../src/adapters/indexeddb/indexeddb-store.ts';
import type { Store } from '../../../src/ports/store.ts';
import { type StoreSubject, storeContract } from '../../contracts/store-contract.ts';

export { runTests } from './page-vitest.ts';
export { createIndexedDbStore, deleteIndexedDbStore };

let subjects = 0;

async function indexedDbSubject(): Promise<StoreSubject> {
  const name = `contract-${subjects++}`;
  let freeBytes = 1e12;
  const open = (): Promise<Store> =>
    createIndexedDbStore({
      name,
      freeBytesMin: 1e9,
      estimate: async () => ({ usage: 1, quota: freeBytes + 1 }),
    });
  const store = await open();
  return {
    store,
    async damage(key) {
      await store.close();
      const database = await openDB(name);
      const frame = (await database.get('entries', key)) as Uint8Array;
      frame[frame.length - 1]! ^= 1;
      await database.put('entries', frame, key);
      database.close();
      return open();
    },
    async setFull(isFull) {
      freeBytes = isFull ? 0 : 1e12;
      await store.statistics();
    },
  };
}

storeContract('IndexedDB', indexedDbSubject);
