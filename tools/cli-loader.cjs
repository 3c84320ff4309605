// Starts the bundled command line beside it with the code cache made when it was built, which saves 5 ms of compiling.
// Another version of Node refuses that cache and keeps its own, where it can.
const { readFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { Script } = require('node:vm');

const filename = `${__dirname}/cli.cjs`;

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const cachedData = readIfThere(`${__dirname}/cli.cache`);
const source = cachedData && readFileSync(filename, 'latin1');
const script = cachedData && new Script(`(function(require,process){${source}\n})`, { filename, cachedData });
if (script && !script.cachedDataRejected) {
  script.runInThisContext()(require, process);
} else {
  nodeModule.enableCompileCache?.();
  require(filename);
}
