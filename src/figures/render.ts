/**
 * Figures as pictures, without a browser: plotly.js draws SVG into a jsdom document, and resvg turns it
 * into PNG. jsdom does no layout, so the sizes of texts are measured with the font that is drawn later.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  createCanvas,
  DOMMatrix,
  GlobalFonts,
  type Canvas,
  type SKRSContext2D,
} from '@napi-rs/canvas';
import { Resvg } from '@resvg/resvg-js';
import type { DOMWindow } from 'jsdom';
import type { Figure } from './figure.js';

const load = createRequire(__filename);
const fontFamily = 'DejaVu Sans';
const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) =>
  load.resolve(`dejavu-fonts-ttf/ttf/${file}`),
);

interface Plotly {
  toImage(figure: Figure, options: Record<string, unknown>): Promise<string>;
}

let plotly: Plotly | undefined;

/** The figure as SVG text. */
export async function figureSvg(figure: Figure): Promise<string> {
  plotly ??= await loadPlotly();
  const { width, height } = figure.layout;
  return plotly.toImage(
    // plotly.js writes into what it is given.
    structuredClone(figure),
    { format: 'svg', width, height, imageDataOnly: true },
  );
}

/** The figure as PNG bytes, twice as large as its layout for sharp screens. */
export async function figurePng(figure: Figure): Promise<Buffer> {
  // Heat maps are small pictures whose cells must stay sharp; resvg knows only the older keyword.
  const svg = (await figureSvg(figure)).replaceAll(': pixelated', ': optimizeSpeed');
  const resvg = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: 2 },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: fontFamily },
  });
  return resvg.render().asPng();
}

async function loadPlotly(): Promise<Plotly> {
  const { JSDOM } = await import('jsdom');
  fontFiles.forEach((file) => GlobalFonts.registerFromPath(file, fontFamily));
  const { window } = new JSDOM('<!doctype html><body></body>', {
    runScripts: 'outside-only',
    pretendToBeVisual: true,
  });
  addWhatJsdomLacks(window);
  window.eval(readFileSync(load.resolve('plotly.js-dist'), 'utf8'));
  return (window as unknown as { Plotly: Plotly }).Plotly;
}

/** The parts of a browser that plotly.js asks for and jsdom does not have. */
function addWhatJsdomLacks(window: DOMWindow): void {
  Object.assign(window, { TextDecoder, TextEncoder });
  Object.assign(window.URL, { createObjectURL: () => '' });

  const canvases = new WeakMap<object, Canvas>();
  const canvasOf = (element: HTMLCanvasElementLike) => {
    const known = canvases.get(element);
    if (known?.width === element.width && known.height === element.height) return known;
    const canvas = createCanvas(Math.max(1, element.width), Math.max(1, element.height));
    canvases.set(element, canvas);
    return canvas;
  };
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElementLike, kind: string) {
      return kind === '2d' ? canvasOf(this).getContext('2d') : null;
    },
    toDataURL(this: HTMLCanvasElementLike) {
      return canvasOf(this).toDataURL('image/png');
    },
  });

  const ruler = createCanvas(1, 1).getContext('2d');
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: ElementLike) {
      return enclosing(textBoxes(this, ruler, new DOMMatrix()));
    },
    getBoundingClientRect(this: ElementLike) {
      return enclosing(textBoxes(this, ruler, transformOf(this)));
    },
    getComputedTextLength(this: ElementLike) {
      return enclosing(textBoxes(this, ruler, new DOMMatrix())).width;
    },
  });
}

/** What is used of DOM elements; the DOM's own types are not loaded in a Node project. */
interface HTMLCanvasElementLike {
  width: number;
  height: number;
}
interface ElementLike {
  tagName: string;
  textContent: string | null;
  parentElement: ElementLike | null;
  children: Iterable<ElementLike>;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<ElementLike>;
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const lineHeight = 1.3;

/** The boxes of all texts in an element, whose own coordinates `matrix` maps to those of the result. */
function textBoxes(element: ElementLike, ruler: SKRSContext2D, matrix: DOMMatrix): Box[] {
  if (['text', 'tspan'].includes(element.tagName)) return [textBox(element, ruler, matrix)];
  return [...element.children].flatMap((child) =>
    textBoxes(child, ruler, matrix.multiply(ownTransform(child))),
  );
}

function textBox(text: ElementLike, ruler: SKRSContext2D, matrix: DOMMatrix): Box {
  const style = text.getAttribute('style') ?? '';
  const size = Number(/font-size:\s*([\d.]+)/.exec(style)?.[1] ?? 12);
  ruler.font = `${size}px ${fontFamily}`;
  const lines = [...text.querySelectorAll('tspan.line')];
  const rows = (lines.length > 0 ? lines : [text]).map((line) => line.textContent ?? '');
  const width = Math.max(...rows.map((row) => ruler.measureText(row).width));
  const height = rows.length * lineHeight * size;

  const anchor = text.getAttribute('text-anchor') ?? 'start';
  const before = { start: 0, middle: width / 2, end: width }[anchor] ?? 0;
  const x = Number(text.getAttribute('x') ?? 0) - before;
  const y = Number(text.getAttribute('y') ?? 0) - size;
  const corners = [x, x + width].flatMap((right) =>
    [y, y + height].map((down) => matrix.transformPoint({ x: right, y: down })),
  );
  return {
    left: Math.min(...corners.map((corner) => corner.x)),
    top: Math.min(...corners.map((corner) => corner.y)),
    right: Math.max(...corners.map((corner) => corner.x)),
    bottom: Math.max(...corners.map((corner) => corner.y)),
  };
}

function enclosing(boxes: Box[]) {
  const all = boxes.length > 0 ? boxes : [{ left: 0, top: 0, right: 0, bottom: 0 }];
  const left = Math.min(...all.map((box) => box.left));
  const top = Math.min(...all.map((box) => box.top));
  const right = Math.max(...all.map((box) => box.right));
  const bottom = Math.max(...all.map((box) => box.bottom));
  return { left, top, right, bottom, x: left, y: top, width: right - left, height: bottom - top };
}

/** From an element's coordinates to those of the document. */
function transformOf(element: ElementLike): DOMMatrix {
  const own = ownTransform(element);
  return element.parentElement ? transformOf(element.parentElement).multiply(own) : own;
}

/** An element's `transform` attribute; plotly.js writes translations, rotations and scalings. */
function ownTransform(element: ElementLike): DOMMatrix {
  const matrix = new DOMMatrix();
  const steps = (element.getAttribute('transform') ?? '').matchAll(/(\w+)\(([^)]*)\)/g);
  for (const [, kind, list] of steps) {
    const [first = 0, second, third = 0] = list!.split(/[\s,]+/).map(Number);
    if (kind === 'translate') matrix.translateSelf(first, second ?? 0);
    if (kind === 'scale') matrix.scaleSelf(first, second ?? first);
    if (kind === 'rotate') {
      matrix
        .translateSelf(second ?? 0, third)
        .rotateSelf(first)
        .translateSelf(-(second ?? 0), -third);
    }
  }
  return matrix;
}
