/** Agents of a simulation are signed outside of its nodes: these hold no keys. */
import type { CustodyKeys } from '../../src/custody/custody-types.ts';

export const noKeys: CustodyKeys = {
  list: async () => [],
  read: async () => ({}),
  add: async () => {},
  stage: async () => {},
  readStaged: async () => ({}),
  promote: async () => {},
  discardStaged: async () => {},
};
