const { writeFileSync } = require('node:fs');

/** Writes "<passed> <failed>" to the file named by EVERHOOK_TEST_COUNTS; a test file that can't even load counts as one. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.EVERHOOK_TEST_COUNTS;
    if (!file) return;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    writeFileSync(file, `${results.numPassedTests} ${failed}\n`);
  }
};
