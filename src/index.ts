/** The one door to the library: what notebooks and users import as `mmp`. */
export { tf } from './tensor/tf.js';
export { openNotebook, budget } from './notebook/open.js';
export { show, LiveFigure, table, pictures } from './notebook/show.js';
