const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/** Writes how many tests passed and failed to the file named by EVERHOOK_TEST_COUNTS; a file that can't run counts as one. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.EVERHOOK_TEST_COUNTS;
    if (!file) return;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
};
