/**
 * Lines through measured points, by least squares, in one of a few named forms. Decides which form a quantity has by what
 * is left over; says how well it fits, so that a reader knows what an extrapolation is worth.
 */

/** `constant`: a; `log`: a + b·log2 x; `linear`: a + b·x; `proportional`: b·x. */
export type Form = 'constant' | 'log' | 'linear' | 'proportional';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Fit {
  readonly form: Form;
  readonly a: number;
  readonly b: number;
  /** Share of the variance that the line explains; null where all points have one height. */
  readonly r2: number | null;
  /** The largest |line − point| / |point|; a point at 0 counts for 0 or infinity. */
  readonly relativeErrorMax: number;
  readonly points: number;
}

/** Up to this error a form with fewer terms stands, however little a further term leaves over. */
const goodEnough = 0.06;

const scales: Readonly<Record<Form, (x: number) => number>> = {
  constant: () => 0,
  log: Math.log2,
  linear: (x) => x,
  proportional: (x) => x,
};

export function valueAt({ form, a, b }: Pick<Fit, 'form' | 'a' | 'b'>, x: number): number {
  return a + b * scales[form](x);
}

/** @throws RangeError without points, and with too few for the form. */
export function fitForm(form: Form, points: readonly Point[]): Fit {
  const scaled = points.map(({ x, y }) => ({ x: scales[form](x), y }));
  const places = new Set(scaled.map(({ x }) => x)).size;
  if (points.length === 0 || (form !== 'constant' && form !== 'proportional' && places < 2))
    throw new RangeError(`${points.length} points are too few for ${form}`);
  const mean = (value: (point: Point) => number): number =>
    scaled.reduce((sum, point) => sum + value(point), 0) / scaled.length;
  const [meanX, meanY] = form === 'proportional' ? [0, 0] : [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = mean(({ x }) => (x - meanX) ** 2);
  const b = spread === 0 ? 0 : mean(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const line = { form, a: meanY - b * meanX, b };
  const variance = mean(({ y }) => (y - mean((point) => point.y)) ** 2);
  const left = points.map(({ x, y }) => valueAt(line, x) - y);
  const leftOver = left.reduce((sum, error) => sum + error ** 2, 0) / points.length;
  return {
    ...line,
    r2: variance === 0 ? null : 1 - leftOver / variance,
    relativeErrorMax: Math.max(
      ...left.map((error, index) => (error === 0 ? 0 : Math.abs(error / points[index]!.y))),
    ),
    points: points.length,
  };
}

/**
 * A constant or a line through zero where that is good enough; else the form that leaves over the least. A straight line
 * takes the place of a logarithm only where it leaves over less than half as much, for it promises far more of what is far
 * away. A line that falls is none, where there is another: drawn out it ends below zero.
 */
export function fitBest(forms: readonly Form[], points: readonly Point[]): Fit {
  const termsOf = (form: Form): number => (form === 'constant' || form === 'proportional' ? 1 : 2);
  const leftOver = ({ form, r2 }: Fit): number => (1 - (r2 ?? 1)) * (form === 'linear' ? 2 : 1);
  const fits = forms
    .filter((form) => termsOf(form) <= new Set(points.map(({ x }) => x)).size)
    .map((form) => fitForm(form, points))
    .sort((left, right) => leftOver(left) - leftOver(right));
  const best = fits.find(({ b }) => b >= 0) ?? fits[0];
  if (best === undefined) throw new RangeError(`${points.length} points are too few`);
  return (
    fits.find(({ form, relativeErrorMax }) => termsOf(form) === 1 && relativeErrorMax <= goodEnough) ?? best
  );
}

/** As it is read: `2.1 + 0.34·log2 N`. */
export function describeFit({ form, a, b }: Fit, name: string, digits: (value: number) => string): string {
  const slope = digits(Math.abs(b));
  const of = { constant: '', log: `·log2 ${name}`, linear: `·${name}`, proportional: `·${name}` }[form];
  if (form === 'constant') return digits(a);
  if (form === 'proportional') return `${b < 0 ? '−' : ''}${slope}${of}`;
  return `${digits(a)} ${b < 0 ? '−' : '+'} ${slope}${of}`;
}
