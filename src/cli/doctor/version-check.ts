/** Node, weft, what wrote the store, and whether the running daemon is the one that is installed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, packageVersion } from '../../config/package-root.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { Scene } from './scene.ts';

export async function checkVersions(scene: Scene): Promise<readonly Finding[]> {
  return [nodeVersion(), daemonVersion(scene), await storeVersion(scene)];
}

function nodeVersion(): Finding {
  const { engines } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
  };
  const wanted = engines.node.replace(/^\D*/, '');
  const running = process.versions.node;
  return isOlder(running, wanted)
    ? problem('version of Node', `${running}; weft needs ${wanted}`, 'install a newer Node')
    : ok('version of Node', running);
}

function daemonVersion({ daemon }: Scene): Finding {
  const here = packageVersion();
  if (daemon.state !== 'running') return ok('version of weft', `${here}; no daemon to compare with`);
  const { version } = daemon.status;
  if (version === here) return ok('version of weft', `${here}, and so is the daemon`);
  return warning(
    'version of weft',
    `${here}; the running daemon is ${version}`,
    'restart the daemon, or call the weft that it was started with',
  );
}

async function storeVersion({ config }: Scene): Promise<Finding> {
  if (!existsSync(join(config.dataDirectory, 'store')))
    return skipped('version of the store', 'there is none yet');
  const { storeSchemaFault } = await import('../../node/store-schema.ts');
  const fault = await storeSchemaFault(config);
  return fault === null
    ? ok('version of the store', 'this release reads it')
    : problem('version of the store', fault, 'use the release that wrote it: what it holds is not lost');
}

/** By numbers: `24.9.0` is older than `24.10`. */
function isOlder(version: string, wanted: string): boolean {
  const [left, right] = [version, wanted].map((text) => text.split('.').map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
