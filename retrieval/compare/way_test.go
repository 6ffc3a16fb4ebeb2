package compare

import (
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

func TestWay(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	sent := Submitted{MessageID: "<1@x>", Began: at.Add(-90 * time.Millisecond), At: at}
	base := retrieval.View{IMAP: retrieval.IMAPSide{State: retrieval.IMAPIdle, Caps: []string{"IDLE"}, Mailbox: retrieval.Mailbox{Name: "INBOX"}},
		POP3: retrieval.POP3Side{State: retrieval.POP3Transaction, Session: 3}}
	mine := retrieval.Row{UID: 47, Message: &retrieval.Message{UID: 47, Header: retrieval.Header{MessageID: "<1@x>"}}}
	exists := func(after time.Duration, caused uint64) []retrieval.Happening {
		return []retrieval.Happening{{Side: retrieval.IMAP, Kind: retrieval.Exists, UIDs: []uint32{47}, At: at.Add(after), CausedBy: caused}}
	}
	for _, c := range []struct {
		name             string
		change           func(*retrieval.View)
		imap, pop3       string
		imapSeen, popSee bool
	}{
		{"on its way", func(v *retrieval.View) {}, "has not heard of it", "session 3 cannot hear", false, false},
		{"heard", func(v *retrieval.View) { v.Rows, v.Happened = []retrieval.Row{mine}, exists(4*time.Millisecond, 9) },
			"heard EXISTS through IDLE 4 ms after that 250: it is UID 47", "session 3 does not have it", true, false},
		{"before its own answer", func(v *retrieval.View) {
			v.Rows, v.Happened = []retrieval.Row{mine}, exists(-2*time.Millisecond, 9)
		}, "2 ms before that 250 was here", "does not have it", true, false},
		{"a command was running", func(v *retrieval.View) {
			v.Rows, v.Happened = []retrieval.Row{mine}, exists(4*time.Millisecond, 0)
		}, "heard EXISTS 4 ms", "does not have it", true, false},
		{"the next session", func(v *retrieval.View) {
			r := mine
			r.Number = 12
			v.Rows, v.POP3.Session = []retrieval.Row{r}, 4
		}, "UID 47", "session 4 lists it, as message 12", true, true},
		{"another folder", func(v *retrieval.View) { v.IMAP.Mailbox.Name = "Archive" }, "has Archive selected", "cannot hear", false, false},
		{"no sessions", func(v *retrieval.View) { v.IMAP.State, v.POP3.State = retrieval.IMAPClosed, retrieval.POP3Closed }, "has no session", "no session open", false, false},
	} {
		v := base
		c.change(&v)
		got := Way(&v, sent)
		if len(got) != 3 || !strings.Contains(got[0].Text, "90 ms after it began") ||
			!strings.Contains(got[1].Text, c.imap) || got[1].Seen != c.imapSeen || !strings.Contains(got[2].Text, c.pop3) || got[2].Seen != c.popSee {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
