/** A run as it goes: one line that is written over on a terminal, a line every few seconds elsewhere; always on stderr. */
import type { RunProgress } from '../lib/run-scenario.ts';
import type { Console } from './console.ts';
import { formatCount, formatShare } from './measure-catalog.ts';

const terminalPauseMs = 150;
const plainPauseMs = 5_000;
const barWidth = 20;

/** @param title goes before each line, for runs one after the other. */
export function createProgress(console: Console, title = ''): (progress: RunProgress) => Promise<void> {
  let shown = { atMs: performance.now(), events: 0, messages: 0, seconds: 0 };
  let isFirst = true;
  return async (progress) => {
    const nowMs = performance.now();
    const isEnd = progress.phase === 'settling' && progress.share >= 1;
    const pauseMs = console.isTerminal ? terminalPauseMs : plainPauseMs;
    if (!isFirst && !isEnd && nowMs - shown.atMs < pauseMs) return;
    const line = `${title}${describe(progress, shown, nowMs)}`;
    if (!console.isTerminal) {
      if (!isEnd) console.stderr(`${line}\n`);
    } else if (isEnd) {
      console.stderr('\r\u001b[2K');
    } else {
      console.stderr(`\r\u001b[2K${line.slice(0, (console.columns ?? 100) - 1)}`);
    }
    isFirst = false;
    shown = {
      atMs: nowMs,
      events: progress.events,
      messages: progress.messages,
      seconds: progress.virtualSeconds,
    };
    // Signals and output have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  };
}

function describe(
  progress: RunProgress,
  before: {
    readonly atMs: number;
    readonly events: number;
    readonly messages: number;
    readonly seconds: number;
  },
  nowMs: number,
): string {
  const { phase, share, virtualSeconds, lookups, right, faults } = progress;
  const seconds = Math.max(0.001, (nowMs - before.atMs) / 1000);
  const filled = Math.round(Math.min(1, share) * barWidth);
  const parts = [
    `${phase.padEnd(11)} ${'█'.repeat(filled)}${'·'.repeat(barWidth - filled)} ${String(Math.round(share * 100)).padStart(3)}%`,
    `${virtualSeconds.toFixed(0)} s virtual`,
    // A narrow terminal cuts the end off.
    ...(faults.length === 0 ? [] : [`now: ${faults.join(', ')}`]),
    ...(lookups === 0 ? [] : [`lookups ${formatShare(right / lookups)} right`]),
    `${formatCount(Math.round((progress.events - before.events) / seconds))} events/s`,
    `${formatCount(Math.round((progress.messages - before.messages) / Math.max(0.5, virtualSeconds - before.seconds)))} messages/virtual s`,
  ];
  return parts.join('  ');
}
