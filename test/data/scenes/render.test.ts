import assert from 'node:assert/strict';
import { ignoredLabel } from '../../../src/data/dataset.js';
import { sceneClasses, type SceneClass } from '../../../src/data/scenes/classes.js';
import { fragmentsOf, pixelMeans } from '../../../src/data/scenes/fragments.js';
import { channelsOf, sceneModalities } from '../../../src/data/scenes/render.js';
import { generateScenes } from '../../../src/data/scenes/scenes.js';
import type { Scene } from '../../../src/data/scenes/scene.js';
import { sunlit } from '../../../src/data/scenes/sunlight.js';
import { look } from '../../../src/data/scenes/visibility.js';
import type { TimeOfDay } from '../../../src/data/scenes/weather.js';

const scenes = generateScenes({ scenes: { train: 80, validation: 1, test: 1 } });
const { train } = scenes.splits;
const { width, height } = scenes.shape;

/** What a sample of the picture shows, found by trying every solid there is. */
function bruteForce(scene: Scene, column: number, row: number, finer: number) {
  const [dx, dy, dz] = scene.camera.finer(finer).ray(column + 0.5, row + 0.5);
  const { altitude } = scene.camera;
  const ground = dy < 0 ? altitude / -dy : Infinity;
  const entries = scene.parts.map(({ solid }) => solid.entry(0, altitude, 0, dx, dy, dz));
  const depth = Math.min(ground, ...entries);
  if (depth === Infinity) return { depth, label: sceneClasses.indexOf('sky') };
  const [x, y, z] = [depth * dx, altitude + depth * dy, depth * dz];
  const part = scene.parts[entries.indexOf(depth)];
  const surface = part ? part.covering(x, y, z, part.solid.normal(x, y, z)) : scene.ground(x, z);
  return { depth, label: surface.label };
}

