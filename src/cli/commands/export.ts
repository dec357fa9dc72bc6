/** `weft export`: all records, key logs and revocations of a node in one file. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import { timeView } from '../../api/views.ts';
import { openArchive } from '../../archive/archive-reader.ts';
import { openArchivePlace } from '../archive/archive-place.ts';
import { createProgress, type Progress } from '../archive/progress.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { counted, sizeWords } from '../words.ts';

/** Adds it. */
export function addExportCommand(program: Command, run: Runner): void {
  const command = program
    .command('export')
    .description('write all records, key logs and revocations of a node to one file; no keys are in it')
    .argument('<file>', 'the file to make; "-" is stdout')
    .option('--force', 'write over a file that is there');
  addExamples(command, [
    ['weft export weft.archive', 'of the running daemon, or of its data folder when none runs'],
    ['weft export - | gzip > weft.archive.gz', 'to another program'],
  ]).action(
    run<[string], { force?: boolean }>((context, [file], options) =>
      exportTo(context, file, options.force === true),
    ),
  );
}

interface Sink {
  write(chunk: Uint8Array): Promise<void> | void;
  /** All of it is there: makes it last, under its name. */
  finish(): void;
  /** Leaves nothing behind. */
  discard(): void;
}

async function exportTo(context: Context, file: string, force: boolean): Promise<undefined> {
  const { terminal } = context;
  if (file === '-' && terminal.json)
    throw new CliError('usage', 'stdout cannot take both the archive and JSON', 'name a file');
  if (file !== '-' && !force && existsSync(file))
    throw new CliError('usage', `${file} is there already`, 'give another name, or --force');
  const place = await openArchivePlace(context, 'export');
  try {
    const sink = file === '-' ? stdoutSink(terminal.stdout) : openFileSink(file);
    const copied = await copyArchive(place.archive(), sink, createProgress(terminal));
    const { bundles, sizeBytes, createdAtSeconds } = copied;
    terminal.give({ file, from: place.kind, bundles, sizeBytes, createdAt: timeView(createdAtSeconds) });
    const from = place.kind === 'daemon' ? 'the running daemon' : 'the data folder';
    terminal.note(`${counted(bundles, 'agent')} of ${from}, ${sizeWords(sizeBytes)}, in ${file}`);
    terminal.note(
      terminal.paint('quiet', '  no keys are in it: copy the keys folder, or use `weft keys export`'),
    );
  } finally {
    await place.close();
  }
}

interface Copied {
  readonly bundles: number;
  readonly sizeBytes: number;
  readonly createdAtSeconds: number;
}

/** Reads back what it writes: a stream that broke off is no backup. */
async function copyArchive(
  archive: AsyncIterable<Uint8Array>,
  sink: Sink,
  progress: Progress,
): Promise<Copied> {
  let sizeBytes = 0;
  let bundles = 0;
  async function* written(): AsyncGenerator<Uint8Array> {
    for await (const chunk of archive) {
      await sink.write(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  try {
    const opened = await openArchive(written());
    for await (const batch of opened.bundles()) {
      bundles += batch.length;
      progress.show(() => `${counted(bundles, 'agent')}, ${sizeWords(sizeBytes)}`);
    }
    sink.finish();
    return { bundles, sizeBytes, createdAtSeconds: opened.createdAtSeconds };
  } catch (error) {
    sink.discard();
    throw error;
  } finally {
    progress.end();
  }
}

/** Under another name until it is whole. @throws CliError `failed` */
function openFileSink(file: string): Sink {
  const partial = `${file}.partial`;
  let descriptor: number | null = null;
  const attempt = <Value>(task: () => Value): Value => {
    try {
      return task();
    } catch (error) {
      const message = `cannot write ${file}: ${(error as Error).message}`;
      throw new CliError('failed', message, 'check the folder, its rights and its disk', { cause: error });
    }
  };
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  descriptor = attempt(() => openSync(partial, 'w', 0o600));
  return {
    write(chunk) {
      attempt(() => {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor!, chunk, at);
      });
    },
    finish() {
      attempt(() => {
        fsyncSync(descriptor!);
        close();
        renameSync(partial, file);
      });
    },
    discard() {
      close();
      rmSync(partial, { force: true });
    },
  };
}

function stdoutSink(stdout: Writable): Sink {
  return {
    write: (chunk) => new Promise((resolve) => void stdout.write(chunk, () => resolve())),
    finish() {},
    discard() {},
  };
}
