/** Help of `--format`, everywhere the same. */
export const FORMAT_HELP = `Go template for the output:
'table': columns with a header (default)
'table TEMPLATE': columns of your own
'json': one JSON object per line
'TEMPLATE': one text per line`;

/** Help of `--format` where there is no table. */
export const VALUE_FORMAT_HELP = "Go template for the output, or 'json'";
