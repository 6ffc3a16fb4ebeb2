package compare

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// TestKeysOnEitherSide is the table of the keys: what each asks of the side with
// the focus, or that it answers with the reason and the RFC.
func TestKeysOnEitherSide(t *testing.T) {
	on := func(v retrieval.Verb) retrieval.Action { return retrieval.Action{Verb: v, Side: retrieval.IMAP} }
	uid := func(v retrieval.Verb) retrieval.Action {
		return retrieval.Action{Verb: v, Side: retrieval.IMAP, UIDs: []uint32{43}}
	}
	pop := func(v retrieval.Verb) retrieval.Action {
		return retrieval.Action{Verb: v, Side: retrieval.POP3, Session: 1}
	}
	num := func(v retrieval.Verb) retrieval.Action {
		return retrieval.Action{Verb: v, Side: retrieval.POP3, Session: 1, Numbers: []int{3}}
	}
	lacks := retrieval.Action{}
	planned := func(a retrieval.Action, commands ...string) retrieval.Action { a.Planned = commands; return a }
	cases := []struct {
		keys       string
		imap, pop3 retrieval.Action
	}{
		{"r", uid(retrieval.VerbUnread), lacks}, // message 3 has no copy on this device
		{"s", uid(retrieval.VerbFlag), lacks},
		{"a", uid(retrieval.VerbAnswered), lacks},
		{"d", uid(retrieval.VerbDelete), num(retrieval.VerbDelete)},
		{"u", uid(retrieval.VerbUndelete), num(retrieval.VerbUndelete)},
		{"D", uid(retrieval.VerbDownload), planned(num(retrieval.VerbDownload), "RETR 3")},
		{"R", lacks, pop(retrieval.VerbReset)},
		{"Q", on(retrieval.VerbQuit), pop(retrieval.VerbQuit)},
		{"!", on(retrieval.VerbDrop), pop(retrieval.VerbDrop)},
		{"o", on(retrieval.VerbRefresh), pop(retrieval.VerbRefresh)},
	}
	for _, c := range cases {
		for _, side := range []struct {
			name string
			tab  []string
			want retrieval.Action
		}{{"IMAP", nil, c.imap}, {"POP3", []string{"tab"}, c.pop3}} {
			m, _ := press(open(fake.Fresh(), 120, 36), "j", "j")
			m, _ = press(m, side.tab...)
			m, wishes := press(m, c.keys)
			if side.want.Verb == "" {
				if len(wishes) != 0 || !strings.Contains(m.notice.text, "RFC") {
					t.Errorf("%s over %s: wishes %v, notice %q; want a reason with its RFC", c.keys, side.name, wishes, m.notice.text)
				}
				continue
			}
			if want := []wish.Wish{wish.Do{Action: side.want}}; !reflect.DeepEqual(wishes, want) {
				t.Errorf("%s over %s: %+v, want %+v (notice %q)", c.keys, side.name, wishes, want, m.notice.text)
			}
		}
	}
}

