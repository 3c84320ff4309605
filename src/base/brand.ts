/**
 * A nominal type: `Brand<string, 'Digest'>` is a string that only its own parser can make, so that passing a diff ID
 * where an image ID is meant does not compile. The tag exists at compile time only.
 */
export type Brand<T, Name extends string> = T & { readonly [tag in `__${Name}`]: true };
