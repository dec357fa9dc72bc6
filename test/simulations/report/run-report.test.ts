import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../simulations/lib/run-scenario.ts';
import { formatCount, formatMeasure, formatShare } from '../../../simulations/report/measure-catalog.ts';
import { renderRunReport } from '../../../simulations/report/run-report.ts';
import { tinyRun } from './tiny-run.ts';

const hostile = `</style></title><script>alert('1')</script><img src=x onerror="alert(1)">`;
let result: RunResult;
let page: string;
let document: Document;
type Document = ReturnType<typeof parseHTML>['document'];
beforeAll(async () => {
  result = await tinyRun();
  page = renderRunReport(result, 'npm run sim -- tiny --seed 11');
  document = parseHTML(page).document;
});

/** The figure of that title: its caption, and its drawing for a desk. */
function figure(title: string) {
  const found = [...document.querySelectorAll('figure')].find(
    (one) => one.querySelector('h3')?.textContent === title,
  );
  const caption = found?.querySelector('figcaption p')?.textContent ?? '';
  const svgs = [...(found?.querySelectorAll('svg') ?? [])];
  return { caption, svgs, wide: svgs[0]! };
}

const marks = (svg: { querySelectorAll(selector: string): ArrayLike<unknown> }, selector: string): number =>
  svg.querySelectorAll(selector).length;

describe('the report of a run', () => {
  it('draws everything that was measured, for a desk and for a phone', () => {
    const titles = [...document.querySelectorAll('figure h3')].map((one) => one.textContent);
    expect(titles).toEqual([
      'How fast revocations spread',
      'Lookups that were right, over time',
      'Hops to the record',
      'How long lookups take',
      'How long publishes take',
      'Traffic over time',
      'Load of each node',
      'Bytes of each node',
      'Copies of each agent, by its place',
      'How copies lie over the key space',
    ]);
    for (const title of titles) expect(figure(title).svgs).toHaveLength(2);
  });

  it('draws propagation from the quantiles of the run, with its figures', () => {
    const { caption, wide } = figure('How fast revocations spread');
    const { all, heard } = result.details.revocationPairs;
    expect(caption).toContain(formatMeasure('revocations.p50Ms', result.measures['revocations.p50Ms']!));
    expect(caption).toContain(`${formatCount(heard)} of ${formatCount(all)} pairs`);
    const path = wide.querySelector('[aria-label="line"] path')!.getAttribute('d')!;
    expect(path.match(/[ML]/g)).toHaveLength(result.details.revocationsMs.length);
  });

  it('marks each fault over the lookups, and names it', () => {
    const { caption, wide } = figure('Lookups that were right, over time');
    const { lookups, right } = result.details.timeline;
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    expect(sum(lookups)).toBe(48);
    expect(sum(right)).toBe(Math.round(result.measures['lookups.rightShare']! * 48));
    expect(caption).toContain(`${sum(right)} of 48`);
    expect(caption).toContain('partition from 1 s to 4 s; loss from 2 s to 6 s');
    expect(marks(wide, '[aria-label="rect"] rect')).toBe(2);
    expect(wide.textContent).toContain('partition');
    expect(wide.textContent).toContain('loss');
  });

  it('has a bar for each number of hops, that add up to the lookups that found it', () => {
    const { caption, wide } = figure('Hops to the record');
    const { hops } = result.details;
    const total = hops.reduce((sum, count) => sum + count, 0);
    expect(caption).toContain(`over ${total} lookups`);
    expect(marks(wide, '[aria-label="bar"] rect')).toBe(hops.length);
    for (const count of hops) expect(wide.textContent).toContain(formatShare(count / total));
  });

  it('has every node in the plots of load and bytes', () => {
    const { sentMessages, receivedMessages, sentBytes } = result.details;
    for (const { nodes } of [sentMessages, receivedMessages, sentBytes])
      expect(nodes.reduce((sum, count) => sum + count, 0)).toBe(12);
    const { caption, wide } = figure('Load of each node');
    expect(caption).toContain(`Sent: median ${formatCount(sentMessages.p50)}`);
    expect(caption).toContain(`Received: median ${formatCount(receivedMessages.p50)}`);
    expect(marks(wide, '[aria-label="rect"] rect')).toBe(
      sentMessages.nodes.length + receivedMessages.nodes.length,
    );
    expect(sentBytes.mean * 12).toBeCloseTo(result.measures['traffic.bytesPerNodeSecond']! * 12 * 10, 0);
  });

  it('shows every agent that has not ended with its copies, and all copies over the key space', () => {
    const { agents, copies, nodes } = result.details.keySpace;
    expect(agents).toHaveLength(5);
    expect(marks(figure('Copies of each agent, by its place').wide, 'circle')).toBe(5);
    expect(nodes.reduce((sum, count) => sum + count, 0)).toBe(12);
    const total = copies.reduce((sum, count) => sum + count, 0);
    expect(total).toBe(agents.reduce((sum, agent) => sum + agent.copies, 0));
    expect(figure('How copies lie over the key space').caption).toContain(`${total} copies`);
  });

  it('says in words what was met and what was not, and how to run it again', () => {
    const text = document.body.textContent;
    expect(text).toContain(`Missed: 1 of 2 thresholds, 0 of ${result.invariants.length} invariants`);
    expect([...document.querySelectorAll('td span')].map((one) => one.textContent)).toEqual(
      expect.arrayContaining(['ok', 'missed', 'held']),
    );
    expect(document.querySelector('pre')?.textContent).toBe('npm run sim -- tiny --seed 11');
    for (const part of ['network.latency', 'load.lookupsPerSecond', result.traceHash])
      expect(text).toContain(part);
  });

  it('needs nothing but itself', () => {
    expect(page).not.toMatch(/https?:|url\(|@import|<script|<link|<img|<iframe|\son\w+=/i);
    expect(page.startsWith('<!doctype html>')).toBe(true);
    for (const drawing of document.querySelectorAll('svg')) expect(drawing.querySelector('style')).toBeNull();
  });

  it('takes names for text', () => {
    const parameters = { ...result.parameters, title: hostile };
    const changed: RunResult = {
      ...result,
      ok: false,
      scenario: hostile,
      parameters,
      measures: { ...result.measures, [hostile]: 1 },
      thresholds: [{ name: hostile, value: null, limit: 1, comparison: 'at-most', ok: false }],
      invariants: [{ name: hostile, ok: false, violations: [hostile] }],
    };
    const made = renderRunReport(changed, hostile);
    expect(made).not.toMatch(/<script|<img|<\/style><\/title>/i);
    expect(parseHTML(made).document.querySelector('h1')?.textContent).toBe(hostile);
  });

  it('of a run in which nothing happened has no empty plots', () => {
    const nothing = { hops: [], requests: [], lookupsMs: [], publishesMs: [], revocationsMs: [] };
    const timeline = { ...result.details.timeline, lookups: [0], right: [0] };
    const details = { ...result.details, ...nothing, timeline };
    const made = parseHTML(renderRunReport({ ...result, details }, 'x')).document;
    expect([...made.querySelectorAll('figure h3')]).toHaveLength(5);
  });
});
