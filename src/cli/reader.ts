/** Whoever reads what a command prints may stop: `weft … | head`. Nobody reads any more, so there is nothing left to do. */
export function endWithReader(stdout: NodeJS.WritableStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
