/** Figures and names as the page says them. */

const minute = 60;
const hour = 3600;
const day = 86_400;

/** `2 d 3 h`, `5 min`, `12 s`: two units at most. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return pair(whole, minute, 'min', 1, 's');
  if (whole < day) return pair(whole, hour, 'h', minute, 'min');
  return pair(whole, day, 'd', hour, 'h');
}

function pair(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/** `1.4 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Three significant digits: `0.04`, `3.2`, `418`, `12.3 k`. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} k`;
  if (value >= 100) return Math.round(value).toString();
  if (value >= 1) return value.toFixed(1);
  return value.toFixed(2);
}

/** Milliseconds: `0.42 ms`, `12 ms`, `1.3 s`. */
export function latency(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 10) return `${Math.round(milliseconds)} ms`;
  return `${milliseconds.toFixed(milliseconds >= 1 ? 1 : 2)} ms`;
}

/** Of an agent, a peer, a digest: enough to tell it from the others on the page. */
export function short(id: string): string {
  const plain = id.replace(/^nanda:/, '');
  return plain.length <= 14 ? plain : `${plain.slice(0, 6)}…${plain.slice(-6)}`;
}

/** `21 Nov 2026, 09:41:07`, in the time of the reader. */
export function instant(time: string | number): string {
  const date = new Date(time);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  return `${day}, ${clock(date.getTime())}`;
}

/** `09:41:07`. */
export function clock(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString('en-GB');
}

/** `1 peer`, `3 peers`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}
