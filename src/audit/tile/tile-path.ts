/**
 * Where the pieces of a log stand (C2SP tlog-tiles): `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
 * L is 0 to 63, N in groups of three digits of which all but the last begin with an x, W the width of a partial tile.
 */

/** Hashes in a full tile, entries in a full bundle. */
export const tileWidth = 256;
/** 256^7 leaves are more than a number of JavaScript counts. */
export const tileLevelEnd = 7;

export interface TilePlace {
  /** 0: hashes of leaves; null: the entries themselves. */
  readonly level: number | null;
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

const form = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** `tile/0/x001/234.p/17`. */
export function formatTilePath({ level, index, width }: TilePlace): string {
  const suffix = width === tileWidth ? '' : `.p/${width}`;
  return `tile/${level ?? 'entries'}/${formatIndex(index)}${suffix}`;
}

/** Null for what is no such path, in its one form. */
export function parseTilePath(path: string): TilePlace | null {
  const match = form.exec(path);
  if (match === null) return null;
  const [, level, groups, width] = match as unknown as [string, string, string, string | undefined];
  const place: TilePlace = {
    level: level === 'entries' ? null : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
  if (!Number.isSafeInteger(place.index) || (place.level ?? 0) > 63) return null;
  if (width !== undefined && place.width >= tileWidth) return null;
  return formatTilePath(place) === path ? place : null;
}

/** How many hashes (or entries) of that tile a tree of that size has, 0 to 256. */
export function widthInTree(level: number | null, index: number, size: number): number {
  const depth = level ?? 0;
  if (depth >= tileLevelEnd) return 0;
  const hashes = Math.floor(size / tileWidth ** depth);
  return Math.max(0, Math.min(tileWidth, hashes - index * tileWidth));
}

function formatIndex(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g)!;
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
}
