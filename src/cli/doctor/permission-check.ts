/** Who owns the data folder and who else may look into it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeConfig } from '../../config/config-types.ts';
import { counted } from '../words.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { Scene } from './scene.ts';

/** Files of one folder that are looked at: a keystore of more agents is checked in part, and says so. */
const filesMax = 2_000;
const everybodyElse = 0o077;

/** A place, whether it must be closed to others, and whether a daemon refuses it otherwise. */
interface Place {
  readonly path: string;
  readonly isFolder: boolean;
  readonly isSecret: boolean;
}

export async function checkPermissions({ config }: Scene): Promise<readonly Finding[]> {
  if (process.platform === 'win32' || process.getuid === undefined)
    return [skipped('permissions', 'this system has no modes of files')];
  const findings: Finding[] = [];
  const places = await placesOf(config);
  let looked = 0;
  for (const place of places) {
    const finding = await checkPlace(place, process.getuid());
    if (finding === 'missing') continue;
    looked++;
    if (finding !== null) findings.push(finding);
  }
  if (looked === 0) return [skipped('permissions', `${config.dataDirectory} is not there yet`)];
  return findings.length > 0
    ? findings
    : [ok('permissions', `${counted(looked, 'place')} closed to others, and ours`)];
}

async function placesOf(config: NodeConfig): Promise<readonly Place[]> {
  const { dataDirectory, keystore, api } = config;
  const folder = (path: string, isSecret: boolean): Place => ({ path, isFolder: true, isSecret });
  const file = (path: string, isSecret: boolean): Place => ({ path, isFolder: false, isSecret });
  const own = (await filesOf(dataDirectory)).map((path) => file(path, path.endsWith('.token')));
  const tokenFile = own.some(({ path }) => path === api.tokenFile) ? [] : [file(api.tokenFile, true)];
  return [
    folder(dataDirectory, false),
    folder(keystore.directory, true),
    folder(join(dataDirectory, 'store'), false),
    ...own,
    ...tokenFile,
    ...(await filesOf(keystore.directory)).map((path) => file(path, true)),
    // Containers mount secrets readable by more than their user: that is for the operator to judge.
    ...(keystore.passphraseFile === null ? [] : [file(keystore.passphraseFile, false)]),
  ];
}

async function filesOf(directory: string): Promise<string[]> {
  const found = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const files = found.filter((one) => one.isFile()).slice(0, filesMax);
  return files.map((one) => join(directory, one.name));
}

async function checkPlace(
  { path, isFolder, isSecret }: Place,
  userId: number,
): Promise<Finding | 'missing' | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT' || found.code === 'ENOTDIR') return 'missing';
    return problem('permissions', `${path}: ${found.message}`, 'run weft as the user who owns it');
  }
  if (found.uid !== userId && userId !== 0)
    return problem(
      'permissions',
      `${path} belongs to user ${found.uid}, and this is user ${userId}`,
      `run weft as that user, or: chown -R $(id -u) ${path}`,
    );
  const mode = found.mode & 0o777;
  if ((mode & everybodyElse) === 0) return null;
  const wanted = isFolder ? '700' : '600';
  const detail = `${path} is open to others (mode ${mode.toString(8).padStart(4, '0')})`;
  const hint = `chmod ${wanted} ${path}`;
  return isSecret ? problem('permissions', detail, hint) : warning('permissions', detail, hint);
}
