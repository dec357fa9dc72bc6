/** Which process listens on a port: from /proc, as far as this user may look. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const listening = '0A';

/** `process 4711 (node)`; null where it cannot be told: another user's, or no /proc. */
export async function holderOfPort(port: number): Promise<string | null> {
  const sockets = new Set([...(await listeners('tcp', port)), ...(await listeners('tcp6', port))]);
  if (sockets.size === 0) return null;
  const names = await readdir('/proc').catch((): string[] => []);
  for (const processId of names.filter((name) => /^\d+$/.test(name))) {
    if (!(await holdsOneOf(processId, sockets))) continue;
    const command = await readFile(`/proc/${processId}/comm`, 'utf8').catch(() => '');
    return `process ${processId} (${command.trim()})`;
  }
  return null;
}

/** Inodes of the sockets that listen on it. */
async function listeners(family: 'tcp' | 'tcp6', port: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${family}`, 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const isOurs = state === listening && Number.parseInt(local?.split(':')[1] ?? '', 16) === port;
      return isOurs && inode !== undefined ? [inode] : [];
    });
}

async function holdsOneOf(processId: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${processId}/fd`;
  const descriptors = await readdir(folder).catch((): string[] => []);
  const targets = await Promise.all(descriptors.map((one) => readlink(`${folder}/${one}`).catch(() => '')));
  return targets.some((target) => sockets.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ''));
}
