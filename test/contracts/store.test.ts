/** The store contract against the durable store and the one in memory; the one in IndexedDB runs in test/browser. */
import { onTestFinished } from 'vitest';
import { entryKey } from '../../src/adapters/level/entry.ts';
import { createLevelStore } from '../../src/adapters/level/level-store.ts';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { temporaryDirectory, withRecords } from '../adapters/level/level-fixture.ts';
import { type StoreSubject, storeContract } from './store-contract.ts';

async function levelSubject(): Promise<StoreSubject> {
  const directory = await temporaryDirectory();
  let freeBytes = 1e12;
  const open = async (): Promise<Store> => {
    const store = await createLevelStore({
      directory,
      ballastBytes: 0,
      freeBytesMin: 1e9,
      freeBytes: async () => freeBytes,
    });
    onTestFinished(() => store.close());
    return store;
  };
  const store = await open();
  return {
    store,
    async damage(key) {
      await store.close();
      await withRecords(directory, async (level) => {
        const frame = (await level.get(entryKey(key)))!;
        frame[frame.length - 1]! ^= 1;
        await level.put(entryKey(key), frame);
      });
      return open();
    },
    async setFull(isFull) {
      freeBytes = isFull ? 0 : 1e12;
      await store.statistics();
    },
  };
}

async function memorySubject(): Promise<StoreSubject> {
  const store = createMemoryStore();
  return {
    store,
    async damage(key) {
      store.damage(key);
      return store;
    },
    async setFull(isFull) {
      store.setCapacity(isFull ? 0 : 1e12);
    },
  };
}

storeContract('LevelDB', levelSubject);
storeContract('memory', memorySubject);
