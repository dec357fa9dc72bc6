/** libp2p's own log lines, unsaid: several a frame, and what matters reaches us as events and errors. */
import type { ComponentLogger, Logger } from '@libp2p/interface';

const quiet: Logger = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => quiet,
});

/** For libp2p's `logger` option. */
export const quietLogger: ComponentLogger = { forComponent: () => quiet };
