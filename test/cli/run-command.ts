/** The command line within the test: what it wrote, and how it ended. */
import { PassThrough, Writable } from 'node:stream';
import { main } from '../../src/cli/main.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of stdout. */
  json(): Record<string, unknown>;
}

/** Runs `weft <argv>` with this stdin, none of it a terminal. */
export async function runCommand(
  argv: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<CommandResult> {
  const input = new PassThrough();
  input.end(stdin);
  const out = collector();
  const err = collector();
  const code = await main(argv, { stdin: input, stdout: out.stream, stderr: err.stream });
  const stdout = out.text();
  return { code, stdout, stderr: err.text(), json: () => JSON.parse(stdout) as Record<string, unknown> };
}

function collector() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
