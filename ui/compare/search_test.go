package compare

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// typing are the keys of a text behind a first key.
func typing(first, text string) []string {
	keys := []string{first}
	for _, r := range text {
		keys = append(keys, string(r))
	}
	return keys
}

// found is m after a search for "hopper": IMAP's server found three, one of them
// by its text; of two of them this device knows enough over POP3.
func found(m Model) Model {
	m, _ = press(m, typing("/", "hopper")...)
	m, _ = press(m, "enter")
	m = m.Found(m.search.gen, retrieval.Found{Side: retrieval.IMAP, Asked: `UID SEARCH TEXT "hopper"`, Mailbox: "INBOX", Valid: 1432, UIDs: []uint32{42, 44, 51}, Upto: 52, Of: 12}, nil)
	return m.Found(m.search.gen, retrieval.Found{Side: retrieval.POP3, Numbers: []int{2, 11}, IDs: []string{fake.UniqueID(42), fake.UniqueID(51)}, Session: 1, Looked: 2, Of: 12}, nil)
}

func shown(m Model) (uids []uint32) {
	for i := range m.view.Rows {
		uids = append(uids, m.view.Rows[i].UID)
	}
	return uids
}

func TestSearchNarrowsBothListsAndSaysWhatItKnows(t *testing.T) {
	m, _ := press(open(fake.Fresh(), 120, 36), typing("/", "hopper -flagged")...)
	m, wishes := press(m, "enter")
	w, ok := wishes[0].(wish.Search)
	if !ok || w.Query.Command() != `TEXT "hopper" UNFLAGGED` {
		t.Fatalf("%+v", wishes)
	}
	m = found(m)
	if got := shown(m); !slices.Equal(got, []uint32{42, 44, 51}) {
		t.Errorf("shown %v", got)
	}
	for _, part := range []string{"3 of 12", "2 found, 2 of 12 messages looked at", "RFC 1939 has no search"} {
		if !strings.Contains(m.notice.text, part) {
			t.Errorf("%q lacks %q", m.notice.text, part)
		}
	}
	// What does not match on a side says so there; a row stays one message.
	m, _ = press(m, "g", "j")
	if uids, numbers := m.uids(), m.numbers(); uids[0] != 44 || numbers[0] != 4 {
		t.Error(uids, numbers)
	}
	// A message that comes later was not searched.
	v := fake.Holes(fake.Fresh())
	m = m.SetView(v)
	if s := m.search; s.counts[retrieval.IMAP] != 3 || s.counts[retrieval.POP3] != 2 || s.since != 1 || len(m.view.Rows) != 3 {
		t.Error(s.counts, s.since, len(m.view.Rows))
	}
	if m, _ = press(m, "esc"); len(m.view.Rows) != 13 || m.search.on {
		t.Errorf("after esc: %d rows", len(m.view.Rows))
	}
}

// TestAHeaderThatComesLaterCounts: what IMAP found is loaded, and then POP3's
// header shows that it matches there too.
func TestAHeaderThatComesLaterCounts(t *testing.T) {
	v := *fake.Fresh()
	v.Rows = slices.Clone(v.Rows)
	bare := *v.Rows[10].Entry
	bare.Header = nil
	v.Rows[10].Entry = &bare
	m, _ := press(open(&v, 120, 36), typing("/", "hopper")...)
	m, _ = press(m, "enter")
	m = m.Found(m.search.gen, retrieval.Found{Side: retrieval.IMAP, Mailbox: "INBOX", Valid: 1432, UIDs: []uint32{42, 51}, Upto: 52, Of: 12}, nil)
	m = m.Found(m.search.gen, retrieval.Found{Side: retrieval.POP3, Numbers: []int{2}, IDs: []string{fake.UniqueID(42)}, Session: 1, Looked: 11, Of: 12}, nil)
	if m.search.counts[retrieval.POP3] != 1 || !strings.Contains(m.View(), "1 found in 11 of 12") {
		t.Error(m.search.counts)
	}
	if m = m.SetView(fake.Fresh()); m.search.counts[retrieval.POP3] != 2 || !strings.Contains(m.View(), "2 found in 12 of 12") {
		t.Error(m.search.counts, m.View())
	}
}

func TestAnOldAnswerAndAnotherFolderDoNotCount(t *testing.T) {
	m := found(open(fake.Fresh(), 120, 36))
	old := m.search.gen
	m, _ = press(m, "/", "enter")
	m = m.Found(old, retrieval.Found{Side: retrieval.IMAP, UIDs: []uint32{41}}, nil)
	if slices.Contains(shown(m), 41) && m.search.on {
		t.Error("an older answer was taken")
	}
	m = found(m)
	other := *fake.Fresh()
	other.IMAP.Mailbox.UIDValidity++ // every UID that was found is void (RFC 9051 section 2.3.1.1)
	if m = m.SetView(&other); m.search.on || len(m.view.Rows) != 12 {
		t.Error("the search outlived UIDVALIDITY")
	}
}

