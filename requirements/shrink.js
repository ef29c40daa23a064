/** Makes a script as small as it gets, after esbuild: over Tor a page waits for its scripts. */
import {minify} from 'terser';

/** @param {string} text of a module @returns {Promise<string>} its notices kept */
export async function shrink(text) {
  const {code = ''} = await minify(text, {
    module: true,
    ecma: 2020,
    compress: {passes: 3},
    format: {comments: /^!/},
  });
  return `${code}\n`;
}
