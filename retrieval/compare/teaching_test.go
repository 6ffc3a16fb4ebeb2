package compare

import (
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

// What people can learn from the two sides, as far as it is logic: each test
// holds both protocols to it.

func effects(es []Effect) string {
	var s []string
	for _, e := range es {
		s = append(s, e.Text)
	}
	return strings.Join(s, "; ")
}

func TestReadingIsNotMarking(t *testing.T) {
	f := Predict(twoSides(), onPOP3(retrieval.VerbDownload, 3))
	seen := f.IMAP[0]
	if !seen.Maybe || seen.Cause != retrieval.CausePolicy || seen.Kind != retrieval.FlagsChanged {
		t.Fatalf("%+v", seen)
	}
	got := retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Retrieved, Numbers: []int{3}}
	flag := retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.FlagsChanged, UIDs: []uint32{43}}
	courier, _ := Settle(f, happen(got, flag), 10, false)
	cyrus, _ := Settle(f, happen(got), 10, true)
	if courier[0].As != "this server does" || cyrus[0].As != "this server does not" || !courier[0].OK || !cyrus[0].OK || !courier[1].OK {
		t.Errorf("%s; %s", as(courier), as(cyrus))
	}
}

func TestPeekIsNotMarking(t *testing.T) {
	f := Predict(twoSides(), onIMAP(retrieval.VerbReadAloud, 43))
	if f.IMAP[0].Kind != "" || !strings.Contains(f.Sends[0], "BODY.PEEK[HEADER]") {
		t.Errorf("%+v", f)
	}
}

func TestFlagsDoNotExistInPOP3(t *testing.T) {
	f := Predict(twoSides(), onIMAP(retrieval.VerbFlag, 43))
	if f.POP3[0].Kind != "" || !strings.HasPrefix(f.POP3[0].Text, "nothing") {
		t.Errorf("%+v", f.POP3)
	}
	f = Predict(twoSides(), onPOP3(retrieval.VerbFlag, 3))
	if len(f.Sends) != 0 || f.POP3[0].Kind != retrieval.Unsupported || f.POP3[0].Source == "" {
		t.Errorf("%+v", f)
	}
	a := aspect(t, twoSides(), 0, "flags")
	if !a.POP3.None || a.IMAP.None {
		t.Errorf("%+v", a)
	}
}

func TestDeletedIsNotDeleted(t *testing.T) {
	f := Predict(twoSides(), onIMAP(retrieval.VerbDelete, 43))
	if f.IMAP[0].Kind != retrieval.FlagsChanged || !strings.Contains(f.IMAP[0].Text, "stays") || !f.POP3[0].Maybe || !strings.Contains(f.Final, "EXPUNGE") {
		t.Errorf("%+v", f)
	}
	v := twoSides()
	v.Rows[0].Message.Flags = []string{`\DELETED`}
	if a := aspect(t, v, 0, "delete"); !strings.Contains(a.IMAP.Text, "undelete") {
		t.Errorf("%+v", a)
	}
}

func TestPOP3HasOneFolder(t *testing.T) {
	v := twoSides()
	v.IMAP.Folders = []retrieval.Folder{{Name: "INBOX", Messages: 3}, {Name: "Archive", Messages: 7}}
	for _, d := range Differences(v) {
		if d.Aspect == "folders" && !strings.Contains(d.POP3, "7 messages elsewhere") {
			t.Errorf("%+v", d)
		}
	}
	if f := Predict(v, onIMAP(retrieval.VerbMove, 43)); !strings.Contains(effects(f.POP3), "next login lacks it") {
		t.Errorf("%+v", f.POP3)
	}
	v.IMAP.Mailbox.Name = "Archive"
	if f := Predict(v, onIMAP(retrieval.VerbMove, 43)); !strings.Contains(effects(f.POP3), "not in the maildrop") {
		t.Errorf("%+v", f.POP3)
	}
}

func TestPOP3IsASnapshot(t *testing.T) {
	f := Predict(twoSides(), retrieval.Action{Verb: retrieval.VerbDeliver, Side: retrieval.SMTP})
	seen := happen(retrieval.Happening{Side: retrieval.SMTP, Kind: retrieval.Delivered}, retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Exists, UIDs: []uint32{44}})
	imap, pop3 := Settle(f, seen, 10, true)
	if as(imap) != "as predicted" || as(pop3) != "as predicted" || imap[0].Seen != &seen[1] {
		t.Errorf("%s; %s", as(imap), as(pop3))
	}
}

