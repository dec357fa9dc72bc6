/** How the examples join: a light node by the addresses on the command line. */
import { parseArgs } from 'node:util';
import { createLightNode, type LightNode } from 'weft/light';

export interface Program {
  readonly light: LightNode;
  /** What stands behind the options. */
  readonly given: readonly string[];
}

/** A light node that has joined through `--bootstrap <address>` (several times, or separated by commas). */
export async function joinNetwork(): Promise<Program> {
  const { values, positionals } = parseArgs({
    options: { bootstrap: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const bootstrap = (values.bootstrap ?? []).flatMap((one) => one.split(','));
  if (bootstrap.length === 0) {
    console.error('say where the network is: --bootstrap <an address that `weft status` shows>');
    process.exit(2);
  }
  const light = await createLightNode({ bootstrap });
  await light.start();
  return { light, given: positionals };
}
