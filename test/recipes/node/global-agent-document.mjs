// The document's line for global-agent, in an ES module as Node.js runs it.
// oxlint-disable-next-line import/no-unassigned-import -- it is the document's line
import "global-agent/bootstrap"
