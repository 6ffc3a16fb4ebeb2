package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

// Submitted is a message that this account sent.
type Submitted struct {
	MessageID string    // with its angle brackets
	Began     time.Time // when the submission began
	At        time.Time // when the 250 after the message came
}

// Stage is one stop on a message's way, as far as it was seen.
type Stage struct {
	Side   retrieval.Protocol
	Seen   bool      // it was seen on the wire; else Text says why not, or not yet
	At     time.Time // when; zero when it was not
	Text   string
	Source string // "RFC 2177"
}

// Way follows a sent message: the server's 250, IMAP's EXISTS, POP3's list. It says
// only what the View holds; a message for somebody else never comes to INBOX.
func Way(v *retrieval.View, s Submitted) []Stage {
	stages := []Stage{{Side: retrieval.SMTP, Seen: !s.At.IsZero(), At: s.At, Source: "RFC 5321 section 6.1",
		Text: fmt.Sprintf("250 to the end of the message, %s after it began: from here the server answers for it", span(s.At.Sub(s.Began)))}}
	var row *retrieval.Row
	for i := range v.Rows {
		if r := &v.Rows[i]; r.Message != nil && r.Message.Header.MessageID == s.MessageID ||
			r.Entry != nil && r.Entry.Header != nil && r.Entry.Header.MessageID == s.MessageID {
			row = r
		}
	}
	return append(stages, wayIMAP(v, s, row), wayPOP3(v, row))
}

func wayIMAP(v *retrieval.View, s Submitted, row *retrieval.Row) Stage {
	st := Stage{Side: retrieval.IMAP, Source: "RFC 2177"}
	switch {
	case v.IMAP.State == retrieval.IMAPClosed:
		st.Text = "has no session"
	case row != nil && row.UID != 0:
		st.Seen = true
		for i := range v.Happened {
			h := &v.Happened[i]
			if h.Side == retrieval.IMAP && h.Kind == retrieval.Exists && slices.Contains(h.UIDs, row.UID) {
				st.At = h.At
				how := "the open session heard EXISTS"
				if h.CausedBy != 0 && slices.ContainsFunc(v.IMAP.Caps, func(c string) bool { return strings.EqualFold(c, "IDLE") }) {
					how += " through IDLE"
				}
				st.Text = fmt.Sprintf("%s %s: it is UID %d in INBOX", how, beside(h.At.Sub(s.At)), row.UID)
				return st
			}
		}
		st.Text = fmt.Sprintf("has it in INBOX as UID %d", row.UID)
	case v.IMAP.Mailbox.Name != "" && !strings.EqualFold(v.IMAP.Mailbox.Name, "INBOX"):
		st.Text = fmt.Sprintf("has %s selected, and IDLE tells of that folder only", v.IMAP.Mailbox.Name)
	default:
		st.Text = "has not heard of it in INBOX: it is for somebody else, or still on its way"
	}
	return st
}

// beside says when a thing was heard, measured from the 250: delivery can be quicker
// than its own answer.
func beside(d time.Duration) string {
	if d < 0 {
		return span(-d) + " before that 250 was here"
	}
	return span(d) + " after that 250"
}

func wayPOP3(v *retrieval.View, row *retrieval.Row) Stage {
	st := Stage{Side: retrieval.POP3, Source: "RFC 1939 section 5"}
	open := v.POP3.State == retrieval.POP3Transaction
	switch {
	case row != nil && row.Number != 0:
		st.Seen, st.At = true, v.POP3.Drop.At
		st.Text = fmt.Sprintf("session %d lists it, as message %d: it logged in after the delivery", v.POP3.Session, row.Number)
	case row != nil && open:
		st.Text = fmt.Sprintf("session %d does not have it: its list was frozen at its login; the next session will (o opens one)", v.POP3.Session)
	case open:
		st.Text = fmt.Sprintf("session %d cannot hear of new mail: its list was frozen at its login (o opens the next session)", v.POP3.Session)
	default:
		st.Text = "has no session open: the next one will list what is in INBOX then"
	}
	return st
}

// span writes a time as a person reads it.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
