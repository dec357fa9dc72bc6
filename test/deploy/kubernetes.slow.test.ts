/** The container of the StatefulSet as a process with the same variables: the probes find it, and nobody else reads. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testSettings } from '../helpers/daemons.ts';
import { textOf } from './deploy-files.ts';

const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const timeout = 120_000;

interface Probe {
  readonly httpGet: { readonly path: string };
}
interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

const [container] = (
  parse(textOf('kubernetes/statefulset.yaml')) as {
    spec: { template: { spec: { containers: readonly [Container] } } };
  }
).spec.template.spec.containers;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-pod-'));
  writeFileSync(join(folder, 'passphrase'), 'a passphrase of the tests\n', { mode: 0o440 });
  const given = Object.fromEntries(
    container.env.flatMap(({ name, value }) =>
      value === undefined ? [] : [[name, value.replaceAll('$(POD_NAME)', 'weft-0')]],
    ),
  );
  env = {
    ...process.env,
    ...given,
    WEFT_BOOTSTRAP: '',
    WEFT_DATA: join(folder, 'weft'),
    WEFT_PASSPHRASE_FILE: join(folder, 'passphrase'),
    // The ports of this machine may be taken.
    WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0',
    WEFT_API_PORT: '0',
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As the kubelet asks: by the address of the pod. */
function statusOf(port: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: `10.1.2.3:${port}` };
    const asked = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    asked.on('error', reject).end();
  });
}

describe('the container of a pod', { timeout }, () => {
  it('answers its probes, gives reads to holders of the token alone, and is announced by its name', async () => {
    const settings = testSettings.flatMap((setting) => ['--set', setting]);
    const argv = [script, ...container.args, '--json', ...settings];
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const line = await new Promise<string>((resolve) =>
      createInterface({ input: child.stdout }).once('line', resolve),
    );
    const { api } = JSON.parse(line) as { readonly api: { readonly url: string } };
    const { port } = new URL(api.url);
    for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe])
      expect(await statusOf(port, httpGet.path), httpGet.path).toBe(200);
    expect(await statusOf(port, '/v1/status')).toBe(401);
    expect(await statusOf(port, '/v1/export')).toBe(401);
    // As `kubectl exec weft-0 -- weft status --json`.
    const printed = execFileSync(process.execPath, [script, 'status', '--json'], { env, encoding: 'utf8' });
    const { addresses, peer } = JSON.parse(printed) as { addresses: readonly string[]; peer: string };
    expect(addresses).toContain(`/dns4/weft-0.weft/tcp/4801/p2p/${peer}`);
    expect(statSync(join(folder, 'weft')).mode & 0o777).toBe(0o700);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});
