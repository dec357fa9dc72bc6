/** The manifests of Kubernetes, against the types and schemas of its API, each other, and the settings of weft. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StatefulSet } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answers, placeOf, root, settingsOf, textOf } from './deploy-files.ts';

/** What a manifest has of an object, whatever else is in it. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const models = { ConfigMap, Service, StatefulSet, NetworkPolicy, PodDisruptionBudget } as const;
type Kind = keyof typeof models;
const names = globSync('*.yaml', { cwd: placeOf('kubernetes') })
  .filter((name) => name !== 'kustomization.yaml')
  .sort();
const read = <Shape>(name: string): Shape => parse(textOf(`kubernetes/${name}`)) as Shape;
const set = read<ConstructorParameters<typeof StatefulSet>[0] & object>('statefulset.yaml');
const pod = set.spec!.template.spec!;
const container = pod.containers[0]!;

/** `containerPort`s by name. */
const portByName = new Map(container.ports!.map((port) => [port.name, port.containerPort]));

describe.each(names)('%s', (name) => {
  const manifest = read<Manifest>(name);

  it('keeps to the schema of its kind', () => {
    const model = new models[manifest.kind as Kind](manifest as never);
    expect(() => model.validate()).not.toThrow();
    const bent = structuredClone(manifest) as unknown as { metadata: { labels: unknown } };
    bent.metadata.labels = 7;
    expect(() => new models[manifest.kind as Kind](bent as never).validate()).toThrow();
  });

  it('says how far it was checked', () => {
    expect(textOf(`kubernetes/${name}`)).toMatch(/^# Checked as kustomization\.yaml says\./);
  });
});

describe('the manifests', () => {
  it('have no property that Kubernetes would not know', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(root, 'node_modules', '.weft-manifests-'));
    try {
      const write = (manifests: readonly Manifest[]): string => {
        const lines = manifests.map(
          (manifest, index) =>
            `import type { I${manifest.kind} as Kind${index} } from 'kubernetes-models/${manifest.apiVersion}';\n` +
            `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest, null, 1)};\n`,
        );
        writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
        return typeCheck(folder);
      };
      expect(write(names.map((name) => read<Manifest>(name)))).toBe('');
      const wrong = structuredClone(set) as unknown as {
        spec: { template: { spec: Record<string, unknown> } };
      };
      wrong.spec.template.spec['enableServiceLink'] = false;
      expect(write([wrong as unknown as Manifest])).toContain('enableServiceLink');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are what kustomization.yaml names, all of them', () => {
    const { resources } = read<{ readonly resources: readonly string[] }>('kustomization.yaml');
    expect([...resources].sort()).toEqual(names);
    expect(textOf('kubernetes/kustomization.yaml')).toMatch(/^# Checked: [\s\S]*?Not checked:/m);
  });

  it('fit each other: selectors, ports, claims, secrets, references', () => {
    const labels = set.spec!.template.metadata!.labels!;
    const service = read<{
      spec: { selector: object; ports: { name: string; targetPort: string; port: number }[] };
    }>('service.yaml');
    const budget = read<{ spec: { selector: { matchLabels: object } } }>('poddisruptionbudget.yaml');
    const policy = read<{
      spec: { podSelector: { matchLabels: object }; ingress: { ports: { port: string }[] }[] };
    }>('networkpolicy.yaml');
    for (const selector of [
      set.spec!.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
      policy.spec.podSelector.matchLabels,
    ])
      expect(labels).toMatchObject(selector as object);
    expect(set.spec!.serviceName).toBe(read<{ metadata: { name: string } }>('service.yaml').metadata.name);
    for (const { targetPort, port } of service.spec.ports) expect(portByName.get(targetPort)).toBe(port);
    for (const { port } of policy.spec.ingress.flatMap(({ ports }) => ports))
      expect(portByName.has(port)).toBe(true);
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    for (const probe of probes) expect(portByName.has(String(probe!.httpGet!.port))).toBe(true);
    const volumes = [
      ...pod.volumes!.map((volume) => volume.name),
      ...set.spec!.volumeClaimTemplates!.map((claim) => claim.metadata!.name),
    ];
    expect(container.volumeMounts!.map((mount) => mount.name).sort()).toEqual([...volumes].sort());
    const map = read<{ metadata: { name: string }; data: Record<string, string> }>('configmap.yaml');
    const reference = container.env!.find((one) => one.name === 'WEFT_BOOTSTRAP')!.valueFrom!
      .configMapKeyRef!;
    expect(reference.name).toBe(map.metadata.name);
    expect(Object.keys(map.data)).toContain(reference.key);
  });

  it('give settings that weft takes, with room for its data and its secrets where they are mounted', () => {
    const filled: Record<string, string> = {};
    for (const { name, value } of container.env!) if (value !== undefined) filled[name] = value;
    const variables = Object.fromEntries(
      Object.entries(filled)
        .filter(([name]) => name.startsWith('WEFT_'))
        .map(([name, value]) => [name, value.replaceAll('$(POD_NAME)', 'weft-0')]),
    );
    const config = settingsOf({ ...variables, WEFT_BOOTSTRAP: '' });
    expect(config.announce).toEqual(['/dns4/weft-0.weft/tcp/4801', '/dns4/weft-0.weft/tcp/4802/ws']);
    expect(config.api).toMatchObject({ host: '0.0.0.0', remote: true, port: portByName.get('api') });
    const mountOf = (path: string | null): string | undefined =>
      container.volumeMounts!.find((mount) => path?.startsWith(`${mount.mountPath}/`))?.name;
    expect(mountOf(config.dataDirectory)).toBe('data');
    expect(mountOf(config.keystore.passphraseFile)).toBe('passphrase');
    for (const port of [4801, 4802])
      expect(config.listen.some((one) => one.includes(`/tcp/${port}`))).toBe(true);
    // Kubernetes would add variables that begin with WEFT_, and those are refused.
    expect(pod.enableServiceLinks).toBe(false);
    expect(() => settingsOf({ WEFT_SERVICE_HOST: '10.0.0.1' })).toThrow(/no such setting/);
  });

  it('run nothing as root, and nothing that may become it', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, fsGroupChangePolicy: 'OnRootMismatch' });
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.resources!.limits!['memory']).toBeDefined();
  });
});

const whyNot = answers('kubectl', 'kustomize', '--help') ? '' : ' (not run: kubectl is not installed)';

describe.runIf(whyNot === '')(`kustomize${whyNot}`, () => {
  it('puts them together', () => {
    const printed = execFileSync('kubectl', ['kustomize', placeOf('kubernetes')], { encoding: 'utf8' });
    const kinds = [...printed.matchAll(/^kind: (\w+)$/gm)].map((match) => match[1]);
    expect(kinds.sort()).toEqual(names.map((name) => read<Manifest>(name).kind).sort());
    expect(printed).toContain('image: weft:latest');
  });
});

function typeCheck(folder: string): string {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2024',
    '--module',
    'nodenext',
  ];
  try {
    return execFileSync(process.execPath, [compiler, ...flags, '--types', '', 'manifests.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
