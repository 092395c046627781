// Opens an interval log with hdr-histogram-js, an implementation that shares nothing with ours, and
// prints what it finds in all intervals together, in nanoseconds:
//
//     total min max p50 p99 p99.9
//
// or, with a second argument, their percentile distribution in microseconds as it would write it into a .hgrm.
//
//     npm install --prefix build/oracle hdr-histogram-js
//     node tests/oracle_hlog.js FILE [hgrm]
//
// For tests/test_histogram_compat.c only: nothing that is built or installed needs node. Exit 77 when
// the package is not there.
'use strict';

const fs = require('fs');
const path = require('path');

function load() {
    const places = [process.cwd(), path.join(__dirname, '..', 'build', 'oracle')];

    try {
        return require(require.resolve('hdr-histogram-js', {paths: places}));
    } catch (error) {
        console.error('hdr-histogram-js is not installed (npm install --prefix build/oracle hdr-histogram-js)');
        process.exit(77);
    }
}

const hdr = load();
const reader = new hdr.HistogramLogReader(fs.readFileSync(process.argv[2], 'utf8'), 64);
let all = null;

for (let interval = reader.nextIntervalHistogram(); interval; interval = reader.nextIntervalHistogram()) {
    if (all)
        all.add(interval);
    else
        all = interval;
}

if (process.argv[3] === 'hgrm') {
    process.stdout.write(all.outputPercentileDistribution(5, 1000));
    process.exit(0);
}

const min = all.getValueAtPercentile(0);
const tail = [50, 99, 99.9].map((percent) => all.getValueAtPercentile(percent));

console.log([all.totalCount, min, all.maxValue, ...tail].join(' '));
