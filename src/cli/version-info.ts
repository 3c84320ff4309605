/** Filled in by the build; a run from source says `dev`. */
declare const GANTRY_BUILD: { commit: string; time: string } | undefined;

const build = typeof GANTRY_BUILD === 'undefined' ? { commit: 'dev', time: '' } : GANTRY_BUILD;

export const CLIENT_VERSION = '0.1.0';
export const GIT_COMMIT: string = build.commit;
/** RFC 3339, empty when run from source. */
export const BUILD_TIME: string = build.time;
