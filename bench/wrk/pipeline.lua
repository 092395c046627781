-- pipeline.lua: several requests in one segment; depth as the argument after "--" (16).
--
--   wrk -t1 -c64 -d5s -s bench/wrk/pipeline.lua http://127.0.0.1:8080/ -- 16
--
-- wrk counts every reply as a request. Its latency is from the segment to each reply, so deeper pipelines
-- look slower per request while more gets done.

package.path = (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua;" .. package.path
require("report")

function init(arguments)
   local depth = tonumber(arguments[1]) or 16
   local one = wrk.format()

   segment = string.rep(one, depth)
end

function request()
   return segment
end