func TestOneSideThatFailsLeavesTheOther(t *testing.T) {
	m, _ := press(open(fake.Fresh(), 120, 36), typing("/", "x")...)
	m, _ = press(m, "enter")
	m = m.Found(m.search.gen, retrieval.Found{Side: retrieval.IMAP}, &retrieval.OpError{Protocol: retrieval.IMAP, Op: "search", Err: retrieval.ErrClosed})
	m = m.Found(m.search.gen, retrieval.Found{Side: retrieval.POP3, Numbers: []int{1}, IDs: []string{fake.UniqueID(41)}, Looked: 12, Of: 12}, nil)
	if got := shown(m); !slices.Equal(got, []uint32{41}) || !strings.Contains(m.notice.text, "ended") {
		t.Error(got, m.notice.text)
	}
}

// TestWhatIsHiddenIsNotActedOnUnseen: an action on the selection means what is
// shown; what a QUIT removes is listed whether it is shown or not.
func TestWhatIsHiddenIsNotActedOnUnseen(t *testing.T) {
	real := *fake.Marked(fake.Fresh(), 0)
	real.Demo = false
	m, _ := press(open(&real, 120, 36), "*")
	if len(m.uids()) != 12 || !strings.Contains(m.notice.text, "12 messages selected") {
		t.Error(m.uids(), m.notice.text)
	}
	m = found(m)
	if got := m.uids(); !slices.Equal(got, []uint32{42, 44, 51}) {
		t.Error(got)
	}
	m, _ = press(m, "~")
	if len(m.selected) != 0 {
		t.Error(m.selected)
	}
	m, _ = press(m, "tab", "Q")
	if p, ok := m.panel.(confirmPanel); !ok || len(p.rows) != 1 || p.rows[0].Number != 1 {
		t.Errorf("%+v", m.panel)
	}
}

func TestSortGoesThroughTheOrders(t *testing.T) {
	m, wishes := press(open(fake.Fresh(), 120, 36), "S")
	if w := wishes[0].(wish.Arrange); w.By != retrieval.ByDate {
		t.Error(w)
	}
	m, wishes = press(m, "S")
	if w := wishes[0].(wish.Arrange); w.By != retrieval.ByFrom {
		t.Error(w)
	}
	// The server has no SORT: this device does it, and says so.
	err := &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: "SORT on this server", Source: "RFC 5256"}
	m = m.Arranged(m.order.gen, retrieval.Arranged{By: retrieval.ByFrom}, err)
	if got := shown(m); got[0] != 41 || got[1] != 45 || !strings.Contains(m.notice.text, "no SORT on this server (RFC 5256)") {
		t.Error(got, m.notice.text)
	}
	m, wishes = press(m, "S", "S", "S", "S")
	if len(wishes) != 0 || !slices.IsSorted(shown(m)) || m.order.by != retrieval.ByServer {
		t.Error(wishes, shown(m))
	}
	m, _ = press(m, "tab", "S", "S", "S", "S")
	if got := shown(m); got[0] != 45 || !strings.Contains(m.notice.text, "POP3 has no sort (RFC 1939)") {
		t.Error(got, m.notice.text)
	}
	if n, _ := press(m, "esc"); !slices.IsSorted(shown(n)) {
		t.Error("esc does not bring the mailbox's order back")
	}
	// A row that comes later stands last.
	m = m.SetView(fake.Holes(fake.Fresh()))
	if got := shown(m); got[len(got)-1] != 53 || len(got) != 13 {
		t.Error(got)
	}
	broken := errors.New("the cable")
	m, _ = press(m, "tab", "T")
	if m = m.Arranged(m.order.gen, retrieval.Arranged{By: retrieval.ByThread}, broken); m.order.by != retrieval.BySize {
		t.Error(m.order.by)
	}
}

func TestThreadsOnWhatIsHere(t *testing.T) {
	m, _ := press(open(fake.Fresh(), 120, 36), "T")
	m = m.Arranged(m.order.gen, retrieval.Arranged{By: retrieval.ByThread}, retrieval.ErrRefused)
	at := m.indexOf(keyOf(m.view, &retrieval.Row{UID: 51}))
	if at != 2 || m.depthOf(at) != 1 { // "Re: Re: nanoseconds" stands below "Re: nanoseconds"
		t.Error(at, m.depthOf(at), shown(m))
	}
	if m, _ = press(m, "T"); m.depthOf(at) != 0 || !slices.IsSorted(shown(m)) {
		t.Error("T does not go back")
	}
}

// TestAViewWithTheSameRowsIsShownAlike: a state that changes leaves the lists as
// they are, and shows.
func TestAViewWithTheSameRowsIsShownAlike(t *testing.T) {
	v := fake.Fresh()
	m := found(open(v, 120, 36))
	idle := *v
	idle.IMAP.State = retrieval.IMAPSelected
	if m = m.SetView(&idle); !slices.Equal(shown(m), []uint32{42, 44, 51}) || m.Current().IMAP.State != retrieval.IMAPSelected {
		t.Error(shown(m), m.Current().IMAP.State)
	}
	if m, _ = press(m, "esc"); len(m.view.Rows) != 12 || m.view.IMAP.State != retrieval.IMAPSelected {
		t.Error(len(m.view.Rows))
	}
}
