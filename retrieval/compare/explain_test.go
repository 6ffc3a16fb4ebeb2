package compare

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// twoSides is a view of three messages, Dovecot's way: 1 is here, 2 is marked,
// 3 was never downloaded.
func twoSides() *retrieval.View {
	ms := box(41, 3)
	l, d := listing(ms, 3), drop(ms, true, dovecot)
	d.At = now.Add(-41 * time.Second)
	d.Entries[0].Here, d.Entries[1].Here, d.Entries[1].Marked = true, true, true
	for i := range 2 {
		d.Entries[i].Copy = &retrieval.LocalCopy{Downloaded: now.Add(-time.Hour), Listed: d.Entries[i].Octets}
	}
	l.Known[41].Flags = []string{`\Answered`, `\Seen`, "$Forwarded"}
	v := &retrieval.View{Policy: "keep"}
	v.IMAP.State, v.IMAP.Revision, v.IMAP.Caps = retrieval.IMAPIdle, "IMAP4rev2", []string{"IMAP4rev2", "MOVE", "UIDPLUS", "IDLE"}
	v.IMAP.Mailbox = retrieval.Mailbox{Name: "INBOX", UIDValidity: validity, Messages: 3}
	v.POP3.State, v.POP3.Drop, v.POP3.Pending, v.POP3.Session = retrieval.POP3Transaction, *d, 1, 1
	v.Rows, v.Pairing = Pair(l, &v.POP3.Drop)
	return v
}

func aspect(t *testing.T, v *retrieval.View, row int, name string) Aspect {
	t.Helper()
	for _, a := range Explain(v, row, now) {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("row %d has no aspect %q", row, name)
	return Aspect{}
}

func TestExplain(t *testing.T) {
	v := twoSides()
	tests := []struct {
		row        int
		name       string
		imap, pop3 string
	}{
		{0, "identity", "UID 41, UIDVALIDITY 1795486864", "message 1 of this session; unique-id 000000296b04f490"},
		{0, "read state", `\Seen: read`, "no such thing"},
		{1, "read state", "unread", "no such thing"},
		{0, "flags", `\Answered $Forwarded`, "no such thing"},
		{1, "flags", "none set", "no such thing"},
		{0, "folder", "INBOX", "no folders"},
		{0, "size", "1,000 octets", "1,000 octets"},
		{0, "lives", "on the server", "copy on this device and on the server"},
		{1, "lives", "on the server", "leaves the server at QUIT"},
		{2, "lives", "on the server", "no copy here"},
		{0, "delete", `\Deleted, then EXPUNGE`, "DELE marks it, QUIT deletes it"},
		{1, "delete", `\Deleted, then EXPUNGE`, "kept by RSET or a dropped cable"},
	}
	for _, tt := range tests {
		a := aspect(t, v, tt.row, tt.name)
		if !strings.Contains(a.IMAP.Text, tt.imap) || !strings.Contains(a.POP3.Text, tt.pop3) {
			t.Errorf("row %d %s: %q | %q", tt.row, tt.name, a.IMAP.Text, a.POP3.Text)
		}
	}
	var names []string
	for _, a := range Explain(v, 0, now) {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, " "); got != "identity read state flags folder size lives delete" {
		t.Errorf("order: %s", got)
	}
	if Explain(v, 3, now) != nil || Explain(v, -1, now) != nil || Explain(nil, 0, now) != nil {
		t.Error("a row that is not there was explained")
	}
}

func TestExplainHoles(t *testing.T) {
	v := twoSides()
	for _, tt := range []struct {
		hole retrieval.Hole
		pop3 string
	}{
		{retrieval.HoleArrived, "arrived after the snapshot of 41 s ago"},
		{retrieval.HoleFolder, "POP3 has only INBOX"},
		{retrieval.HoleHidden, "does not list it"},
		{retrieval.HoleNoSession, "no POP3 session"},
		{retrieval.HolePending, "not looked at"},
		{retrieval.HoleUnpaired, "no counterpart"},
	} {
		v.Rows = []retrieval.Row{{UID: 50, Hole: tt.hole}}
		if got := aspect(t, v, 0, "identity").POP3.Text; !strings.Contains(got, tt.pop3) {
			t.Errorf("%q: %q", tt.hole, got)
		}
	}
	v.Rows = []retrieval.Row{{Number: 1, Entry: &v.POP3.Drop.Entries[0], Hole: retrieval.HoleGone}}
	if got := aspect(t, v, 0, "identity").IMAP.Text; !strings.Contains(got, "moved or expunged") {
		t.Errorf("gone: %q", got)
	}
}

// Each text fits a pane and says nothing that a terminal would obey, whatever
// the server said and whichever state the sides are in.
func TestExplainIsShortCitedAndClean(t *testing.T) {
	for _, state := range []retrieval.POP3State{retrieval.POP3Closed, retrieval.POP3Transaction} {
		for _, hole := range []retrieval.Hole{"", retrieval.HoleArrived, retrieval.HoleGone, retrieval.HoleFolder, retrieval.HoleHidden, retrieval.HoleUnpaired, retrieval.HoleNoSession, retrieval.HolePending} {
			v := twoSides()
			v.POP3.State = state
			v.IMAP.Mailbox.Name = "a\x1b[31m"
			for i := range v.Rows {
				v.Rows[i].Hole = hole
				v.Rows[i].Entry.UniqueID = "\x9b\x00id"
				v.Rows[i].Message.Flags = []string{"\x1b]0;x\a"}
				if i == 1 && hole != "" {
					v.Rows[i].UID, v.Rows[i].Message = 0, nil
				}
				if i == 2 && hole != "" {
					v.Rows[i].Number, v.Rows[i].Entry = 0, nil
				}
				for _, a := range Explain(v, i, now) {
					for _, f := range []Fact{a.IMAP, a.POP3} {
						clean(t, f.Text)
						if f.Text == "" || safe.Width(f.Text) > 64 {
							t.Errorf("%s, hole %q: %d columns: %s", a.Name, hole, safe.Width(f.Text), f.Text)
						}
						if f.Cause == retrieval.CauseProtocol && f.Source == "" {
							t.Errorf("%s: %q cites nothing", a.Name, f.Text)
						}
					}
				}
			}
		}
	}
}

func clean(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			t.Fatalf("%U in %q", r, s)
		}
	}
}

