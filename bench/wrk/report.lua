-- report.lua: prints wrk's result as one line of JSON, after its own summary.
--
--   wrk -t1 -c64 -d1s -s bench/wrk/report.lua http://127.0.0.1:8080/
--
-- wrk counts as errors: connect, read and write failures, time-outs, and replies with a status above
-- 399. It looks at no body. Replies with another status than 200 that are not errors to wrk (redirects)
-- are not seen here. Latencies are microseconds, corrected by wrk for nothing in this closed loop.

function done(summary, latency, requests)
   local errors = summary.errors
   local total = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   local percentiles = {}

   for _, p in ipairs({ { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p999", 99.9 } }) do
      percentiles[#percentiles + 1] = string.format('"%s": %.1f', p[1], latency:percentile(p[2]))
   end
   -- Without a single reply wrk's statistics are those of an empty set; -nan is no JSON.
   local mean = summary.requests > 0 and latency.mean or 0
   local min = summary.requests > 0 and latency.min or 0

   io.write(string.format(
      '{"requests": %d, "duration_s": %.6f, "rate_per_s": %.3f, "bytes_in": %d, ' ..
      '"latency_us": {"mean": %.1f, "min": %.1f, %s, "max": %.1f}, ' ..
      '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d, "total": %d}}\n',
      summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6), summary.bytes,
      mean, min, table.concat(percentiles, ", "), latency.max,
      errors.connect, errors.read, errors.write, errors.status, errors.timeout, total))
end
