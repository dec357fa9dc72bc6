/**
 * A network of namespaces, made and used by a process that is alone with it: `unshare` gave it users, mounts, processes and
 * a network of its own, so that nothing of it is seen outside and the kernel takes all of it away when that process ends.
 * A router stands in the middle; what it forwards waits in delay.c for as long as its way takes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LabPlan } from './lab-plan.ts';

export interface Lab {
  /** Runs a program in the namespace of that host: what goes before its command line. */
  inside(host: number): readonly string[];
  addressOf(host: number): string;
  cut(sideOf: ((host: number) => number) | null, isOneWay: boolean): Promise<void>;
  setLoss(loss: number): Promise<void>;
  /** Packets let through from host to host, headers included. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

const hostsEach = 200;

/** From the benchmark range of RFC 2544, which leads nowhere. */
function addressOf(host: number): string {
  return `198.18.${Math.floor(host / hostsEach)}.${(host % hostsEach) + 1}`;
}

const routerAddress = '198.18.250.1';
const namespaceOf = (host: number): string => `host${host}`;

/** @param program delay.c, compiled. @throws Error with what a command said */
export async function openLab(plan: LabPlan, program: string): Promise<Lab> {
  makeNamespaces(plan.hosts.length);
  const wire = startDelay(program);
  await wire.ready;
  for (const line of linesOf(plan)) await wire.say(line);
  return {
    inside: (host) => ['nsenter', `--net=/run/netns/${namespaceOf(host)}`],
    addressOf,
    async cut(sideOf, isOneWay) {
      if (sideOf !== null) {
        for (const host of plan.hosts.keys()) await wire.say(`side ${addressOf(host)} ${sideOf(host)}`);
      }
      await wire.say(`cut ${sideOf === null ? 0 : isOneWay ? 2 : 1}`);
    },
    setLoss: async (loss) => void (await wire.say(`loss ${loss}`)),
    bytes: async () => Number((await wire.say('stat')).split(' ')[2]),
    close: wire.close,
  };
}

function makeNamespaces(hosts: number): void {
  run('mount', '-t', 'tmpfs', 'tmpfs', '/run');
  mkdirSync('/run/netns');
  run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'address', 'add', `${routerAddress}/32`, 'dev', 'lo');
  run('iptables', '-A', 'FORWARD', '-j', 'NFQUEUE', '--queue-num', '0');
  for (let host = 0; host < hosts; host++) {
    const [name, wire, address] = [namespaceOf(host), `wire${host}`, addressOf(host)];
    run('ip', 'netns', 'add', name);
    run('ip', 'link', 'add', wire, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    batch([], [`link set ${wire} up`, `route add ${address}/32 dev ${wire} src ${routerAddress}`]);
    batch(
      ['-n', name],
      [
        'link set lo up',
        `address add ${address}/32 dev eth0`,
        'link set eth0 up',
        `route add ${routerAddress} dev eth0`,
        `route add default via ${routerAddress} src ${address}`,
      ],
    );
  }
}

function linesOf({ hosts, pathMs, jitter, loss, uplinkBitsPerSecond }: LabPlan): string[] {
  return [
    ...hosts.map(({ region, accessMs }, host) => `host ${addressOf(host)} ${region} ${accessMs}`),
    ...pathMs.flatMap((row, from) => row.map((ms, to) => `path ${from} ${to} ${ms}`)),
    `jitter ${jitter}`,
    `loss ${loss}`,
    `rate ${uplinkBitsPerSecond}`,
  ];
}

/** The program between the namespaces; each line that it is told is answered by one. */
function startDelay(program: string) {
  const child: ChildProcess = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
    });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      for (const { reject } of waiting.splice(0))
        reject(new Error('the network between the namespaces has ended'));
      resolve();
    });
  });
  child.once('error', () => {});
  child.stdin!.on('error', () => {});
  createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.resolve(line));
  return {
    ready: next(),
    async say(line: string): Promise<string> {
      const answered = next();
      child.stdin!.write(`${line}\n`);
      const answer = await answered;
      if (!answer.startsWith('ok ')) throw new Error(`the network between the namespaces refuses '${line}'`);
      return answer;
    },
    async close(): Promise<void> {
      child.stdin!.end();
      await ended;
    },
  };
}

function run(command: string, ...parameters: string[]): void {
  execFileSync(command, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Several commands of `ip` in one process. */
function batch(options: readonly string[], lines: readonly string[]): void {
  execFileSync('ip', [...options, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}
