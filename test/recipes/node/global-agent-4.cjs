// The document's line for global-agent, with version 4, which has no "bootstrap" to load any more.
// oxlint-disable-next-line import/no-unassigned-import -- it is the document's line
require("global-agent-4/bootstrap")
