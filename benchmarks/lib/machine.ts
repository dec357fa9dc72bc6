/** What a run was measured on: without it no number can be compared. */
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** The machine and the runtime. */
export interface MachineDescription {
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly nodeVersion: string;
  /** One-minute load before the run: above about 0.5 something else was running. */
  readonly loadAverage: number;
}

/** Describes the machine now. */
export function describeMachine(): MachineDescription {
  const processors = cpus();
  return {
    cores: processors.length,
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    platform: `${platform()} ${release()} ${arch()}`,
    nodeVersion: process.version,
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** Versions of installed packages by name, read from their own package.json. */
export function readPackageVersions(names: readonly string[]): Readonly<Record<string, string>> {
  const own = readVersion(new URL('../../package.json', import.meta.url));
  const entries = names.map((name) => [
    name,
    readVersion(new URL(`../../node_modules/${name}/package.json`, import.meta.url)),
  ]);
  return Object.fromEntries([['weft', own], ...entries]);
}

function readVersion(location: URL): string {
  return (JSON.parse(readFileSync(location, 'utf8')) as { version: string }).version;
}
