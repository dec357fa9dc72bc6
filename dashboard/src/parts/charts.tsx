/** The last hour in four charts. Rates are differences of totals between two samples. */
import { useState } from 'preact/hooks';
import type { Samples } from '../api/answers.ts';
import { samples } from '../node-state.ts';
import { count, rate, size } from '../words.ts';
import { Chart, type ChartLine } from './chart.tsx';

type Window = 600 | 3600;

export function Charts() {
  const [seconds, setSeconds] = useState<Window>(3600);
  const taken = samples.value;
  const choice = (value: Window, label: string) => (
    <label>
      <input
        type="radio"
        name="chart-window"
        checked={seconds === value}
        onChange={() => setSeconds(value)}
      />
      <span>{label}</span>
    </label>
  );
  return (
    <section class="charts" aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">Over time</h2>
        <fieldset class="choice">
          <legend class="unseen">How far back</legend>
          {choice(600, '10 min')}
          {choice(3600, '1 h')}
        </fieldset>
      </div>
      {taken === null || taken.timesMs.length < 3 ? (
        <p class="empty">The node takes a sample every 5 s; the charts begin with the third one.</p>
      ) : (
        <div class="chart-row">
          <Four taken={since(taken, seconds)} />
        </div>
      )}
    </section>
  );
}

function Four({ taken }: { readonly taken: Samples }) {
  const times = taken.timesMs.map((timeMs) => timeMs / 1000);
  const gauge = (name: string): readonly number[] => taken.series[name] ?? [];
  const perSecond = (name: string): readonly (number | null)[] => ratesOf(gauge(name), times);
  const line = (label: string, values: readonly (number | null)[], tone: ChartLine['tone']): ChartLine => ({
    label,
    values,
    tone,
  });
  const perS = (value: number): string => `${rate(value)} /s`;
  return (
    <>
      <Chart
        title="Records held"
        times={times}
        lines={[line('records', gauge('recordsHeld'), 'weft')]}
        say={count}
        rest={`${size(gauge('storeBytes').at(-1) ?? 0)} on disk`}
      />
      <Chart
        title="Signatures checked"
        times={times}
        lines={[line('checked', perSecond('signaturesVerified'), 'weft')]}
        say={perS}
      />
      <Chart
        title="Lookups"
        times={times}
        lines={[
          line('made here', perSecond('resolves'), 'weft'),
          line('for peers', perSecond('requests'), 'second'),
        ]}
        say={perS}
      />
      <Chart
        title="Errors"
        times={times}
        lines={[
          line('refused input', perSecond('refused'), 'second'),
          line('failures', perSecond('failures'), 'cut'),
        ]}
        say={perS}
      />
    </>
  );
}

function since({ intervalMs, timesMs, series }: Samples, seconds: number): Samples {
  const first = timesMs.findIndex((timeMs) => timeMs >= timesMs.at(-1)! - seconds * 1000);
  const cut = (values: readonly number[]): readonly number[] => values.slice(first);
  const entries = Object.entries(series).map(([name, values]) => [name, cut(values)]);
  return { intervalMs, timesMs: cut(timesMs), series: Object.fromEntries(entries) };
}

/** Null for the first, which has none before it. */
function ratesOf(totals: readonly number[], times: readonly number[]): readonly (number | null)[] {
  return totals.map((total, index) => {
    if (index === 0) return null;
    const elapsed = times[index]! - times[index - 1]!;
    return elapsed <= 0 ? null : Math.max(0, total - totals[index - 1]!) / elapsed;
  });
}