func TestKeysWithDialogs(t *testing.T) {
	fresh := fake.Fresh()
	do := func(a retrieval.Action) []wish.Wish { return []wish.Wish{wish.Do{Action: a}} }
	cases := []struct {
		name string
		view *retrieval.View
		keys []string
		want []wish.Wish
	}{
		{"move", fresh, []string{"m", "j", "enter"}, do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: []uint32{41}, Folder: "Drafts"})},
		{"copy", fresh, []string{"c", "enter"}, do(retrieval.Action{Verb: retrieval.VerbCopy, Side: retrieval.IMAP, UIDs: []uint32{41}, Folder: "Archive"})},
		{"keyword", fresh, []string{"K", "$", "X", "(", "enter"}, do(retrieval.Action{Verb: retrieval.VerbKeyword, Side: retrieval.IMAP, UIDs: []uint32{41}, Keyword: "$X"})},
		{"keyword off", fresh, append([]string{"j", "j", "j", "K"}, append(strings.Split("$forwarded", ""), "enter")...),
			do(retrieval.Action{Verb: retrieval.VerbUnkeyword, Side: retrieval.IMAP, UIDs: []uint32{44}, Keyword: "$forwarded"})},
		{"folder", fresh, []string{"f", "j", "enter"}, do(retrieval.Action{Verb: retrieval.VerbOpen, Side: retrieval.IMAP, Folder: "Archive"})},
		{"folder that holds none", fresh, []string{"f", "j", "j", "j", "j", "j", "enter"}, nil},
		{"several", fresh, []string{" ", " ", "s"}, do(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP, UIDs: []uint32{41, 42}})},
		{"expunge", fake.Flagged(fresh, 3, `\Deleted`), []string{"x"}, do(retrieval.Action{Verb: retrieval.VerbExpunge, Side: retrieval.IMAP, UIDs: []uint32{44}})},
		{"expunge nothing", fresh, []string{"x"}, nil},
		{"new mail", fresh, []string{"n"}, do(retrieval.Action{Verb: retrieval.VerbDeliver, Side: retrieval.SMTP})},
		{"leave on server asks about what is here", fresh, []string{"L", "j", "enter"}, nil},
		{"leave on server, from now on", fresh, []string{"L", "j", "enter", "enter"}, do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete"})},
		{"leave on server, also those", fresh, []string{"L", "j", "enter", "j", "enter"}, do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete", Earlier: true})},
		{"leave on server, not at all", fresh, []string{"L", "j", "enter", "j", "esc"}, nil},
		{"leave for days", fresh, []string{"L", "l", "l", "h", "enter", "enter"}, do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "8d"})},
		{"leave until removed", fresh, []string{"L", "j", "j", "j", "enter"}, do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "until-removed"})},
		{"keep asks nothing", fresh, []string{"L", "enter"}, do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "keep"})},
		{"another limit", fresh, []string{"L", "j", "j", "j", "j", "enter"}, do(retrieval.Action{Verb: retrieval.VerbLimit, Side: retrieval.POP3, Octets: 100_000})},
		{"flags of this device", fresh, []string{"tab", "s"}, do(retrieval.Action{Verb: retrieval.VerbUnflag, Side: retrieval.Local, Numbers: []int{1}})},
		{"and of several copies", fresh, []string{"tab", " ", " ", "r"}, do(retrieval.Action{Verb: retrieval.VerbRead, Side: retrieval.Local, Numbers: []int{1, 2}})},
		{"remove the copy", fresh, []string{"tab", "X"}, do(retrieval.Action{Verb: retrieval.VerbRemove, Side: retrieval.Local, Numbers: []int{1}})},
		{"no copy to remove", fresh, []string{"tab", "j", "j", "X"}, nil},
		{"fetch shows its plan first", fresh, []string{"F"}, nil},
		{"read", fresh, []string{"tab", "enter"}, []wish.Wish{wish.Read{Action: retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{1}, Session: 1}}}},
		{"create a folder", fresh, []string{"C", "L", "a", "*", "b", "enter"}, do(retrieval.Action{Verb: retrieval.VerbCreate, Side: retrieval.IMAP, Folder: "Lab"})},
		{"create without a name", fresh, []string{"C", "enter"}, nil},
		{"create over POP3", fresh, []string{"tab", "C"}, nil},
		{"create, predicted", fresh, []string{"p", "C", "x", "enter"}, nil},
		{"write on the chosen message", fresh, []string{"tab", "e"}, []wish.Wish{wish.Write{Action: retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{1}, Session: 1},
			About: "UID 41 = number 1  Ada Lovelace: Notes on the Engine"}}},
		{"wire", fresh, []string{"w"}, []wish.Wish{wish.Open{Screen: wish.Transcript}}},
		{"policies", fresh, []string{"P"}, []wish.Wish{wish.Switches{}}},
		{"quit", fresh, []string{"q"}, []wish.Wish{wish.Quit{}}},
		{"quit with marks asks", fake.Marked(fresh, 1), []string{"q"}, nil},
		{"quit with marks, leave", fake.Marked(fresh, 1), []string{"q", "enter"}, []wish.Wish{wish.Quit{}}},
		{"quit with marks, QUIT first", fake.Marked(fresh, 1), []string{"q", "Q"}, []wish.Wish{wish.Do{Action: retrieval.Action{Verb: retrieval.VerbQuit, Side: retrieval.POP3, Session: 1}, Leave: true}}},
		{"drawer, RSET", fake.Marked(fresh, 1), []string{"v", "R"}, do(retrieval.Action{Verb: retrieval.VerbReset, Side: retrieval.POP3, Session: 1})},
		{"drawer, drop", fake.Marked(fresh, 1), []string{"v", "!"}, do(retrieval.Action{Verb: retrieval.VerbDrop, Side: retrieval.POP3, Session: 1})},
		{"refresh with marks does not decide over them", fake.Marked(fresh, 1), []string{"tab", "o"}, nil},
		{"connect", fake.Broken(fresh), []string{"tab", "o"}, do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3, Session: 1})},
		{"predict does not run", fresh, []string{"p", "d"}, nil},
		{"predict, then run", fresh, []string{"p", "d", "enter"}, do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.IMAP, UIDs: []uint32{41}})},
		{"a message that POP3 lacks", fake.Holes(fresh), []string{"G", "tab", "d"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, got := press(open(c.view, 120, 36), c.keys...)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestRealAccountAsks holds that nothing is removed from a real server before
// the person saw what and said yes.
func TestRealAccountAsks(t *testing.T) {
	real := func(v *retrieval.View) *retrieval.View { r := *v; r.Demo = false; return &r }
	off := *fake.Fresh()
	off.Policy = "delete"
	cases := []struct {
		name string
		view *retrieval.View
		keys []string
		yes  string // what must be on the screen when it asks
	}{
		{"move", real(fake.Fresh()), []string{"m", "enter"}, "Notes on the Engine"},
		{"expunge", real(fake.Flagged(fake.Fresh(), 3, `\Deleted`)), []string{"x"}, "September, in HTML"},
		{"QUIT with marks", real(fake.Marked(fake.Fresh(), 1)), []string{"tab", "Q"}, "Re: nanoseconds"},
		{"download with delete", real(&off), []string{"tab", "j", "j", "D"}, "DELE    3"},
		{"QUIT from the drawer", real(fake.Marked(fake.Fresh(), 1)), []string{"v", "Q"}, "Re: nanoseconds"},
		{"the copy on this device", real(fake.Fresh()), []string{"tab", "X"}, "Notes on the Engine"},
		{"fetch with delete", real(&off), []string{"F"}, "leaves  3-12"},
		{"predicted", real(fake.Flagged(fake.Fresh(), 3, `\Deleted`)), []string{"p", "x", "enter"}, "September, in HTML"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, got := press(open(c.view, 120, 36), c.keys...)
			if len(got) != 0 {
				t.Fatalf("it did not ask: %+v", got)
			}
			if !strings.Contains(m.View(), c.yes) {
				t.Errorf("%q is not shown:\n%s", c.yes, m.View())
			}
			if _, got := press(m, "enter"); len(got) != 0 {
				t.Errorf("enter alone goes on: %+v", got)
			}
			if _, got := press(m, "n"); len(got) != 0 {
				t.Errorf("n goes on: %+v", got)
			}
			if _, got := press(m, "y"); len(got) != 1 {
				t.Errorf("y does not go on: %+v", got)
			}
		})
	}
}

// TestPlanComesFirst holds that a download with leave-on-server off shows its
// plan on the demo account too, and goes on with enter.
func TestPlanComesFirst(t *testing.T) {
	off := *fake.Fresh()
	off.Policy = "delete"
	m, got := press(open(&off, 80, 24), "tab", "G", "D")
	if len(got) != 0 || !strings.Contains(m.View(), "RETR    12") {
		t.Fatalf("no plan: %+v\n%s", got, m.View())
	}
	if _, got := press(m, "enter"); len(got) != 1 {
		t.Errorf("enter does not go on: %+v", got)
	}
}

func TestOneActionPerSide(t *testing.T) {
	m, _ := press(open(fake.Fresh(), 120, 36), "s")
	m, got := press(m, "s")
	if len(got) != 0 {
		t.Errorf("a second action went out while the first ran: %+v", got)
	}
	if _, got = press(m, "tab", "d"); len(got) != 1 {
		t.Errorf("the other side had to wait: %+v", got)
	}
	if _, got = press(m, "esc"); !reflect.DeepEqual(got, []wish.Wish{wish.Cancel{}}) {
		t.Errorf("esc: %+v", got)
	}
	m = m.Done(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP}, errors.New("imap: no"))
	if m.notice.text != "imap: no" {
		t.Errorf("notice %q", m.notice.text)
	}
	if _, got = press(m, "s"); len(got) != 1 {
		t.Errorf("after its end: %+v", got)
	}
}

