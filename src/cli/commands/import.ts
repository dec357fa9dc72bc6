/** `weft import`: what `weft export` wrote, taken in as from a stranger. */
import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { timeView } from '../../api/views.ts';
import { ArchiveError } from '../../archive/archive-error.ts';
import { openArchive } from '../../archive/archive-reader.ts';
import { type ArchivePlace, openArchivePlace } from '../archive/archive-place.ts';
import { createProgress, type Progress } from '../archive/progress.ts';
import { createTally, type TakeTally, takeArchive } from '../archive/take-archive.ts';
import { CliError, complaintOf } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import type { Terminal } from '../terminal.ts';
import { counted } from '../words.ts';

/** Adds it. */
export function addImportCommand(program: Command, run: Runner): void {
  const command = program
    .command('import')
    .description('take in what `weft export` wrote; every signature is checked, what is known stays')
    .argument('<file>', 'the archive; "-" is stdin');
  addExamples(command, [
    ['weft import weft.archive', 'into the running daemon, or into its data folder when none runs'],
    ['gunzip < weft.archive.gz | weft import - --data ./second', 'from another program'],
  ]).action(run<[string]>((context, [file]) => importFrom(context, file)));
}

async function importFrom(context: Context, file: string): Promise<ExitCode> {
  const { terminal } = context;
  const source = file === '-' ? terminal.stdin : await openFile(file);
  const archive = await openArchive(source as AsyncIterable<Uint8Array>);
  const place = await openArchivePlace(context, 'import');
  const progress = createProgress(terminal);
  const tally = createTally();
  let fault: ArchiveError | null = null;
  try {
    await takeArchive(archive, place.take, tally, () => showProgress(progress, tally));
  } catch (error) {
    progress.end();
    if (!(error instanceof ArchiveError)) {
      terminal.note(
        `${counted(tally.imported, 'agent')} imported before it failed; import it again to go on`,
      );
      throw error;
    }
    fault = error;
  } finally {
    progress.end();
    await place.close();
  }
  return report(terminal, { into: place.kind, createdAt: timeView(archive.createdAtSeconds) }, tally, fault);
}

async function openFile(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isFile()) return handle.createReadStream();
    await handle.close();
    throw new Error('it is no file');
  } catch (error) {
    throw new CliError('unreadable', `cannot read ${file}: ${(error as Error).message}`, 'check the name', {
      cause: error,
    });
  }
}

function showProgress(progress: Progress, { imported, known, refused }: TakeTally): void {
  progress.show(() => `${imported} imported, ${known} known, ${refused} refused`);
}

/** Refusals for age alone are what time does to any archive. */
function report(
  terminal: Terminal,
  about: { readonly into: ArchivePlace['kind']; readonly createdAt: string },
  tally: TakeTally,
  fault: ArchiveError | null,
): ExitCode {
  const { imported, withoutRecord, known, refused, refusals } = tally;
  const complaint = fault === null ? null : complaintOf(fault);
  terminal.give({ ...about, ...tally, ...(complaint !== null && { error: complaint }) });
  const into = about.into === 'daemon' ? 'the running daemon' : 'the data folder';
  terminal.say(
    `${counted(imported, 'agent')} imported into ${into}, ${known} known already, ${refused} refused`,
  );
  if (withoutRecord > 0)
    terminal.say(`  of ${withoutRecord} only the key log: the time of their records is over`);
  for (const [reason, count] of Object.entries(refusals)) terminal.say(`  refused ${count}: ${reason}`);
  if (complaint !== null) {
    terminal.note(`weft: ${complaint.message}`);
    terminal.note(`  ${complaint.hint}`);
    return complaint.exitCode;
  }
  const isForged = Object.keys(refusals).some((reason) => reason !== 'expired');
  return isForged ? exitCodes.refused : exitCodes.ok;
}
