package compare

import (
	"time"

	"imapop/retrieval"
	"imapop/retrieval/compare"
)

// Rules is what the screen asks of retrieval/compare. Every method is pure.
type Rules interface {
	Explain(v *retrieval.View, row int, now time.Time) []compare.Aspect
	Predict(v *retrieval.View, a retrieval.Action) compare.Forecast
	Settle(f compare.Forecast, happened []retrieval.Happening, after uint64, late bool) (imap, pop3 []compare.Outcome)
	PlanDownload(v *retrieval.View, numbers []int) compare.Plan
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
func (RFC) PlanDownload(v *retrieval.View, numbers []int) compare.Plan {
	return compare.PlanDownload(v, numbers)
}

// Support is compare.Support.
func (RFC) Support(side retrieval.Protocol, v retrieval.Verb) error {
	return compare.Support(side, v)
}
