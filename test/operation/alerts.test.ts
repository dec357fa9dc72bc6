/** Alert rules, the dashboard and the runbook: each names metrics that exist, and promtool agrees with the rules. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { documentedMetrics, metricNamesOf, readDocument, root } from './scrape.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = readDocument('deploy/prometheus/alerts.yml');
const alertNames = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
const expressions = [...rules.matchAll(/^ +expr: \|\n((?: {10}.*\n)+)/gm)].map(([, text]) => text!);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}
const dashboard = JSON.parse(readDocument('deploy/grafana/weft-dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ...dashboard.annotations.list.map(({ name, expr }) => ({ title: name, expr })),
];

/** What a scrape adds by itself. */
const ofPrometheus = ['up', 'ALERTS'];

function unknownNames(expression: string): string[] {
  const known = documentedMetrics();
  return metricNamesOf(expression).filter((name) => {
    const family = known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    return !known.has(family) && !ofPrometheus.includes(name);
  });
}

/** Undefined when promtool is not installed: then nothing of it can be said. */
function promtool(
  ...given: string[]
): { readonly status: number | null; readonly output: string } | undefined {
  const { status, stdout, stderr, error } = spawnSync('promtool', given, { cwd: root, encoding: 'utf8' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  return { status, output: `${stdout}${stderr}` };
}
const isInstalled = promtool('--version') !== undefined;
if (!isInstalled)
  console.warn('promtool is not here (Debian package prometheus): the rules are not run by it');

describe('names of metrics in an expression', () => {
  it.each([
    ['sum by (le, source) (rate(weft_a_bucket{kind="x_total"}[5m]))', ['weft_a_bucket']],
    ['up{job="weft"} == 0', ['up']],
    ['a_total > 0 unless a_total{b=~"c.*"} offset 15m', ['a_total', 'a_total']],
    ['x / y > 0.8 and on (instance, job) weft_node_info', ['x', 'y', 'weft_node_info']],
    ['histogram_quantile(0.9, rate(h_bucket{i=~"$i"}[$__rate_interval])) or vector(0)', ['h_bucket']],
    ['up * on (instance) group_left () weft_node_info', ['up', 'weft_node_info']],
    ['label_values(weft_node_info, instance)', ['weft_node_info']],
  ])('are found in %s', (expression, names) => {
    expect(metricNamesOf(expression)).toEqual(names);
  });
});

describe('the alert rules', () => {
  it('are found, each with an expression', () => {
    expect(alertNames.length).toBeGreaterThan(20);
    expect(new Set(alertNames).size).toBe(alertNames.length);
    expect(expressions).toHaveLength(alertNames.length);
  });

  it('name metrics that the node exposes', () => {
    expect(expressions.flatMap(unknownNames)).toEqual([]);
    expect(unknownNames('weft_no_such_thing > 0')).toEqual(['weft_no_such_thing']);
  });

  it('have a severity, a summary, a description and a place in the runbook', () => {
    const blocks = rules.split(/^ +- alert: /m).slice(1);
    for (const [index, block] of blocks.entries()) {
      const name = alertNames[index]!;
      expect(block, name).toMatch(/severity: (critical|warning|info)\n/);
      expect(block, name).toMatch(/summary: '.+'\n/);
      expect(block, name).toMatch(/description: '.+'\n/);
      expect(block, name).toContain(`runbook: 'docs/operating.md#${name.toLowerCase()}'`);
    }
  });

  it('have each a heading in the runbook that says what to do, and the runbook has no other', () => {
    const runbook = readDocument('docs/operating.md').split('\n## Runbook\n')[1]!.split('\n## ')[0]!;
    const sections = runbook.split(/^### /m).slice(1);
    const headings = sections.map((section) => section.split('\n')[0]!);
    expect(headings.sort()).toEqual([...alertNames].sort());
    for (const section of sections) expect(section.split('\n').slice(1).join('').length).toBeGreaterThan(60);
  });

  it('have each a test that makes it fire', () => {
    const tests = readDocument('test/operation/alerts.promtool.yml');
    const fired = new Set([...tests.matchAll(/labels: '\{alertname="(\w+)"\}'/g)].map(([, name]) => name!));
    expect([...fired].sort()).toEqual([...alertNames].sort());
  });

  it.skipIf(!isInstalled)('are good for promtool, and so is the example of a configuration', () => {
    const checked = promtool('check', 'rules', 'deploy/prometheus/alerts.yml')!;
    expect(checked.output).toContain(`SUCCESS: ${alertNames.length} rules found`);
    expect(checked.status).toBe(0);
    const config = promtool('check', 'config', 'deploy/prometheus/prometheus.yml')!;
    expect(config, config.output).toMatchObject({ status: 0 });
  });

  it.skipIf(!isInstalled)('fire when they should, alone, and are silent for a healthy node', () => {
    const tested = promtool('test', 'rules', 'test/operation/alerts.promtool.yml')!;
    expect(tested.output).toContain('SUCCESS');
    expect(tested.status).toBe(0);
  });
});

describe('the Grafana dashboard', () => {
  it('has rows for health, overlay, gossip, store, API and custody', () => {
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Health', 'Overlay', 'Gossip and signatures', 'Store', 'API', 'Custody']);
  });

  it('asks for metrics that the node exposes, of the nodes that are chosen', () => {
    expect(queries.length).toBeGreaterThan(40);
    for (const { title, expr } of queries) {
      expect(unknownNames(expr), title).toEqual([]);
      expect(metricNamesOf(expr).length, title).toBeGreaterThan(0);
      expect(expr, title).toContain('instance=~"$instance"');
    }
    for (const { definition } of dashboard.templating.list)
      expect(unknownNames(definition ?? ''), definition).toEqual([]);
  });

  it('has panels with an id, a title and a place of their own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, description = '', type, gridPos } of panels) {
      expect(type === 'row' || description.length > 0, title).toBe(true);
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const cell = `${column} ${line}`;
          expect(taken.has(cell), `${title} at ${cell}`).toBe(false);
          taken.add(cell);
        }
      }
    }
  });

  it.skipIf(!isInstalled)('has expressions that Prometheus can read', () => {
    const readable = queries.map(({ expr }) =>
      expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h'),
    );
    const rulesOfPanels = readable.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const file = join(folder, 'panels.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: rulesOfPanels }] }));
    const { output } = promtool('check', 'rules', file)!;
    expect(output).toContain(`SUCCESS: ${queries.length} rules found`);
  });
});
