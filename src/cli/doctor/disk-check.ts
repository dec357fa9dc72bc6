/** Room, inodes and how long a durable write takes, on the disk of the data folder. */
import { existsSync } from 'node:fs';
import { constants, type FileHandle, open, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodeConfig } from '../../config/config-types.ts';
import { sizeWords } from '../words.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { Scene } from './scene.ts';

/** What LevelDB needs to open and to flush. */
const workingBytes = 8 * 1024 * 1024;
const inodesMin = 1_000;
const syncWrites = 8;
const syncBytes = 4 * 1024;
/** Above it a put waits for the disk longer than for the network. */
const syncSlowMs = 100;
/** Linux: a file without a name, which nobody sees and which is gone when it is closed. */
const temporaryFile = 0o20000000;

export async function checkDisk({ config, daemon }: Scene): Promise<readonly Finding[]> {
  const place = existingPlace(config.dataDirectory);
  const { bavail, bsize, ffree, files } = await statfs(place);
  const freeBytes = bavail * bsize;
  const wantedBytes = await wantedOf(config);
  const detail = `${sizeWords(freeBytes)} free, ${sizeWords(wantedBytes)} needed`;
  const isFull = freeBytes < wantedBytes || (daemon.state === 'running' && daemon.status.store.full);
  const findings: Finding[] = [];
  if (isFull)
    findings.push(
      problem(
        'disk',
        `${detail}: puts are refused`,
        `free space on the disk of ${place}, or lower store.freeBytesMin`,
      ),
    );
  else if (freeBytes < 2 * wantedBytes)
    findings.push(warning('disk', `${detail}: little is left`, `free space on the disk of ${place}`));
  else findings.push(ok('disk', detail));
  if (daemon.state === 'running' && daemon.status.store.quarantined > 0)
    findings.push(
      warning(
        'disk damage',
        `${daemon.status.store.quarantined} entries were damaged, and are fetched again`,
        'look at the disk (SMART, the log of the kernel) and at the memory of this machine',
      ),
    );
  // Some file systems have no fixed number of them and say 0 of 0.
  if (files > 0 && ffree < inodesMin)
    findings.push(problem('inodes', `${ffree} of ${files} are free`, `delete files on the disk of ${place}`));
  return findings;
}

/** Writes to a file that has no name: nothing in the folder changes. */
export async function checkSyncTime({ config }: Scene): Promise<readonly Finding[]> {
  const name = 'disk sync';
  const place = existingPlace(config.dataDirectory);
  if (process.platform !== 'linux') return [skipped(name, 'cannot be measured here without leaving a trace')];
  let file: FileHandle;
  try {
    file = await open(place, temporaryFile | constants.O_DIRECTORY | constants.O_RDWR, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EROFS')
      return [
        problem(name, `${place} cannot be written to (${code})`, 'check its owner, its mode and its mount'),
      ];
    return [
      skipped(name, `cannot be measured on this file system without leaving a trace (${code ?? 'error'})`),
    ];
  }
  try {
    const times: number[] = [];
    for (let index = 0; index < syncWrites; index++) {
      const startMs = performance.now();
      await file.write(Buffer.alloc(syncBytes, index), 0, syncBytes, index * syncBytes);
      await file.sync();
      times.push(performance.now() - startMs);
    }
    const median = times.sort((left, right) => left - right)[syncWrites / 2]!;
    const detail = `a durable write takes ${median.toFixed(1)} ms (median of ${syncWrites})`;
    return [
      median <= syncSlowMs
        ? ok(name, detail)
        : warning(
            name,
            detail,
            'every put waits that long: use a faster disk, or leave this one to the node alone',
          ),
    ];
  } finally {
    await file.close();
  }
}

async function wantedOf({ dataDirectory, store }: NodeConfig): Promise<number> {
  const ballast = await stat(join(dataDirectory, 'store', 'ballast')).catch(() => null);
  const missingBallast = ballast === null ? store.ballastBytes : 0;
  return store.freeBytesMin + missingBallast + workingBytes;
}

/** The folder itself, or the nearest one above it that is there. */
function existingPlace(directory: string): string {
  return existsSync(directory) ? directory : existingPlace(dirname(directory));
}
