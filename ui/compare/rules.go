package compare

import (
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/compare"
)

// Rules is what the screen asks of retrieval/compare. Every method is pure.
type Rules interface {
	Explain(v *retrieval.View, row int, now time.Time) []compare.Aspect
	Predict(v *retrieval.View, a retrieval.Action) compare.Forecast
	Settle(f compare.Forecast, happened []retrieval.Happening, after uint64, late bool) (imap, pop3 []compare.Outcome)
	PlanDownload(v *retrieval.View, numbers []int, now time.Time) compare.Plan
	PlanFetch(v *retrieval.View, now time.Time) compare.Plan
	Due(v *retrieval.View, now time.Time) int
	Earlier(v *retrieval.View, leave account.LeaveOnServer, now time.Time) (at, later int)
	Support(side retrieval.Protocol, v retrieval.Verb) error
}

// RFC is the Rules of the program itself.
type RFC struct{}

// Explain is compare.Explain.
func (RFC) Explain(v *retrieval.View, row int, now time.Time) []compare.Aspect {
	return compare.Explain(v, row, now)
}

// Predict is compare.Predict.
func (RFC) Predict(v *retrieval.View, a retrieval.Action) compare.Forecast {
	return compare.Predict(v, a)
}

// Settle is compare.Settle.
func (RFC) Settle(f compare.Forecast, h []retrieval.Happening, after uint64, late bool) (imap, pop3 []compare.Outcome) {
	return compare.Settle(f, h, after, late)
}

// PlanDownload is compare.PlanDownload.
func (RFC) PlanDownload(v *retrieval.View, numbers []int, now time.Time) compare.Plan {
	return compare.PlanDownload(v, numbers, now)
}

// PlanFetch is compare.PlanFetch.
func (RFC) PlanFetch(v *retrieval.View, now time.Time) compare.Plan {
	return compare.PlanFetch(v, now)
}

// Due is compare.Due.
func (RFC) Due(v *retrieval.View, now time.Time) int { return compare.Due(v, now) }

// Earlier is compare.Earlier.
func (RFC) Earlier(v *retrieval.View, leave account.LeaveOnServer, now time.Time) (at, later int) {
	return compare.Earlier(v, leave, now)
}

// Support is compare.Support.
func (RFC) Support(side retrieval.Protocol, v retrieval.Verb) error {
	return compare.Support(side, v)
}
