const { default: Sequencer } = require('@jest/test-sequencer');

/** Waits for minutes, whatever the machine: begun last it would keep everybody waiting. jest knows that only from its second run on. */
const longest = /[\\/]test[\\/]faults[\\/]/;

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isLongest = ({ path }) => longest.test(path);
    return [...sorted.filter(isLongest), ...sorted.filter((test) => !isLongest(test))];
  }
};
