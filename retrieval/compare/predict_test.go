package compare

import (
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

func onIMAP(verb retrieval.Verb, uids ...uint32) retrieval.Action {
	return retrieval.Action{Verb: verb, Side: retrieval.IMAP, UIDs: uids, Folder: "Archive", Keyword: "$Later"}
}

func onPOP3(verb retrieval.Verb, numbers ...int) retrieval.Action {
	return retrieval.Action{Verb: verb, Side: retrieval.POP3, Numbers: numbers, Session: 1}
}

func TestPredictSends(t *testing.T) {
	for _, tt := range []struct {
		a    retrieval.Action
		want string
	}{
		{onIMAP(retrieval.VerbRead, 43), `UID STORE 43 +FLAGS (\Seen)`},
		{onIMAP(retrieval.VerbUnflag, 41, 42, 43, 50), `UID STORE 41:43,50 -FLAGS (\Flagged)`},
		{onIMAP(retrieval.VerbKeyword, 43), `UID STORE 43 +FLAGS ($Later)`},
		{onIMAP(retrieval.VerbMove, 43), `UID MOVE 43 Archive`},
		{onIMAP(retrieval.VerbCopy, 43), `UID COPY 43 Archive`},
		{onIMAP(retrieval.VerbDelete, 43), `UID STORE 43 +FLAGS (\Deleted)`},
		{onIMAP(retrieval.VerbExpunge, 43), `UID EXPUNGE 43`},
		{onIMAP(retrieval.VerbDownload, 43), `UID FETCH 43 (BODY.PEEK[])`},
		{onIMAP(retrieval.VerbReadAloud, 43), `UID FETCH 43 (RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])|UID FETCH of the text's part, by BODY.PEEK`},
		{onIMAP(retrieval.VerbOpen), `SELECT Archive`},
		{onIMAP(retrieval.VerbQuit), `LOGOUT`},
		{onPOP3(retrieval.VerbDelete, 1, 3), "DELE 1|DELE 3"},
		{onPOP3(retrieval.VerbUndelete, 2), "RSET"},
		{onPOP3(retrieval.VerbQuit), "QUIT"},
		{onPOP3(retrieval.VerbDrop), ""},
		{onPOP3(retrieval.VerbDownload, 1, 3), "RETR 3"}, // 1 is here
		{onPOP3(retrieval.VerbFlag, 1), ""},
	} {
		f := Predict(twoSides(), tt.a)
		if got := strings.Join(f.Sends, "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", f.Title, got, tt.want)
		}
	}
}

// TestPredictReading: the reader marks what was not read, after a moment.
func TestPredictReading(t *testing.T) {
	marks := func(uid uint32) (n int) {
		for _, e := range Predict(twoSides(), onIMAP(retrieval.VerbReadAloud, uid)).IMAP {
			if e.Cause == retrieval.CauseClient {
				n++
			}
		}
		return n
	}
	seen := twoSides()
	for i := range seen.Rows {
		if m := seen.Rows[i].Message; m != nil {
			if want := map[bool]int{false: 1, true: 0}[m.Has(`\Seen`)]; marks(m.UID) != want {
				t.Errorf("UID %d with %v: %d marks, want %d", m.UID, m.Flags, marks(m.UID), want)
			}
		}
	}
}

func TestPredictMoveByWhatTheServerOffers(t *testing.T) {
	v := twoSides()
	v.IMAP.Revision, v.IMAP.Caps = "IMAP4rev1", []string{"UIDPLUS"}
	if f := Predict(v, onIMAP(retrieval.VerbMove, 43)); len(f.Sends) != 3 || f.Sends[2] != "UID EXPUNGE 43" {
		t.Errorf("%q", f.Sends)
	}
	v.IMAP.Caps = nil
	if f := Predict(v, onIMAP(retrieval.VerbMove, 43)); len(f.Sends) != 0 || f.IMAP[0].Kind != retrieval.Unsupported {
		t.Errorf("%+v", f)
	}
}

