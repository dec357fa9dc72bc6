/**
 * What the reader sees: one line a step, its details below, and on a terminal a live view of the nodes at the end.
 * Plain lines without colours where the output is not a terminal; nothing at all with --json.
 */

/** How one node stands, for the live line. */
export interface NodeCell {
  readonly name: string;
  readonly mood: 'starting' | 'up' | 'down';
  /** A few characters: what it heard last. */
  readonly word: string;
}

export interface Story {
  title(text: string): void;
  /** A step begins; its line is written when it ends. */
  begin(name: string, title: string): void;
  /** A detail of the step that runs. */
  say(text: string): void;
  end(ok: boolean, ms: number, problem: string | null): void;
  /** Changes one node's cell of the live line. */
  cell(cell: NodeCell): void;
  /** Lines after the steps. */
  print(lines: readonly string[]): void;
  close(): void;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Colour = 'good' | 'bad' | 'quiet' | 'strong' | 'accent';
const colourCodes: Readonly<Record<Colour, string>> = {
  good: '32',
  bad: '31',
  quiet: '2',
  strong: '1',
  accent: '36',
};
const framesPerSecond = 10;
const cellWidth = 16;
const dots: Readonly<Record<NodeCell['mood'], readonly [string, Colour]>> = {
  starting: ['○', 'quiet'],
  up: ['●', 'good'],
  down: ['✗', 'bad'],
};
const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;

/** A story on that output. @param colourful false where NO_COLOR is set. */
export function createStory(output: Output, colourful: boolean): Story {
  const isLive = output.isTTY === true;
  const paint = (colour: Colour, text: string): string =>
    isLive && colourful ? `\x1b[${colourCodes[colour]}m${text}\x1b[0m` : text;
  const cells = new Map<string, NodeCell>();
  const startedAtMs = Date.now();
  let running: { readonly title: string; readonly number: number } | null = null;
  let stepCount = 0;
  let frame = 0;
  const details: string[] = [];

  function clear(): void {
    if (isLive) output.write('\r\x1b[J');
  }

  function line(text: string): void {
    clear();
    output.write(`${text}\n`);
    draw();
  }

  /** The step, what it said last, and the nodes; the cursor ends where it began. */
  function draw(): void {
    if (!isLive || running === null) return;
    const width = Math.max(40, (output.columns ?? 100) - 1);
    const clock = `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`;
    const head = `${spinner[frame % spinner.length]} ${running.title}`;
    const lines = [
      `${head.slice(0, width - clock.length - 1).padEnd(width - clock.length)}${clock}`,
      paint('quiet', `  ${details.at(-1) ?? ''}`.slice(0, width)),
      ...cellLines(width),
    ];
    output.write(`\r\x1b[J${lines.join('\n')}\x1b[${lines.length - 1}A\r`);
  }

  function cellLines(width: number): string[] {
    const perLine = Math.max(1, Math.floor((width - 2) / cellWidth));
    const texts = [...cells.values()].map(cellText);
    const lines: string[] = [];
    for (let from = 0; from < texts.length; from += perLine)
      lines.push(`  ${texts.slice(from, from + perLine).join('')}`);
    return lines;
  }

  /** Padded before it is painted, so that columns stand. */
  function cellText({ name, mood, word }: NodeCell): string {
    const [dot, colour] = dots[mood];
    return `${name} ${paint(colour, dot)} ${word.padEnd(cellWidth)}`.slice(
      0,
      cellWidth + (paint(colour, dot).length - 1),
    );
  }

  const timer = isLive
    ? setInterval(() => {
        frame++;
        draw();
      }, 1000 / framesPerSecond)
    : null;
  timer?.unref();

  return {
    title: (text) => line(paint('strong', text)),
    begin(_name, title) {
      running = { title, number: ++stepCount };
      details.length = 0;
      draw();
    },
    say(text) {
      details.push(text);
      draw();
    },
    end(ok, ms, problem) {
      if (running === null) return;
      const { title, number } = running;
      running = null;
      const mark = ok ? paint('good', '✓') : paint('bad', '✗');
      line(
        `${mark} ${String(number).padStart(2)} ${title.padEnd(64)} ${paint('accent', `${Math.round(ms)} ms`.padStart(9))}`,
      );
      for (const detail of details) line(`     ${paint('quiet', detail)}`);
      if (problem !== null) line(`     ${paint('bad', problem)}`);
    },
    cell(cell) {
      cells.set(cell.name, cell);
    },
    print(lines) {
      for (const text of lines) line(text);
    },
    close() {
      if (timer !== null) clearInterval(timer);
      clear();
    },
  };
}
