/**
 * What PDF.js wants from the page around it, in a Worker that has none: canvases; no filters; no file but the
 * one it was given.
 */

/** @typedef {{canvas: OffscreenCanvas, context: OffscreenCanvasRenderingContext2D | null}} Drawing */

const READ_OFTEN = {willReadFrequently: true};

export class Canvases {
  /** @param {number} width @param {number} height @returns {Drawing} */
  create(width, height) {
    const canvas = new OffscreenCanvas(width, height);
    return {canvas, context: canvas.getContext('2d', READ_OFTEN)};
  }

  /** @param {Drawing} drawing @param {number} width @param {number} height */
  reset({canvas}, width, height) {
    Object.assign(canvas, {width, height});
  }

  /** @param {Drawing} drawing */
  destroy({canvas}) {
    // It is the pixels that take the room.
    Object.assign(canvas, {width: 0, height: 0});
  }

  /** @param {OffscreenCanvas} canvas */
  getNoAlphaContext(canvas) {
    return canvas.getContext('2d', {...READ_OFTEN, alpha: false});
  }
}

const none = () => 'none';

export class NoFilters {
  addFilter = none;
  addHCMFilter = none;
  addAlphaFilter = none;
  addLuminosityFilter = none;
  addKnockoutFilter = none;
  addHighlightHCMFilter = none;
  addSelectionHCMFilter = none;
  addSelectionFilter = none;
  createSelectionStyle = () => null;
  destroy = () => undefined;
}

/** Letters that a file does not bring along are drawn in the device's own. */
export class NoFiles {
  async fetch() {
    throw new TypeError('there is nothing to fetch');
  }
}
