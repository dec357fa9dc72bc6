/** The image and the composition: read by tools that know their formats, and by weft where they say something to it. */
import { execFileSync } from 'node:child_process';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../src/cli/program.ts';
import { answers, placeOf, settingsOf, textOf } from './deploy-files.ts';

const dockerfile = textOf('docker/Dockerfile');
const parsed = DockerfileParser.parse(dockerfile);

/** The arguments of every instruction of that name, in order. */
function argumentsOf(keyword: string): string[] {
  return parsed
    .getInstructions()
    .filter((one) => one.getKeyword() === keyword)
    .map((one) => one.getArgumentsContent() ?? '');
}

describe('the Dockerfile', () => {
  it('has nothing that its linter complains of, and a linter that complains', () => {
    expect(validate(dockerfile)).toEqual([]);
    expect(validate(dockerfile.replace('STOPSIGNAL SIGTERM', 'STOPSIGNAL'))).toHaveLength(1);
    expect(validate(dockerfile.replace('USER node', 'USR node'))).toHaveLength(1);
  });

  it('has two stages, ends as a user without rights, and runs a command of weft', () => {
    expect(argumentsOf('FROM')).toHaveLength(2);
    const last = parsed.getInstructions().map((one) => one.getKeyword());
    expect(last.lastIndexOf('USER')).toBeGreaterThan(last.lastIndexOf('RUN'));
    expect(argumentsOf('USER').at(-1)).toBe('node');
    expect(argumentsOf('ENTRYPOINT')).toEqual(['["weft"]']);
    const commands = createProgram(process, () => {}).commands.map((one) => one.name());
    const [start] = JSON.parse(argumentsOf('CMD')[0]!) as [string];
    const health = JSON.parse(/CMD (\[.*\])$/.exec(argumentsOf('HEALTHCHECK')[0]!)![1]!) as string[];
    expect(commands).toContain(start);
    expect(commands).toContain(health[1]);
  });

  it('keeps data where the volume is, and exposes the ports of peers and not that of the API', () => {
    const variables = Object.fromEntries(
      argumentsOf('ENV').flatMap((line) => line.split(' ').map((one) => one.split('=') as [string, string])),
    );
    const settings = Object.fromEntries(
      Object.entries(variables).filter(([name]) => name.startsWith('WEFT_')),
    );
    const config = settingsOf(settings);
    expect(argumentsOf('VOLUME')).toEqual([config.dataDirectory]);
    const ports = config.listen.map((address) => /\/tcp\/(\d+)/.exec(address)![1]);
    expect(argumentsOf('EXPOSE')[0]!.split(' ')).toEqual(ports);
    expect(ports).not.toContain(String(config.api.port));
  });

  it('needs the Node that package.json asks for, and lets no secret or history into the image', () => {
    expect(argumentsOf('FROM').every((image) => /^node:(2[4-9]|[3-9]\d)/.test(image))).toBe(true);
    const ignored = textOf('docker/Dockerfile.dockerignore').split('\n');
    for (const name of ['.git', 'node_modules', '**/*.keys', '**/passphrase'])
      expect(ignored).toContain(name);
    expect(dockerfile).toMatch(/^# Checked: [\s\S]*?Not checked:/m);
  });
});

interface Composition {
  readonly services: Readonly<
    Record<
      string,
      { readonly environment: Record<string, string>; readonly volumes: string[]; readonly secrets: string[] }
    >
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}

describe('compose.yaml', () => {
  const text = textOf('docker/compose.yaml');
  const composition = parse(text, { merge: true }) as Composition;

  it('runs three nodes with a volume each, and settings that weft takes', () => {
    const services = Object.values(composition.services);
    expect(services).toHaveLength(3);
    const volumes = services.flatMap((service) => service.volumes.map((volume) => volume.split(':')[0]!));
    expect(volumes.sort()).toEqual(Object.keys(composition.volumes).sort());
    for (const { environment, secrets } of services) {
      const config = settingsOf(environment);
      expect(config.mdns).toBe(true);
      expect(config.keystore.passphraseFile).toBe(`/run/secrets/${secrets[0]}`);
      expect(Object.keys(composition.secrets)).toEqual(secrets);
    }
    expect(text).toMatch(/^# Checked: [\s\S]*?Not checked:/m);
  });
});

const compose = answers('docker-compose', 'version')
  ? ['docker-compose']
  : answers('docker', 'compose', 'version')
    ? ['docker', 'compose']
    : null;
const whyNot = compose === null ? ' (not run: Compose is not installed)' : '';

describe.runIf(compose !== null)(`Compose${whyNot}`, () => {
  it('reads the file, and gives each node what they share', () => {
    const [program, ...argv] = compose!;
    const given = [...argv, '--file', placeOf('docker/compose.yaml'), 'config'];
    const printed = execFileSync(program!, given, { encoding: 'utf8' });
    expect(printed.match(/read_only: true/g)).toHaveLength(3);
    expect(printed.match(/no-new-privileges:true/g)).toHaveLength(3);
    expect(printed.match(/cap_drop:/g)).toHaveLength(3);
  });
});
