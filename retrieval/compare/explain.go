package compare

import (
	"fmt"
	"strconv"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Explain compares one row aspect by aspect: identity, read state, flags,
// folder, size, where it lives, what delete would do. Pure. nil when there is no
// such row.
func Explain(v *retrieval.View, row int, now time.Time) []Aspect {
	if v == nil || row < 0 || row >= len(v.Rows) {
		return nil
	}
	x := explainer{v: v, r: &v.Rows[row], now: now}
	list := []Aspect{
		{"identity", x.imapIdentity(), x.popIdentity()},
		{"read state", x.imapRead(), x.popRead()},
		{"flags", x.imapFlags(), x.popFlags()},
		{"folder", x.imapFolder(), x.popFolder()},
		{"size", x.imapSize(), x.popSize()},
		{"lives", x.imapLives(), x.popLives()},
		{"delete", x.imapDelete(), x.popDelete()},
	}
	sayOnce(list, func(a *Aspect) *Fact { return &a.IMAP })
	sayOnce(list, func(a *Aspect) *Fact { return &a.POP3 })
	return list
}

// sayOnce leaves a dash where a side would say the same again: why it knows
// nothing of the message is one fact, not seven.
func sayOnce(list []Aspect, side func(*Aspect) *Fact) {
	said := map[string]bool{}
	for i := range list {
		f := side(&list[i])
		if said[f.Text] {
			*f = Fact{Text: "–"}
		}
		said[f.Text] = true
	}
}

// explainer explains one row.
type explainer struct {
	v   *retrieval.View
	r   *retrieval.Row
	now time.Time
}

func protocol(text, source string) Fact {
	return Fact{Text: text, Cause: retrieval.CauseProtocol, Source: source}
}

// Ago gives a duration in the one unit that a person needs: "41 s", "3 min", "2 h", "5 d".
func Ago(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// ShortID shortens a unique-id to what tells it from its neighbours, cleaned.
func ShortID(id string) string {
	id = safe.Line(id)
	if r := []rune(id); len(r) > 20 {
		return string(r[:8]) + "…" + string(r[len(r)-8:])
	}
	return id
}

// Thousands writes a count with commas: 88,112.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
