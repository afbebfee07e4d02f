/**
 * Decoding as Pillow's `open(file).convert('RGB')`: pixels as they lie in the file, which turns nothing by its
 * EXIF orientation and applies no colour profile. sharp decodes in threads of its own.
 */
import sharp from 'sharp';
import type { Picture } from './picture.js';

/**
 * Decodes a JPEG, or another format that sharp knows.
 *
 * @param name what errors call the picture
 * @throws Error naming it when it cannot be decoded or is truncated
 */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<Picture> {
  try {
    // Pillow, too, lets pass what libjpeg only warns of, as long as nothing is missing.
    const image = sharp(bytes, { ignoreIcc: true, failOn: 'truncated' });
    const { space } = await image.metadata();
    if (space === 'cmyk') {
      return fromInks(await raw(image.pipelineColourspace('cmyk').toColourspace('cmyk')));
    }
    return await raw(image.removeAlpha().toColourspace('srgb'));
  } catch (error) {
    // libvips says the same several times, a line each.
    const [reason] = (error as Error).message.split('\n', 1);
    throw new Error(
      `${name}: expected a whole JPEG picture, got ${bytes.length} bytes that cannot be decoded: ${reason}`,
      { cause: error },
    );
  }
}

async function raw(image: sharp.Sharp): Promise<Picture> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: data };
}

/** Red, green and blue of cyan, magenta, yellow and black [height, width, 4], without a colour profile. */
function fromInks({ width, height, pixels: inks }: Picture): Picture {
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const light = 255 - inks[pixel * 4 + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const ink = inks[pixel * 4 + channel]!;
      pixels[pixel * 3 + channel] = light - Math.round((ink * light) / 255);
    }
  }
  return { width, height, pixels };
}
