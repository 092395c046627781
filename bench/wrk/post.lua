-- post.lua: POST /echo with a body; its size in bytes as the argument after "--" (1024).
--
--   wrk -t1 -c64 -d5s -s bench/wrk/post.lua http://127.0.0.1:8080/echo -- 4096

package.path = (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua;" .. package.path
require("report")

function init(arguments)
   local size = tonumber(arguments[1]) or 1024

   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/octet-stream"
   wrk.body = string.rep("x", size)
   posting = wrk.format()
end

function request()
   return posting
end
