/** The trace of a resolution for people: a line for what came of each step, and one for why it may be believed. */
import type { TraceStepView } from '../api/api-error.ts';
import type { Style, Terminal } from './terminal.ts';
import { columns } from './terminal.ts';
import { durationWords } from './words.ts';

const marks: Readonly<Record<TraceStepView['outcome'], { readonly sign: string; readonly style: Style }>> = {
  ok: { sign: '✓', style: 'good' },
  cached: { sign: '↺', style: 'good' },
  missing: { sign: '–', style: 'warning' },
  refused: { sign: '✗', style: 'bad' },
  failed: { sign: '✗', style: 'bad' },
};

/** Two lines a step. */
export function renderTrace(terminal: Terminal, trace: readonly TraceStepView[], nowMs: number): string[] {
  const heads = columns(
    trace.map((step) => {
      const { sign, style } = marks[step.outcome];
      return [
        terminal.paint(style, sign),
        terminal.paint('strong', step.step),
        step.said,
        terminal.paint('quiet', timeOf(step)),
      ];
    }),
    '  ',
  );
  return trace.flatMap((step, index) => {
    const reasons = reasonsOf(step, nowMs).join(' · ');
    return [heads[index]!, terminal.paint('quiet', `    ${' '.repeat(stepWidth)}${reasons}`)];
  });
}

/** As wide as the longest name of a step, and the space behind it. */
const stepWidth = 'resolver  '.length;

function timeOf({ outcome, tookMs }: TraceStepView): string {
  if (outcome === 'cached') return 'kept';
  return tookMs < 1
    ? '< 1 ms'
    : `${tookMs < 10 ? tookMs.toFixed(1).replace(/\.0$/, '') : Math.round(tookMs)} ms`;
}

function reasonsOf({ from, verifiedBy, holdsUntil, code }: TraceStepView, nowMs: number): string[] {
  return [
    from,
    ...(verifiedBy === null ? [] : [`proved by ${verifiedBy}`]),
    ...(holdsUntil === null ? [] : [`holds ${durationWords((Date.parse(holdsUntil) - nowMs) / 1000)}`]),
    ...(code === null ? [] : [code]),
  ];
}
