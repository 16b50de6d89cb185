// The document's line for global-agent, as a compiler turns it into CommonJS.
// oxlint-disable-next-line import/no-unassigned-import -- it is the document's line
require("global-agent/bootstrap")
import("./http.mjs")
