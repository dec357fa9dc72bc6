import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeFit, type Form, fitBest, fitForm, valueAt } from '../../../simulations/scaling/fits.ts';

const all: readonly Form[] = ['constant', 'log', 'linear', 'proportional'];
const sizes = [100, 1_000, 10_000, 100_000];
const through = (line: (x: number) => number) => sizes.map((x) => ({ x, y: line(x) }));

describe('a fit', () => {
  it('has the slope, the height and the R² of a textbook', () => {
    // Anscombe, Graphs in Statistical Analysis, 1973, the first set: y = 3.00 + 0.500 x, R² = 0.67.
    const xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const fit = fitForm(
      'linear',
      xs.map((x, index) => ({ x, y: ys[index]! })),
    );
    expect(fit.a).toBeCloseTo(3.0, 2);
    expect(fit.b).toBeCloseTo(0.5, 3);
    expect(fit.r2).toBeCloseTo(0.6665, 3);
  });

  it('finds the form of exact points, and no error', () => {
    const cases: readonly [Form, (x: number) => number, string][] = [
      ['constant', () => 7, '7'],
      ['log', (x) => 2 + 0.5 * Math.log2(x), '2 + 0.5·log2 N'],
      ['linear', (x) => 4 + 0.25 * x, '4 + 0.25·N'],
      ['proportional', (x) => 3 * x, '3·N'],
    ];
    for (const [form, line, text] of cases) {
      const fit = fitBest(all, through(line));
      expect(fit.form).toBe(form);
      expect(fit.relativeErrorMax).toBeLessThan(1e-9);
      expect(valueAt(fit, 1e6)).toBeCloseTo(line(1e6), 4);
      expect(describeFit(fit, 'N', (value) => String(Number(value.toPrecision(3))))).toBe(text);
    }
  });

  it('is a constant where the points hardly differ, and no constant where they do', () => {
    expect(
      fitBest(
        all,
        through((x) => 10 + Math.log10(x) * 0.05),
      ).form,
    ).toBe('constant');
    expect(
      fitBest(
        all,
        through((x) => 10 + Math.log10(x)),
      ).form,
    ).toBe('log');
  });

  it('takes no line that falls, which would end below zero', () => {
    const falling = through((x) => 34.5 - 0.0004 * x);
    expect(fitForm('linear', falling).b).toBeLessThan(0);
    expect(fitBest(['constant', 'log', 'linear'], falling).form).toBe('constant');
  });

  it('says how far the farthest point is', () => {
    const points = [
      { x: 1, y: 10 },
      { x: 2, y: 20 },
      { x: 3, y: 20 },
    ];
    expect(fitForm('constant', points)).toMatchObject({ a: 50 / 3, r2: 0, points: 3 });
    expect(fitForm('constant', points).relativeErrorMax).toBeCloseTo(2 / 3, 6);
  });

  it('refuses what no line can be drawn through', () => {
    expect(() => fitBest(all, [])).toThrow(RangeError);
    expect(() => fitForm('linear', [{ x: 1, y: 1 }])).toThrow(RangeError);
    expect(fitBest(all, [{ x: 5, y: 10 }]).form).toMatch(/constant|proportional/);
  });

  it('leaves over less than any other line of its form', () => {
    const y = fc.double({ min: 1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(y, { minLength: 3, maxLength: 8 }), y, y, (ys, a, b) => {
        const points = ys.map((value, index) => ({ x: index + 1, y: value }));
        const leftBy = (line: { form: Form; a: number; b: number }): number =>
          points.reduce((sum, point) => sum + (valueAt(line, point.x) - point.y) ** 2, 0);
        for (const form of all) {
          const other = { form, a: form === 'proportional' ? 0 : a, b };
          expect(leftBy(fitForm(form, points))).toBeLessThanOrEqual(leftBy(other) * (1 + 1e-9) + 1e-9);
        }
      }),
    );
  });
});
