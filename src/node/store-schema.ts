/** Whether this release reads the store of a data folder, without opening it. */
import { join } from 'node:path';
import { assertSchema } from '../adapters/level/schema-file.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { StoreError } from '../ports/store.ts';

/** What is wrong with it; null when it can be read. Writes nothing. */
export async function storeSchemaFault(config: NodeConfig): Promise<string | null> {
  try {
    await assertSchema(join(config.dataDirectory, 'store'), false);
    return null;
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}
