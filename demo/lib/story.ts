/**
 * What the reader sees: one line a step, its details below, and on a terminal a live line of the nodes at the end.
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

  function draw(): void {
    if (!isLive || running === null) return;
    const width = Math.max(40, (output.columns ?? 100) - 1);
    const clock = `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`;
    const head = `${spinner[frame % spinner.length]} ${running.title}`;
    const nodes = [...cells.values()].map(cellText).join('  ');
    // Two lines, and the cursor back at the start of the first; plain widths, so that nothing wraps.
    const first = `${head.slice(0, width - clock.length - 1).padEnd(width - clock.length)}${clock}`;
    output.write(`\r\x1b[J${first}\n${cutTo(nodes, width)}\x1b[1A\r`);
  }

  function cellText({ name, mood, word }: NodeCell): string {
    const dot = mood === 'up' ? '●' : mood === 'down' ? '✗' : '○';
    return `${name} ${dot} ${word}`.trimEnd();
  }

  /** Colours are laid over the text after it has been cut. */
  function cutTo(text: string, width: number): string {
    return text
      .slice(0, width)
      .replaceAll('●', paint('good', '●'))
      .replaceAll('✗', paint('bad', '✗'))
      .replaceAll('○', paint('quiet', '○'));
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
      if (isLive) line(`     ${paint('quiet', text)}`);
      else details.push(text);
    },
    end(ok, ms, problem) {
      if (running === null) return;
      const { title, number } = running;
      running = null;
      const mark = ok ? paint('good', '✓') : paint('bad', '✗');
      line(
        `${mark} ${String(number).padStart(2)} ${title.padEnd(64)} ${paint('accent', `${Math.round(ms)} ms`.padStart(9))}`,
      );
      for (const detail of details) line(`     ${detail}`);
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
