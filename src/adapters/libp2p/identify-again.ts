/**
 * libp2p identifies a connection once, when it opens. A stream that is lost just then leaves a peer that is connected
 * and yet nobody: no routing, no gossip, no record protocol. This asks again.
 */
import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface';
import type { Log } from '../../ports/log.ts';

const attemptsMax = 3;

/** What of the identify service is used here. */
export interface Identifies {
  identify(connection: Connection): Promise<IdentifyResult>;
}

export interface IdentifyAgain {
  start(): void;
  stop(): void;
}

/** `patienceMs`: after so long libp2p's own attempt, or the last one here, has ended. */
export function createIdentifyAgain(
  libp2p: Libp2p,
  service: Identifies,
  patienceMs: number,
  log: Log,
): IdentifyAgain {
  /** One timer for each open connection that is not identified yet. */
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function plan(connection: Connection, attempt: number): void {
    const timer = setTimeout(() => {
      timers.delete(connection.id);
      if (connection.status === 'open') ask(connection, attempt);
    }, patienceMs);
    timers.set(connection.id, timer);
  }

  function ask(connection: Connection, attempt: number): void {
    const peer = connection.remotePeer.toString();
    service.identify(connection).then(
      () => log.debug({ peer, attempt }, 'a peer was identified at last'),
      (error: unknown) => {
        log.debug({ peer, attempt, error }, 'a connected peer does not identify itself');
        if (attempt < attemptsMax) plan(connection, attempt + 1);
        else connection.abort(new Error('the peer does not identify itself'));
      },
    );
  }

  function forget({ id }: Connection): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
  }

  const opened = ({ detail }: CustomEvent<Connection>): void => plan(detail, 1);
  const closed = ({ detail }: CustomEvent<Connection>): void => forget(detail);
  const identified = ({ detail }: CustomEvent<IdentifyResult>): void => forget(detail.connection);

  return {
    start() {
      libp2p.addEventListener('connection:open', opened);
      libp2p.addEventListener('connection:close', closed);
      libp2p.addEventListener('peer:identify', identified);
    },
    stop() {
      libp2p.removeEventListener('connection:open', opened);
      libp2p.removeEventListener('connection:close', closed);
      libp2p.removeEventListener('peer:identify', identified);
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