// Every verb on every side is predicted: both sides, an end and witnesses, clean and cited.
func TestPredictEverything(t *testing.T) {
	verbs := []retrieval.Verb{
		"refresh", "open", "read", "unread", "flag", "unflag", "answered", "unanswer", "keyword", "unkeyword", "move", "copy", "delete",
		"undelete", "expunge", "download", "reset", "quit", "drop", "connect", "deliver", "create", "view", "leave", "x\x1b[m",
	}
	views := map[string]*retrieval.View{"two sides": twoSides(), "nothing": {}}
	folder := twoSides()
	folder.IMAP.Mailbox.Name = "Work"
	views["folder"] = folder
	closed := twoSides()
	closed.POP3.State = retrieval.POP3Closed
	views["closed"] = closed
	for name, v := range views {
		for _, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3, retrieval.SMTP} {
			for _, verb := range verbs {
				f := Predict(v, retrieval.Action{Verb: verb, Side: side, UIDs: []uint32{41, 999}, Numbers: []int{0, 2, 3, 99}, Folder: "a\x1bb", Keyword: "\x9b", Policy: "\x1b"})
				if f.Title == "" || f.Final == "" || f.Who == "" {
					t.Errorf("%s: %s %q: %+v", name, side, verb, f)
				}
				if side != retrieval.SMTP && verb[0] != 'x' && (len(f.IMAP) == 0 || len(f.POP3) == 0) {
					t.Errorf("%s: %s %q has a side without effect", name, side, verb)
				}
				for _, e := range slices.Concat(f.IMAP, f.POP3) {
					clean(t, e.Text)
					if e.Text == "" || e.Maybe && e.Cause != retrieval.CausePolicy {
						t.Errorf("%s: %s %q: %+v", name, side, verb, e)
					}
				}
				for _, s := range append(f.Sends, f.Title, f.Final, f.Who) {
					clean(t, s)
				}
				Settle(f, nil, 0, true)
			}
		}
	}
}

// happen numbers happenings from 11 on.
func happen(hs ...retrieval.Happening) []retrieval.Happening {
	for i := range hs {
		hs[i].Seq = uint64(11 + i)
		if hs[i].Text == "" {
			hs[i].Text = string(hs[i].Kind)
		}
	}
	return hs
}

func as(os []Outcome) string {
	var s []string
	for _, o := range os {
		s = append(s, o.As)
	}
	return strings.Join(s, "|")
}

func TestSettle(t *testing.T) {
	I, P := retrieval.IMAP, retrieval.POP3
	for _, tt := range []struct {
		name       string
		a          retrieval.Action
		seen       []retrieval.Happening
		late       bool
		imap, pop3 string
	}{
		{"flag, at once", onIMAP(retrieval.VerbFlag, 43), nil, false, "not seen (yet)", "nothing so far"},
		{"flag, seen", onIMAP(retrieval.VerbFlag, 43), happen(retrieval.Happening{Side: I, Kind: retrieval.FlagsChanged, UIDs: []uint32{43}}), true, "as predicted", "as predicted"},
		{"flag of another message", onIMAP(retrieval.VerbFlag, 43), happen(retrieval.Happening{Side: I, Kind: retrieval.FlagsChanged, UIDs: []uint32{41}}), true, "not seen", "as predicted"},
		{"flag, refused", onIMAP(retrieval.VerbFlag, 43), happen(retrieval.Happening{Side: I, Kind: retrieval.Refused, UIDs: []uint32{43}, Text: "read-only"}), true, "otherwise: read-only", "as predicted"},
		{"DELE", onPOP3(retrieval.VerbDelete, 1), happen(retrieval.Happening{Side: P, Kind: retrieval.Marked, Numbers: []int{1}}), true, "as predicted", "as predicted"},
		{"DELE that deletes at once", onPOP3(retrieval.VerbDelete, 1), happen(retrieval.Happening{Side: P, Kind: retrieval.Marked, Numbers: []int{1}}, retrieval.Happening{Side: I, Kind: retrieval.Expunged, UIDs: []uint32{41}}), true, "otherwise: expunged", "as predicted"},
		{"QUIT", onPOP3(retrieval.VerbQuit), happen(retrieval.Happening{Side: P, Kind: retrieval.Updated}, retrieval.Happening{Side: I, Kind: retrieval.Expunged}), false, "as predicted", "as predicted"},
		{"QUIT, not heard yet", onPOP3(retrieval.VerbQuit), happen(retrieval.Happening{Side: P, Kind: retrieval.Updated}), false, "not seen (yet)", "as predicted"},
		{"drop", onPOP3(retrieval.VerbDrop), happen(retrieval.Happening{Side: P, Kind: retrieval.Dropped}), true, "as predicted|this server does not", "as predicted"},
		{"move, told as expunge", onIMAP(retrieval.VerbMove, 43), happen(retrieval.Happening{Side: I, Kind: retrieval.Expunged, UIDs: []uint32{43}}), true, "as predicted", "as predicted|not tried"},
		{"policy", retrieval.Action{Verb: retrieval.VerbPolicy, Side: P, Policy: "delete"}, happen(retrieval.Happening{Side: P, Kind: retrieval.PolicySet}), true, "as predicted", "as predicted"},
		{"unsupported", onPOP3(retrieval.VerbFlag, 1), happen(retrieval.Happening{Side: P, Kind: retrieval.Unsupported, Numbers: []int{1}}), true, "as predicted", "as predicted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Predict(twoSides(), tt.a)
			imap, pop3 := Settle(f, tt.seen, 10, tt.late)
			if as(imap) != tt.imap || as(pop3) != tt.pop3 {
				t.Errorf("IMAP %q, POP3 %q", as(imap), as(pop3))
			}
			// What happened before the action counts for nothing.
			imap, _ = Settle(f, tt.seen, 100, false)
			if strings.Contains(as(imap), "as predicted") {
				t.Errorf("old happenings were taken: %q", as(imap))
			}
		})
	}
}

