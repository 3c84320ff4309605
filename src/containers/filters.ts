/** Filters as the API sends them: field → accepted values. */
export type Filters = ReadonlyMap<string, readonly string[]>;
