import { describe, expect, it } from 'vitest';
import { createPinoLog, type PinoLogOptions } from '../../../src/adapters/system/pino-log.ts';

function record(options: Omit<PinoLogOptions, 'stream'>) {
  const lines: string[] = [];
  return { lines, log: createPinoLog({ ...options, stream: { write: (line) => lines.push(line) } }) };
}

describe('the log', () => {
  it('writes one JSON object a line, with level by name, subsystem, data and sentence', () => {
    const { log, lines } = record({ level: 'info', pretty: false });
    log
      .child({ subsystem: 'gossip' })
      .warn({ peer: '12D3', error: new TypeError('boom') }, 'a stream was reset');
    expect(lines).toHaveLength(1);
    const entry = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(entry).toMatchObject({
      level: 'warn',
      subsystem: 'gossip',
      peer: '12D3',
      msg: 'a stream was reset',
    });
    expect(entry['error']).toMatchObject({ type: 'TypeError', message: 'boom' });
    expect(Date.parse(String(entry['time']))).toBeGreaterThan(0);
    expect(entry).not.toHaveProperty('pid');
    log.child({ subsystem: 'network' }).child({ subsystem: 'libp2p' }).info({}, 'x');
    expect(lines[1]!.match(/"subsystem"/g)).toHaveLength(1);
    expect(JSON.parse(lines[1]!)).toMatchObject({ subsystem: 'network/libp2p' });
  });

  it('leaves out what is less severe than its level', () => {
    const { log, lines } = record({ level: 'warn', pretty: false });
    log.info({}, 'no');
    log.child({ subsystem: 'x' }).debug({}, 'no');
    log.error({}, 'yes');
    expect(lines).toHaveLength(1);
    const silent = record({ level: 'silent', pretty: false });
    silent.log.error({}, 'no');
    expect(silent.lines).toEqual([]);
  });

  it('writes a readable line for people, quoting what would break it', () => {
    const { log, lines } = record({ level: 'trace', pretty: true });
    log.child({ subsystem: 'store' }).info({ entries: 3, path: '/a/b', note: 'two words\n' }, 'opened');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}store: opened {2}entries=3 {2}path=\/a\/b {2}note="two words\\n"\n$/,
    );
    log.error({ error: new Error('boom') }, 'failed');
    expect(lines[1]).toMatch(/ERROR failed {2}error=\nError: boom\n {4}at /);
  });
});