func TestPlanDownload(t *testing.T) {
	plan := func(policy string, change func(*retrieval.View), numbers ...int) Plan {
		v := twoSides()
		v.Policy = policy
		if change != nil {
			change(v)
		}
		return PlanDownload(v, numbers, now)
	}
	entries := func(f func(e []retrieval.Entry)) func(*retrieval.View) {
		return func(v *retrieval.View) { f(v.POP3.Drop.Entries) }
	}
	for _, tt := range []struct {
		name               string
		p                  Plan
		retr, dele, leaves []int
		have               int
		why                string
	}{
		{"keep", plan("keep", nil, 1, 3), []int{3}, nil, []int{2}, 1, ""},
		{"delete, from now on", plan("delete", nil, 3, 1, 3), []int{3}, []int{3}, []int{2, 3}, 1, ""},
		{"delete, as it was meant at the download", plan("delete", entries(func(e []retrieval.Entry) {
			e[0].Copy = &retrieval.LocalCopy{Listed: e[0].Octets, Leave: account.LeaveOnServer{Mode: account.LeaveDelete}}
		}), 1), nil, []int{1}, []int{1, 2}, 1, ""},
		{"days", plan("7d", nil, 3), []int{3}, nil, []int{2}, 0, ""},
		{"marked", plan("delete", nil, 2), nil, nil, []int{2}, 0, "marked already"},
		{"not there", plan("delete", nil, 9, 0, -1), nil, nil, []int{2}, 0, "no such message"},
		{"gone", plan("delete", entries(func(e []retrieval.Entry) { e[2].Gone = true }), 3), nil, nil, []int{2}, 0, "refused"},
		{"no unique-id", plan("delete", entries(func(e []retrieval.Entry) { e[2].UniqueID = "" }), 3), []int{3}, nil, []int{2}, 0, "no unique-id"},
		{"two of a unique-id", plan("delete", entries(func(e []retrieval.Entry) { e[2].UniqueID = e[0].UniqueID }), 3), []int{3}, nil, []int{2}, 0, "more than one message"},
		{"policy not understood", plan("often", nil, 3), nil, nil, []int{2}, 0, "not understood"},
		{"no session", plan("delete", func(v *retrieval.View) { v.POP3.State = retrieval.POP3Closed }, 3), nil, nil, nil, 0, "no POP3 session"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.p
			if !slices.Equal(p.Retr, tt.retr) || !slices.Equal(p.Dele, tt.dele) || !slices.Equal(p.Leaves, tt.leaves) || p.Have != tt.have || p.Removes != (len(tt.leaves) > 0) || p.Who == "" {
				t.Errorf("%+v", p)
			}
			if why := strings.Join(p.Why, "; "); !strings.Contains(why, tt.why) || tt.why == "" && why != "" {
				t.Errorf("why: %s", why)
			}
		})
	}
	if p := plan("7d", nil, 3); p.Later != 1 || !p.Next.Equal(now.Add(7*24*time.Hour)) {
		t.Errorf("later: %+v", p)
	}
	if p := plan("keep", nil, 3); p.Octets != 1074 || p.Policy != "keep" {
		t.Errorf("%+v", p)
	}
}