func TestExplainSpeaksOfTheRevisionInUse(t *testing.T) {
	v := twoSides()
	v.IMAP.Revision = "IMAP4rev1"
	if got := aspect(t, v, 0, "read state").IMAP.Source; got != "RFC 3501 section 2.3.2" {
		t.Error(got)
	}
}

func TestSupport(t *testing.T) {
	for _, tt := range []struct {
		side   retrieval.Protocol
		verb   retrieval.Verb
		source string // "" supported
	}{
		{retrieval.POP3, retrieval.VerbFlag, "RFC 1939 section 1"},
		{retrieval.POP3, retrieval.VerbRead, "RFC 1939 section 1"},
		{retrieval.POP3, retrieval.VerbKeyword, "RFC 1939 section 1"},
		{retrieval.POP3, retrieval.VerbMove, "RFC 1939 section 1"},
		{retrieval.POP3, retrieval.VerbOpen, "RFC 1939 section 4"},
		{retrieval.POP3, retrieval.VerbExpunge, "RFC 1939 section 6"},
		{retrieval.POP3, retrieval.VerbDelete, ""},
		{retrieval.POP3, retrieval.VerbUndelete, ""},
		{retrieval.POP3, retrieval.VerbDownload, ""},
		{retrieval.POP3, retrieval.VerbPolicy, ""},
		{retrieval.IMAP, retrieval.VerbReset, "RFC 9051 section 6.4.6"},
		{retrieval.IMAP, retrieval.VerbFlag, ""},
		{retrieval.SMTP, retrieval.VerbDeliver, ""},
		{retrieval.SMTP, retrieval.VerbFlag, "RFC 6409 section 1"},
	} {
		err := Support(tt.side, tt.verb)
		if tt.source == "" {
			if err != nil {
				t.Errorf("%s %s: %v", tt.side, tt.verb, err)
			}
			continue
		}
		var no *retrieval.UnsupportedError
		if !errors.As(err, &no) || !errors.Is(err, retrieval.ErrUnsupported) || no.Source != tt.source || no.Protocol != tt.side || no.Instead == "" {
			t.Errorf("%s %s: %#v", tt.side, tt.verb, err)
		}
	}
}

func TestThousandsAndAgo(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 88112: "88,112", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{41 * time.Second: "41 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 72 * time.Hour: "3 d"} {
		if got := Ago(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
