-- For wrk: seven requests of several kinds in one write, again and again. It knows no HEAD: it waits for a body.
init = function()
  local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  local kinds = {
    wrk.format("GET", "/plain/wrk?q=1"),
    wrk.format("GET", "/chunked/wrk"),
    wrk.format("POST", "/upload/wrk", form, "name=value"),
    wrk.format("GET", "/nothing/wrk"),
    wrk.format("GET", "/fails/wrk"),
    wrk.format("GET", "/moved/wrk"),
    wrk.format("GET", "/no-such-page/wrk"),
  }
  batch = table.concat(kinds)
end

request = function() return batch end
