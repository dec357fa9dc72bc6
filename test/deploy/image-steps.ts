/**
 * The Dockerfile without Docker: its instructions, run in the order of the file in a folder that stands for the root of
 * the image. What only an engine does (the base image, users, layers) is left out.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { root, textOf } from './deploy-files.ts';

/** Folders of the image that its steps name. */
const places = ['/build', '/packed', '/opt', '/usr/local/bin', '/data'];

export interface Image {
  /** Stands for `/`. */
  readonly root: string;
  /** `ENV` of the last stage, its places in this root. */
  readonly environment: Readonly<Record<string, string>>;
  /** The health check, and what runs at the start. */
  readonly health: readonly string[];
  readonly start: readonly string[];
  /** A path of the image as one of this machine. */
  place(path: string): string;
  remove(): void;
}

/** Builds it. Needs the package registry, or its cache. */
export function buildImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), 'weft-image-'));
  const place = (path: string): string => join(folder, path);
  for (const path of places) mkdirSync(place(path), { recursive: true });
  const environment: Record<string, string> = {};
  let workingFolder = '/';
  let stages = 0;
  for (const instruction of DockerfileParser.parse(textOf('docker/Dockerfile')).getInstructions()) {
    const given = instruction.getArgumentsContent() ?? '';
    switch (instruction.getKeyword()) {
      case 'FROM':
        stages++;
        workingFolder = '/';
        break;
      case 'WORKDIR':
        workingFolder = given;
        mkdirSync(place(given), { recursive: true });
        break;
      case 'COPY':
        if (stages === 1) copyFromContext(given.split(' '), place(workingFolder));
        break;
      case 'RUN':
        run(commandOf(instruction), folder, place(workingFolder));
        break;
      case 'ENV':
        for (const pair of given.split(' ')) {
          const [name, value] = pair.split('=') as [string, string];
          environment[name] = value.startsWith('/') ? place(value) : value;
        }
    }
  }
  return {
    root: folder,
    environment,
    health: JSON.parse(/CMD (\[.*\])$/.exec(lastOf('HEALTHCHECK'))![1]!) as string[],
    start: [...(JSON.parse(lastOf('ENTRYPOINT')) as string[]), ...(JSON.parse(lastOf('CMD')) as string[])],
    place,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function lastOf(keyword: string): string {
  const found = DockerfileParser.parse(textOf('docker/Dockerfile'))
    .getInstructions()
    .filter((one) => one.getKeyword() === keyword);
  return found.at(-1)!.getArgumentsContent()!;
}

/** The files of the repository, as a build context without what is ignored. */
function copyFromContext(words: readonly string[], into: string): void {
  const sources = words.slice(0, -1);
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...sources];
  const found = execFileSync('git', listed, { cwd: root, encoding: 'utf8' });
  for (const name of found.split('\0').filter((one) => one !== '')) {
    mkdirSync(dirname(join(into, name)), { recursive: true });
    cpSync(join(root, name), join(into, name));
  }
}

/** Continued lines joined, comments between them left out. */
function commandOf(instruction: Instruction): string {
  return instruction.getArgumentsContent()!.replace(/\\\n/g, ' ');
}

/** Places of the image become places below its root; there is no user `node` to give them to. */
function run(command: string, folder: string, workingFolder: string): void {
  const here = places
    .reduce(
      (text, path) =>
        text.replaceAll(new RegExp(`(?<=^|[\\s=])${path}(?=[/\\s]|$)`, 'g'), join(folder, path)),
      command,
    )
    .replaceAll('-o node -g node ', '');
  const environment = { ...process.env, npm_config_prefer_offline: 'true' };
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', here], {
    cwd: workingFolder,
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`${command}\nended with ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
}