// TestConfirmNamesWhatGoes holds that a question which is open while the list
// changes goes on naming the messages that its answer removes.
func TestConfirmNamesWhatGoes(t *testing.T) {
	v := *fake.Flagged(fake.Fresh(), 3, `\Deleted`)
	v.Demo = false
	m, _ := press(open(&v, 120, 36), "x")
	shorter := v
	shorter.Version++
	shorter.Rows = v.Rows[2:]
	m = m.SetView(&shorter)
	if got := strings.Join(m.panel.body(&m, 100), "\n"); !strings.Contains(got, "September, in HTML") || strings.Contains(got, "nanoseconds") {
		t.Errorf("it names:\n%s", got)
	}
}

// TestMoveToANewFolder holds that a folder made from the picker is the chosen one
// when it is there, and that the messages are still those that were chosen.
func TestMoveToANewFolder(t *testing.T) {
	v := fake.Fresh()
	m, got := press(open(v, 120, 36), "j", "m", "C", "N", "e", "w", "enter")
	if len(got) != 1 || got[0].(wish.Do).Action.Verb != retrieval.VerbCreate {
		t.Fatalf("wishes %+v", got)
	}
	more := *v
	more.IMAP.Folders = append(append([]retrieval.Folder(nil), v.IMAP.Folders[:2]...), retrieval.Folder{Name: "New", Delim: "/"})
	more.IMAP.Folders = append(more.IMAP.Folders, v.IMAP.Folders[2:]...)
	m = m.Done(got[0].(wish.Do).Action, nil).SetView(&more)
	_, got = press(m, "enter")
	want := retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: []uint32{42}, Folder: "New"}
	if len(got) != 1 || !reflect.DeepEqual(got[0].(wish.Do).Action, want) {
		t.Errorf("wishes %+v", got)
	}
}
