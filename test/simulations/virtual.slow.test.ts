/** A virtual run on a machine that others keep busy: the same events in the same order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { simulateVirtual } from '../../simulations/virtual/seed-runs.ts';
import { virtualCommand } from '../../simulations/virtual/virtual-result.ts';

const busy: ChildProcess[] = [];
afterEach(() => {
  for (const child of busy.splice(0)) child.kill();
});

it('a virtual run is the same on a quiet machine and beside three busy processes', async () => {
  const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1_000 + Math.floor(Math.random() * 1e9));
  const settings = { seed, nodes: 8, minutes: 2 };
  const quiet = await simulateVirtual(settings);
  for (let count = 0; count < 3; count++) busy.push(spawn(process.execPath, ['-e', 'for (;;);']));
  const loaded = await simulateVirtual(settings);
  const told = ({ wallSeconds: _wall, cpuSeconds: _cpu, ...rest }: typeof quiet) => rest;
  expect(told(loaded), virtualCommand(settings)).toEqual(told(quiet));
  expect(quiet.events).toBeGreaterThan(1_000);
});
