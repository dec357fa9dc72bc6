/** The audit log of real daemons: contradicting views, a cloned node, and kill -9 in the middle of puts. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { openCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { readProofFile } from '../../src/audit/proof/proof-file.ts';
import { verifyProofFile } from '../../src/audit/proof/verify-file.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { runCommand } from '../cli/run-command.ts';
import { createTestDaemons, type TestDaemons } from '../helpers/daemons.ts';
import { nowSeconds } from '../helpers/live-nodes.ts';
import { createOutsider } from '../helpers/outsider.ts';
import { bornAgent, bundleOf, rotated } from '../helpers/test-agent.ts';
import { check } from './test-log.ts';

let daemons: TestDaemons;
beforeEach(() => {
  daemons = createTestDaemons();
});
afterEach(async () => {
  await daemons.close();
});

const urlOf = (daemon: Daemon): string =>
  (JSON.parse(readFileSync(join(daemon.dataDirectory, 'api.json'), 'utf8')) as { url: string }).url;

const weft = (daemon: Daemon, ...argv: string[]) => runCommand([...argv, '--data', daemon.dataDirectory]);

async function checkpointOf(daemon: Daemon) {
  return openCheckpoint(String((await daemon.client().call('GET', '/v1/audit'))['checkpoint']), check);
}

it('makes a proof for anybody of two daemons that hold two histories of one agent', async () => {
  const [one, other] = [daemons.create('one'), daemons.create('other')];
  await Promise.all([one.start(), other.start()]);
  const born = bornAgent('two histories', nowSeconds());
  const id = formatAgentId(born.agentId);
  for (const [daemon, branch] of [
    [one, ' left'],
    [other, ' right'],
  ] as const) {
    await daemon.client().sendBytes('/v1/bundles', bundleOf(born));
    await daemon.client().sendBytes('/v1/bundles', bundleOf(rotated(born, nowSeconds(), branch)));
  }
  const proof = join(daemons.directory, 'equivocation.proof');
  const compared = await weft(one, 'audit', 'compare', id, '--with', urlOf(other), '--out', proof);
  expect(compared).toMatchObject({ code: 6, stdout: '' });
  expect(compared.stderr).toContain('the agent has two histories');
  await Promise.all([one.kill(), other.kill()]);

  const nowhere = join(daemons.directory, 'nowhere');
  const third = (...argv: string[]) => runCommand([...argv, '--data', nowhere]);
  const verified = await third('audit', 'verify', proof);
  expect(verified.code).toBe(0);
  expect(verified.stdout).toContain(`holds: ${id} has two histories: its keys signed both`);
  for (const { peer } of [one, other]) {
    expect(verified.stdout).toContain(peer);
    expect((await third('audit', 'verify', proof, '--log', peer)).code).toBe(0);
  }
  const text = readFileSync(proof, 'utf8');
  for (const [from, to] of [
    [/"index": 1\b/, '"index": 0'],
    [/"bundle": "(.{200})../, '"bundle": "$1AA'],
    [/\\n2\\n/, '\\n3\\n'],
    [/"leaf": "(.{20})../, '"leaf": "$1AA'],
  ] as const) {
    const altered = text.replace(from, to);
    expect(altered).not.toBe(text);
    writeFileSync(proof, altered);
    expect(await third('audit', 'verify', proof)).toMatchObject({ code: 5, stdout: '' });
  }

  // Once they meet, both know of both histories, and both logs have them.
  await one.start();
  const late = daemons.create('other', { bootstrap: [one.address] });
  await late.start();
  for (const daemon of [one, late]) {
    await expect
      .poll(async () => (await daemon.client().call('GET', `/v1/agents/${id}`))['status'], {
        timeout: 60_000,
      })
      .toBe('forked');
    const file = readProofFile(await daemon.client().call('GET', `/v1/audit/agents/${id}`));
    const seen = verifyProofFile(file, check);
    if (seen.kind !== 'inclusion') throw new Error(seen.kind);
    expect(seen.views[0]!.entries.map(({ kind }) => kind)).toEqual(['icp', 'rot', 'rot']);
  }
  // The one asks the other over the network of peers, too.
  const over = await weft(one, 'audit', 'compare', id, '--with', late.peer, '--json');
  expect(over).toMatchObject({ code: 6 });
  expect(over.json()).toMatchObject({ verdict: 'forked', contradicts: true });
});

it('finds the entry in which two daemons with one identity part, and proves it', async () => {
  const original = daemons.create('original');
  await original.start();
  const born = (label: string) => bundleOf(bornAgent(label, nowSeconds()));
  await original.client().sendBytes('/v1/bundles', born('before'));
  const before = await checkpointOf(original);
  await original.stop();
  cpSync(original.dataDirectory, join(daemons.directory, 'clone'), { recursive: true });
  const clone = daemons.create('clone');
  await Promise.all([original.start(), clone.start()]);
  expect((await weft(original, 'audit', 'compare', '--with', urlOf(clone))).code).toBe(0);
  await original.client().sendBytes('/v1/bundles', born('only here'));
  for (const label of ['there', 'and there']) await clone.client().sendBytes('/v1/bundles', born(label));
  const fork = join(daemons.directory, 'fork.proof');
  const compared = await weft(original, 'audit', 'compare', '--with', urlOf(clone), '--out', fork);
  expect(compared.code).toBe(6);
  const verified = await runCommand(['audit', 'verify', fork, '--json']);
  expect(verified.json()).toMatchObject({
    kind: 'log-fork',
    first: { peer: before.peer, size: 2 },
    second: { peer: before.peer, size: 3 },
  });
});

it('logs what was acknowledged, and continues its tree, whatever kill -9 falls into', async () => {
  const writer = await createOutsider();
  const daemon = daemons.create('killed', { settings: ['quotas.putsBurst=1000000'] });
  try {
    await daemon.start();
    const acknowledged = new Set<string>();
    const kept: string[] = [(await checkpointOf(daemon)).note];
    for (let round = 0; round < 4; round++) {
      const queue = Array.from({ length: 1500 }, (_, index) =>
        bornAgent(`log ${round} ${index}`, nowSeconds()),
      );
      const inRound: string[] = [];
      let killed: Promise<void> | null = null;
      const write = async (): Promise<void> => {
        while (killed === null) {
          const batch = queue.splice(0, 8);
          const answering = writer.put(daemon, batch.map(bundleOf)).catch(() => null);
          await turn();
          if (inRound.length >= 150 + 200 * round) killed ??= daemon.kill();
          const answers = await answering;
          if (answers === null) return;
          inRound.push(...batch.map(({ agentId }) => formatAgentId(agentId)));
        }
      };
      // Somebody asks for checkpoints all the while, so that trees are written in the middle of it, too.
      const ask = async (): Promise<void> => {
        while (killed === null) {
          const note = await checkpointOf(daemon).catch(() => null);
          if (note === null) return;
          kept.push(note.note);
        }
      };
      await Promise.all([write(), write(), write(), ask()]);
      await killed;
      for (const agent of inRound) acknowledged.add(agent);
      await daemon.start();
    }
    const logged = new Set<string>();
    const { size } = await checkpointOf(daemon);
    for (let from = 0; from < size; from += 1000) {
      const page = await daemon.client().call('GET', `/v1/audit/entries?from=${from}&limit=1000`);
      for (const entry of page['entries'] as unknown as { agentId: string }[]) logged.add(entry.agentId);
    }
    expect([...acknowledged].filter((agent) => !logged.has(agent))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(1200);
    for (const checkpoint of new Set(kept)) {
      const file = readProofFile(await daemon.client().call('POST', '/v1/audit/consistency', { checkpoint }));
      expect(verifyProofFile(file, check)).toMatchObject({ kind: 'consistency', newer: { size } });
    }
    console.info(
      `audit: kill -9 of a daemon, 4 times: all of ${acknowledged.size} acknowledged agents are in its log, which continues all of its ${new Set(kept).size} checkpoints`,
    );
  } finally {
    await writer.stop();
  }
});
