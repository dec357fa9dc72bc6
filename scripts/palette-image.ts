/** A PNG with a palette out of one with 24 bits a pixel: a third of its size, for pictures of text and lines. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const coloursMax = 256;
const bytesPerPixel = 3;
/** Of two colours of the palette: squares of the differences of their channels, added. */
const distanceMin = 40;

/** @param image a PNG of 8 bits a channel, without transparency. @throws Error for any other */
export function withPalette(image: Buffer): Buffer {
  const { header, data } = readChunks(image);
  if (header[8] !== 8 || header[9] !== 2) throw new Error('not a PNG of 24 bits a pixel');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const pixels = unfilter(inflateSync(data), width * bytesPerPixel, height);
  const { palette, indexes } = choosePalette(pixels);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) indexes.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  const newHeader = Buffer.from(header);
  newHeader[9] = 3;
  const chunks = [
    chunk('IHDR', newHeader),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...chunks]);
}

function readChunks(image: Buffer): { readonly header: Buffer; readonly data: Buffer } {
  let header: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  for (let offset = signature.length; offset < image.length; ) {
    const length = image.readUInt32BE(offset);
    const type = image.toString('latin1', offset + 4, offset + 8);
    const content = image.subarray(offset + 8, offset + 8 + length);
    if (type === 'IHDR') header = content;
    if (type === 'IDAT') data.push(content);
    offset += length + 12;
  }
  return { header, data: Buffer.concat(data) };
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Takes back what PNG §9 does to each row. */
function unfilter(rows: Buffer, rowBytes: number, height: number): Buffer {
  const pixels = Buffer.alloc(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * (rowBytes + 1), y * rowBytes];
    for (let x = 0; x < rowBytes; x++) {
      const left = x < bytesPerPixel ? 0 : pixels[to + x - bytesPerPixel]!;
      const up = y === 0 ? 0 : pixels[to + x - rowBytes]!;
      const corner = x < bytesPerPixel || y === 0 ? 0 : pixels[to + x - rowBytes - bytesPerPixel]!;
      pixels[to + x] = rows[from + 1 + x]! + predicted(rows[from]!, left, up, corner);
    }
  }
  return pixels;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const sum = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** The most frequent colours that are told apart; every other one becomes the nearest of them. */
function choosePalette(pixels: Buffer): { readonly palette: Buffer; readonly indexes: Buffer } {
  const count = pixels.length / bytesPerPixel;
  const colourAt = (index: number): number => pixels.readUIntBE(index * bytesPerPixel, bytesPerPixel);
  const uses = new Map<number, number>();
  for (let index = 0; index < count; index++) uses.set(colourAt(index), (uses.get(colourAt(index)) ?? 0) + 1);
  const colours: number[] = [];
  for (const [colour] of [...uses].sort((left, right) => right[1] - left[1])) {
    if (colours.length === coloursMax) break;
    const isNew = colours.every((chosen) => distance(chosen, colour) >= distanceMin);
    if (isNew) colours.push(colour);
  }
  const indexByColour = new Map([...uses.keys()].map((colour) => [colour, nearest(colours, colour)]));
  const palette = Buffer.alloc(colours.length * bytesPerPixel);
  colours.forEach((colour, index) => void palette.writeUIntBE(colour, index * bytesPerPixel, bytesPerPixel));
  const indexes = Buffer.alloc(count);
  for (let index = 0; index < count; index++) indexes[index] = indexByColour.get(colourAt(index))!;
  return { palette, indexes };
}

function nearest(colours: readonly number[], sought: number): number {
  let best = 0;
  colours.forEach((colour, index) => {
    if (distance(colour, sought) < distance(colours[best]!, sought)) best = index;
  });
  return best;
}

function distance(left: number, right: number): number {
  const channel = (colour: number, shift: number): number => (colour >> shift) & 255;
  return [16, 8, 0].reduce((sum, shift) => sum + (channel(left, shift) - channel(right, shift)) ** 2, 0);
}