describe('rendered scenes', () => {
  it('show the nearest thing on every ray, which all solids are asked for', () => {
    for (const sample of train.slice(0, 4)) {
      const scene = scenes.sceneOf(sample);
      const visible = look(scene, 1);
      for (let at = 0; at < height * width; at += 3) {
        const { depth, label } = bruteForce(scene, at % width, Math.floor(at / width), 1);
        const seen = visible.depth[at]!;
        assert.ok(seen === depth || Math.abs(seen / depth - 1) < 1e-5, `${sample}, ${at}: ${seen}`);
        assert.equal(scene.surfaces[visible.surface[at]!]!.label, label, `${sample}, ${at}`);
      }
    }
  });

  it('give a pixel the class of most of its samples, and seldom none', () => {
    let ignored = 0;
    for (const sample of train.slice(0, 3)) {
      const scene = scenes.sceneOf(sample);
      const { labels } = scenes.picturesOf(sample);
      for (let at = 0; at < labels.length; at++) {
        if (labels[at] === ignoredLabel) ignored++;
        if (at % 5 > 0) continue;
        const [row, column] = [Math.floor(at / width), at % width];
        const own = [0, 1, 2, 3].map(
          (index) => bruteForce(scene, 2 * column + (index % 2), 2 * row + (index >> 1), 2).label,
        );
        const count = (label: number) => own.filter((other) => other === label).length;
        const most = own.find((label) => count(label) > 2);
        if (most !== undefined) assert.equal(labels[at], most, `${sample}, ${at}`);
        else assert.ok([...own, ignoredLabel].includes(labels[at]!), `${sample}, ${at}`);
      }
    }
    assert.ok(ignored < 0.06 * 3 * height * width, `${ignored} ignored`);
  });

  it('shade fragments that together make up every pixel', () => {
    const fragments = fragmentsOf(look(scenes.sceneOf(train[0]!), 2), 2);
    const ones = pixelMeans(fragments, new Float32Array(fragments.pixel.length).fill(1), 1);
    assert.ok(ones.every((share) => share === 1));
    assert.ok(fragments.pixel.length < 1.6 * height * width);
  });

  it('have the sun on what no solid keeps from it', () => {
    const sample = train.find((each) => scenes.sceneOf(each).weather.time === 'day')!;
    const scene = scenes.sceneOf(sample);
    const fragments = fragmentsOf(look(scene, 1), 1);
    const [lx, ly, lz] = scene.weather.sun!;
    let shadowed = 0;
    sunlit(scene, fragments).forEach((lit, at) => {
      if (fragments.surface[at] === 0) return;
      const of = (values: Float32Array) => [0, 1, 2].map((axis) => values[3 * at + axis]!);
      const [nx, ny, nz] = of(fragments.normal) as [number, number, number];
      const [x, y, z] = of(fragments.point) as [number, number, number];
      const facing = Math.max(0, nx * lx + ny * ly + nz * lz);
      const isHidden = scene.parts.some(
        ({ solid }) =>
          solid.entry(x + 2e-3 * nx, y + 2e-3 * ny, z + 2e-3 * nz, lx, ly, lz) < Infinity,
      );
      if (facing > 0 && isHidden) shadowed++;
      assert.ok(Math.abs(lit - (isHidden ? 0 : facing)) < 1e-6, `${at}: ${lit}`);
    });
    assert.ok(shadowed > 20, `${shadowed} in the shadow`);
  });

  it('are registered: borders of classes are borders in every modality, and nowhere else as much', () => {
    for (const name of sceneModalities) {
      // The first number of a pixel: red, nearness, heat, degree
      const contrast = (shiftRight: number, shiftDown: number) => {
        let sum = 0;
        let count = 0;
        for (const sample of train.slice(0, 40)) {
          const scene = scenes.picturesOf(sample);
          const value = (at: number) => scene[name][channelsOf[name] * at]!;
          for (let row = 4; row < height - 4; row++) {
            for (let column = 4; column < width - 5; column++) {
              const at = row * width + column;
              const shifted = at + shiftDown * width + shiftRight;
              const [left, right] = [scene.labels[at]!, scene.labels[at + 1]!];
              if (left === right || left === ignoredLabel || right === ignoredLabel) continue;
              sum += Math.abs(value(shifted + 1) - value(shifted));
              count++;
            }
          }
        }
        return sum / count;
      };
      const own = contrast(0, 0);
      const others = [-4, -3, -2, 2, 3, 4].map((by) => contrast(by, 0));
      assert.ok(own > 1.25 * Math.max(...others), `${name}: ${own}, shifted ${others.join(', ')}`);
      assert.ok(own > contrast(0, 3) && own > contrast(0, -3), `${name}: down and up`);
    }
  });

  it('know in each modality what it is for', () => {
    const times = train.map((sample) => scenes.sceneOf(sample).weather.time);
    /** The mean of a number of pixels of some classes, at some time of day */
    const mean = (
      name: 'rgb' | 'depth' | 'thermal' | 'polarisation',
      classes: readonly SceneClass[],
      time: TimeOfDay,
    ) => {
      let sum = 0;
      let count = 0;
      train.forEach((sample, place) => {
        if (times[place] !== time) return;
        const scene = scenes.picturesOf(sample);
        scene.labels.forEach((label, at) => {
          if (!classes.includes(sceneClasses[label]!)) return;
          sum += scene[name][channelsOf[name] * at]!;
          count++;
        });
      });
      return sum / count;
    };
    assert.ok(mean('rgb', ['road'], 'day') > 2 * mean('rgb', ['road'], 'night'));
    assert.ok(mean('rgb', ['marking'], 'day') > 1.3 * mean('rgb', ['road'], 'day'));
    assert.ok(mean('depth', ['sky'], 'day') < 3);
    assert.ok(mean('depth', ['person'], 'night') > 1.5 * mean('depth', ['building'], 'night'));
    const warmest = mean('thermal', ['building', 'road', 'tree'], 'night');
    assert.ok(mean('thermal', ['person'], 'night') > warmest + 25);
    assert.ok(mean('thermal', ['sky'], 'night') < warmest - 25);
    // By day people are hardly warmer than stone in the sun.
    const excess = (time: TimeOfDay) =>
      mean('thermal', ['person'], time) - mean('thermal', ['road'], time);
    assert.ok(excess('day') < 0.7 * excess('night'));
    assert.ok(mean('polarisation', ['water'], 'day') > 3 * mean('polarisation', ['road'], 'day'));
    assert.ok(
      mean('polarisation', ['window'], 'day') > 2 * mean('polarisation', ['building'], 'day'),
    );
  });
});
