/**
 * A real Prometheus over real daemons, with the files of deploy/prometheus: it scrapes them, its rules evaluate, nothing
 * fires in a healthy network, and each expression of the dashboard has an answer.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDaemon } from '../../src/cli/control-client.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { eventually } from '../helpers/live-nodes.ts';
import { readDocument, root } from './scrape.ts';

const isInstalled = spawnSync('prometheus', ['--version']).error === undefined;
if (!isInstalled)
  console.warn('prometheus is not here (Debian package prometheus): nothing is scraped by it');

const folder = mkdtempSync(join(tmpdir(), 'weft-prometheus-'));
const daemons = createTestDaemons();
let server: ChildProcess | null = null;
let url = '';

interface Answer<Data> {
  readonly status: string;
  readonly error?: string;
  readonly data: Data;
}

async function ask<Data>(path: string): Promise<Answer<Data>> {
  return (await (await fetch(`${url}${path}`)).json()) as Answer<Data>;
}

async function query(expression: string): Promise<number> {
  const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
  const answer = await ask<{ readonly result: readonly unknown[] }>(path);
  expect(answer.status, `${expression}: ${answer.error}`).toBe('success');
  return answer.data.result.length;
}

/** The example, with these nodes, scraped every second. */
function configFor(targets: readonly string[]): string {
  const text = readDocument('deploy/prometheus/prometheus.yml')
    .replaceAll('_interval: 15s', '_interval: 1s')
    .replace('- alerts.yml', `- ${root}/deploy/prometheus/alerts.yml`)
    .replace('- 127.0.0.1:4800', targets.map((target) => `- ${target}`).join('\n          '));
  const path = join(folder, 'prometheus.yml');
  writeFileSync(path, text);
  return path;
}

/** Resolves with the address that it took. */
async function startPrometheus(config: string): Promise<string> {
  const options = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ];
  server = spawn('prometheus', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: server.stderr! })) {
    lines.push(line);
    const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    server.stderr!.resume();
    return `http://${address}`;
  }
  throw new Error(`prometheus ended:\n${lines.slice(-5).join('\n')}`);
}

describe.skipIf(!isInstalled)('Prometheus over three daemons', () => {
  beforeAll(async () => {
    const nodes = await daemons.startNetwork(3);
    const targets = nodes.map(({ dataDirectory }) => new URL(findDaemon(dataDirectory).url).host);
    url = await startPrometheus(configFor(targets));
    const [home, other] = nodes.map((daemon) => daemon.client()) as [
      ReturnType<(typeof nodes)[0]['client']>,
      ReturnType<(typeof nodes)[0]['client']>,
    ];
    // Counters that exist from a first scrape on and then grow have a rate.
    const act = async (): Promise<void> => {
      const { agentId } = await home.call('POST', '/v1/agents', {});
      await home.call('POST', `/v1/agents/${agentId}/rotate`, {});
      await other.call('GET', `/v1/agents/${agentId}?fresh=true`);
      await other.call('GET', `/v1/agents/${agentId}`);
      await home.call('POST', `/v1/agents/${agentId}/refence`, {});
    };
    await act();
    const scraped = (times: number) => async (): Promise<boolean> =>
      (await query(`count_over_time(weft_node_info[5m]) >= ${times}`)) === 3;
    await eventually(scraped(2), { withinMs: 60_000 });
    await act();
    const heard = async (): Promise<boolean> =>
      (await query('sum(increase(weft_change_age_seconds_count[1m])) > 0')) > 0;
    await eventually(heard, { withinMs: 60_000 });
    await eventually(scraped(6), { withinMs: 60_000 });
  }, 180_000);

  afterAll(async () => {
    if (server !== null) {
      server.kill();
      await once(server, 'exit');
    }
    await daemons.close();
    rmSync(folder, { recursive: true });
  });

  it('scrapes each of them', async () => {
    expect(await query('up{job="weft"} == 1')).toBe(3);
    const { data } = await ask<{ readonly activeTargets: readonly { readonly lastError: string }[] }>(
      '/api/v1/targets',
    );
    expect(data.activeTargets.map(({ lastError }) => lastError)).toEqual(['', '', '']);
  });

  it('evaluates every rule, and none fires', async () => {
    interface Rule {
      readonly name: string;
      readonly health: string;
      readonly state: string;
      readonly lastError?: string;
    }
    const rules = async (): Promise<readonly Rule[]> => {
      const { data } = await ask<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>(
        '/api/v1/rules',
      );
      return data.groups.flatMap((group) => group.rules);
    };
    await eventually(async () => (await rules()).every(({ health }) => health !== 'unknown'));
    const all = await rules();
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(all.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
  });

  it('answers each expression of the dashboard, with data where something happened', async () => {
    const { panels } = JSON.parse(readDocument('deploy/grafana/weft-dashboard.json')) as {
      readonly panels: readonly {
        readonly title: string;
        readonly targets?: readonly { readonly expr: string }[];
      }[];
    };
    const empty: string[] = [];
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const filled = expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$__range', '1m')
          .replaceAll('$instance', '.*');
        if ((await query(filled)) === 0) empty.push(`${title}: ${/weft_\w+/.exec(expr)?.[0]}`);
      }
    }
    // What did not happen has no series: nothing bad came, nothing failed, nothing was damaged, no fence was due.
    expect(empty.sort()).toEqual([
      'Bad input: weft_answers_refused_total',
      'Bad input: weft_bundles_refused_total',
      'Bad input: weft_frames_refused_total',
      'Bad input: weft_pushes_refused_total',
      'Damage: weft_entries_refetched_total',
      'Fences: weft_refences_total',
      'Life of records: weft_records_expired_total',
      'Life of records: weft_records_handed_over_total',
      'Life of records: weft_repairs_total',
      'Requests of peers: weft_requests_refused_total',
      'Writes: weft_store_failures_total',
    ]);
  });
});
