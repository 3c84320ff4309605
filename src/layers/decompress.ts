/** Compressed streams other than layers (image archives) are taken in the same formats. */
export { decompress } from './unpack/decompress.ts';
