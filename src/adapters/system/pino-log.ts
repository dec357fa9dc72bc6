/** The Log port over pino: one JSON object a line, or one readable line for people. */
import { type DestinationStream, destination, type Level, type Logger, pino, stdSerializers } from 'pino';
import type { Log } from '../../ports/log.ts';

export interface PinoLogOptions {
  readonly level: Level | 'silent';
  readonly pretty: boolean;
  /** Where lines go; stderr when left out, written in the background and bounded. */
  readonly stream?: DestinationStream;
}

/** What waits for a reader of stderr that does not read; more is dropped. */
const unwrittenBytesMax = 4 * 1024 * 1024;

/** A log whose entries carry the time, the level, the subsystem and the data they are given. */
export function createPinoLog(options: PinoLogOptions): Log {
  const stream = options.stream ?? destination({ fd: 2, sync: false, maxLength: unwrittenBytesMax });
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err },
    },
    options.pretty ? { write: (line: string) => stream.write(readableLine(line)) } : stream,
  );
  return wrap(logger, logger, '');
}

/** A child of a child is named after both, once. */
function wrap(root: Logger, logger: Logger, path: string): Log {
  return {
    trace: (data, message) => logger.trace(data, message),
    debug: (data, message) => logger.debug(data, message),
    info: (data, message) => logger.info(data, message),
    warn: (data, message) => logger.warn(data, message),
    error: (data, message) => logger.error(data, message),
    isTracing: logger.isLevelEnabled('trace'),
    child: ({ subsystem }) => {
      const inner = path === '' ? subsystem : `${path}/${subsystem}`;
      return wrap(root, root.child({ subsystem: inner }), inner);
    },
  };
}

/** `02:41:07.123 INFO  gossip: joined the topic  topics=16`. */
function readableLine(line: string): string {
  const { time, level, subsystem, msg, ...data } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const values = Object.entries(data).map(([name, value]) => `${name}=${readableValue(value)}`);
  const source = subsystem === undefined ? '' : `${String(subsystem)}: `;
  const head = `${clock} ${String(level).toUpperCase().padEnd(5)} ${source}${String(msg ?? '')}`;
  return `${[head, ...values].join('  ')}\n`;
}

function readableValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  const { stack } = (value ?? {}) as { stack?: unknown };
  return typeof stack === 'string' ? `\n${stack}` : JSON.stringify(value);
}