func TestTheGroundMovesUnderAnOpenSession(t *testing.T) {
	ms := box(41, 3)
	l, d := listing([]mail{ms[0], ms[2]}, 2), drop(ms, true, dovecot)
	v := twoSides()
	v.POP3.Drop = *d
	v.Rows, v.Pairing = Pair(l, &v.POP3.Drop)
	if v.Rows[1].Number != 2 || v.Rows[1].UID != 0 || v.Rows[1].Hole != retrieval.HoleGone {
		t.Fatalf("%+v", v.Rows)
	}
	if a := aspect(t, v, 1, "lives"); !strings.Contains(a.POP3.Text, "gone from INBOX") {
		t.Errorf("%+v", a)
	}
	if v.Rows[2].Number != 3 {
		t.Error("the neighbours' numbers must not move")
	}
}

func TestARefusedRETRIsNoProofOfDeletion(t *testing.T) {
	v := twoSides()
	v.POP3.Drop.Entries[2].Gone = true
	if a := aspect(t, v, 2, "lives"); !strings.Contains(a.POP3.Text, "INBOX has it") {
		t.Errorf("%+v", a)
	}
}

func TestDELEIsAPromiseThatQUITKeeps(t *testing.T) {
	v := twoSides()
	dele := Predict(v, onPOP3(retrieval.VerbDelete, 1))
	drop := Predict(v, onPOP3(retrieval.VerbDrop))
	reset := Predict(v, onPOP3(retrieval.VerbReset))
	quit := Predict(v, onPOP3(retrieval.VerbQuit))
	if dele.IMAP[0].Kind != "" || !strings.Contains(dele.Final, "at QUIT") || drop.IMAP[0].Kind != "" || reset.IMAP[0].Kind != "" {
		t.Errorf("%+v\n%+v\n%+v", dele, drop, reset)
	}
	if quit.IMAP[0].Kind != retrieval.Expunged || !strings.Contains(quit.Final, "no way back") || !strings.Contains(quit.POP3[0].Text, "1 message") {
		t.Errorf("%+v", quit)
	}
	v.POP3.Pending = 0
	if quit = Predict(v, onPOP3(retrieval.VerbQuit)); quit.IMAP[0].Kind != "" {
		t.Errorf("nothing is marked: %+v", quit)
	}
}

func TestRSETCannotChoose(t *testing.T) {
	v := twoSides()
	v.POP3.Pending = 3
	f := Predict(v, onPOP3(retrieval.VerbUndelete, 2))
	if !strings.Contains(f.POP3[0].Text, "all 3 marked messages") || f.Sends[0] != "RSET" {
		t.Errorf("%+v", f)
	}
}

func TestANewSessionIsRefusedWhileMessagesAreMarked(t *testing.T) {
	if f := Predict(twoSides(), onPOP3(retrieval.VerbRefresh)); len(f.Sends) != 0 || f.POP3[0].Cause != retrieval.CauseClient {
		t.Errorf("%+v", f)
	}
}

func TestOctetsAreCountedTwice(t *testing.T) {
	v := twoSides()
	v.POP3.Drop.Entries[0].Octets = 42
	if a := aspect(t, v, 0, "size"); !strings.Contains(a.POP3.Text, "count differently") || a.POP3.Cause != retrieval.CausePolicy {
		t.Errorf("%+v", a)
	}
	if n, example := sizeDifferences(v); n != 1 || !strings.Contains(example, "LIST says 42") {
		t.Errorf("%d %s", n, example)
	}
}

func TestLeaveOnServerIsFromNowOn(t *testing.T) {
	f := Predict(twoSides(), retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete"})
	if len(f.Sends) != 0 || f.POP3[0].Cause != retrieval.CauseClient || !strings.Contains(f.POP3[0].Text, "from now on") || !strings.Contains(f.Final, "left alone") {
		t.Errorf("%+v", f)
	}
}

func TestWithoutUniqueIDsNothingIsDeletedByPolicy(t *testing.T) {
	v := twoSides()
	v.Policy, v.POP3.Drop.HasUIDL = "delete", false
	for i := range v.POP3.Drop.Entries {
		v.POP3.Drop.Entries[i].UniqueID = ""
	}
	if p := PlanDownload(v, []int{1, 3}, v.At); len(p.Dele) != 0 || len(p.Why) != 2 {
		t.Errorf("%+v", p)
	}
	if a := aspect(t, v, 0, "identity"); !strings.Contains(a.POP3.Text, "no unique-id") || a.POP3.Cause != retrieval.CausePolicy {
		t.Errorf("%+v", a)
	}
}

func TestTheSnapshotsAgeIsTold(t *testing.T) {
	v := twoSides()
	v.Rows = append(v.Rows, retrieval.Row{UID: 44, Hole: retrieval.HoleArrived})
	for ago, want := range map[time.Duration]string{0: "41 s", 10 * time.Minute: "10 min"} {
		got := ""
		for _, a := range Explain(v, 3, now.Add(ago)) {
			if a.Name == "identity" {
				got = a.POP3.Text
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%v: %q", ago, got)
		}
	}
}
