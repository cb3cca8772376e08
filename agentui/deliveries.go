package agentui

import (
	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// reportsPage is how many reports of mail servers a page holds.
const reportsPage = 50

// deliveries are the troubles with mail that leaves: what mail servers said, of one kind or of all, and the exchanges that
// were stopped.
func (s *Server) deliveries(c *call) (any, error) {
	before, err := journal.ParseCursor(c.r.URL.Query().Get("before"))
	if err != nil {
		return nil, invalid("before", "format")
	}
	kind := inbox.ReportKind(c.r.URL.Query().Get("kind"))
	switch kind {
	case "", inbox.ReportRefused, inbox.ReportBounce, inbox.ReportComplaint:
	default:
		return nil, invalid("kind", "unknown")
	}
	reports, next, err := s.Ledger.ServerReports(c.ctx, kind, before, reportsPage)
	if err != nil {
		return nil, err
	}
	out := wire.Deliveries{Reports: reports, Before: next.String()}
	if before.IsZero() {
		out.Stopped, err = s.Ledger.Stopped(c.ctx)
	}
	return out, err
}

// release allows automatic messages to an address again.
func (s *Server) release(c *call) (any, error) {
	var in wire.Release
	if err := allow(c.me, verbRelease, inbox.Conversation{}); err != nil {
		return nil, err
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	return nil, s.Ledger.Release(c.ctx, in.Address, inbox.ActorOf(c.me.ID))
}
