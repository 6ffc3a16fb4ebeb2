package compare

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

const validity = 1795486864

// mail is one message in a made-up INBOX.
type mail struct {
	uid    uint32
	octets int64
	id     string
}

// box gives n messages of different sizes with UIDs from first.
func box(first, n int) []mail {
	ms := make([]mail, n)
	for i := range ms {
		ms[i] = mail{uint32(first + i), int64(1000 + 37*i), fmt.Sprintf("<m%d@example.org>", i)}
	}
	return ms
}

func (m mail) header() retrieval.Header {
	return retrieval.Header{MessageID: m.id, From: "Ada", Subject: "Notes", Date: time.Unix(1_700_000_000, 0)}
}

// listing gives IMAP's side; only those with index < known were looked at.
func listing(ms []mail, known int) Listing {
	l := Listing{UIDValidity: validity, Inbox: true, Known: map[uint32]*retrieval.Message{}}
	for i, m := range ms {
		l.UIDs = append(l.UIDs, m.uid)
		if i < known {
			l.Known[m.uid] = &retrieval.Message{UID: m.uid, Octets: m.octets, Header: m.header()}
		}
	}
	return l
}

// drop gives POP3's side with the unique-ids that id makes; headers as TOP would give them.
func drop(ms []mail, headers bool, id func(mail) string) *retrieval.Maildrop {
	d := &retrieval.Maildrop{HasUIDL: true}
	for i, m := range ms {
		e := retrieval.Entry{Number: i + 1, Octets: m.octets, UniqueID: id(m)}
		if headers {
			h := m.header()
			e.Header = &h
		}
		d.Entries = append(d.Entries, e)
	}
	return d
}

func dovecot(m mail) string { return fmt.Sprintf("%08x%08x", m.uid, validity) }

var serverFormats = []struct {
	name string
	id   func(mail) string
}{
	{"Dovecot", dovecot},
	{"Dovecot upper", func(m mail) string { return fmt.Sprintf("%08X%08X", m.uid, validity) }},
	{"reverse hex", func(m mail) string { return fmt.Sprintf("%08x%08x", validity, m.uid) }},
	{"Cyrus", func(m mail) string { return fmt.Sprintf("%d.%d", validity, m.uid) }},
	{"Cyrus courier", func(m mail) string { return fmt.Sprintf("%d-%d", validity, m.uid) }},
	{"dash reverse", func(m mail) string { return fmt.Sprintf("%d-%d", m.uid, validity) }},
	{"dot reverse", func(m mail) string { return fmt.Sprintf("%d.%d", m.uid, validity) }},
	{"uidonly", func(m mail) string { return fmt.Sprint(m.uid) }},
}

// check holds the promises of every result: each UID and each number is in
// exactly one row, in order, and the sums are right.
func check(t *testing.T, l Listing, d *retrieval.Maildrop, rows []retrieval.Row, p retrieval.Pairing) {
	t.Helper()
	var uids []uint32
	numbers := map[int]int{}
	both, onlyIMAP, onlyPOP3 := 0, 0, 0
	for i, r := range rows {
		if r.UID != 0 {
			uids = append(uids, r.UID)
			if r.Message != l.Known[r.UID] {
				t.Fatalf("UID %d carries another message", r.UID)
			}
		}
		if r.Number != 0 {
			numbers[r.Number]++
			if r.Entry != &d.Entries[r.Number-1] {
				t.Fatalf("number %d carries another entry", r.Number)
			}
		}
		switch {
		case r.UID != 0 && r.Number != 0:
			both++
			if r.Sure == retrieval.NotPaired || r.Hole != retrieval.HoleNone {
				t.Fatalf("row %d is paired, sure %q, hole %q", i, r.Sure, r.Hole)
			}
		case r.UID != 0:
			onlyIMAP++
		case r.Number != 0:
			onlyPOP3++
			if r.Number > 1 && i > 0 && l.Inbox { // behind its predecessor, or behind another POP3-only row that is
				if prev := rows[i-1].Number; prev != r.Number-1 {
					t.Fatalf("number %d stands behind %d", r.Number, prev)
				}
			}
		default:
			t.Fatalf("row %d is empty", i)
		}
		if (r.UID == 0 || r.Number == 0) && r.Hole == retrieval.HoleNone {
			t.Fatalf("row %d has a hole without a reason", i)
		}
	}
	if !reflect.DeepEqual(uids, l.UIDs) {
		t.Fatalf("UIDs %v, want %v", uids, l.UIDs)
	}
	if d != nil && (l.Inbox || l.UIDValidity == 0) {
		for _, e := range d.Entries {
			if numbers[e.Number] != 1 {
				t.Fatalf("number %d is in %d rows", e.Number, numbers[e.Number])
			}
		}
	}
	if p.Paired != both || p.OnlyIMAP != onlyIMAP || p.OnlyPOP3 != onlyPOP3 || p.Why == "" || p.Method == "" {
		t.Fatalf("pairing %+v; rows have %d both, %d, %d", p, both, onlyIMAP, onlyPOP3)
	}
}

func pair(t *testing.T, l Listing, d *retrieval.Maildrop) ([]retrieval.Row, retrieval.Pairing) {
	t.Helper()
	rows, p := Pair(l, d)
	check(t, l, d, rows, p)
	return rows, p
}

// truth holds each row of two sides to the same Message-ID.
func truth(t *testing.T, rows []retrieval.Row, imap, pop []mail) {
	t.Helper()
	id := map[uint32]string{}
	for _, m := range imap {
		id[m.uid] = m.id
	}
	for _, r := range rows {
		if r.UID != 0 && r.Number != 0 && id[r.UID] != pop[r.Number-1].id {
			t.Errorf("UID %d (%s) is paired with number %d (%s)", r.UID, id[r.UID], r.Number, pop[r.Number-1].id)
		}
	}
}

func TestPairByEveryServersFormat(t *testing.T) {
	for _, f := range serverFormats {
		t.Run(f.name, func(t *testing.T) {
			ms := box(101, 200)
			rows, p := pair(t, listing(ms, 40), drop(ms, false, f.id))
			truth(t, rows, ms, ms)
			if p.Paired != 200 || p.Format == "" || p.Proof < 30 || !p.Order {
				t.Errorf("pairing %+v", p)
			}
			if rows[150].Sure != retrieval.SureFormula {
				t.Errorf("row 150 is %q", rows[150].Sure)
			}
		})
	}
}

// Half the messages were moved away and back: they have new UIDs and, in the
// next session, new unique-ids at the end of the list.
func TestPairAfterHalfMovedAwayAndBack(t *testing.T) {
	for _, f := range serverFormats {
		t.Run(f.name, func(t *testing.T) {
			old := box(101, 200)
			var now []mail
			for i := 0; i < 200; i += 2 {
				now = append(now, old[i])
			}
			for i := 1; i < 200; i += 2 {
				m := old[i]
				m.uid += 300
				now = append(now, m)
			}
			rows, p := pair(t, listing(now, 40), drop(now, false, f.id))
			truth(t, rows, now, now)
			if p.Paired != 200 {
				t.Errorf("next session: %+v", p)
			}
			rows, p = pair(t, listing(now, 200), drop(old, true, f.id)) // the session from before
			if p.Paired != 100 || p.OnlyIMAP != 100 || p.OnlyPOP3 != 100 {
				t.Errorf("open session: %+v", p)
			}
			for _, r := range rows {
				if r.Number == 0 && r.Hole != retrieval.HoleArrived || r.UID == 0 && r.Hole != retrieval.HoleGone {
					t.Fatalf("out and back is a new message, but UID %d, number %d: %q", r.UID, r.Number, r.Hole)
				}
			}
		})
	}
}

func courier(m mail) string { return fmt.Sprintf("UID%d-%d", m.uid-6, validity+521) }

// IMAP 1,2,3 was POP3 2,3,1 on Courier, whose unique-ids have numbers of their own.
func TestPairCourierByContentThoughTheOrderDiffers(t *testing.T) {
	ms := box(701, 3)
	pop := []mail{ms[2], ms[0], ms[1]}
	rows, p := pair(t, listing(ms, 3), drop(pop, true, courier))
	truth(t, rows, ms, pop)
	if p.Paired != 3 || p.Order || p.Format != "" {
		t.Errorf("pairing %+v", p)
	}
	for _, r := range rows {
		if r.Sure != retrieval.SureOctets {
			t.Errorf("UID %d is %q", r.UID, r.Sure)
		}
	}
}

// Courier's numbers are not IMAP's even when they look so: UIDVALIDITY and UIDs
// are those of the mailbox by accident, the messages are others.
func TestPairBelievesNoShiftedFormula(t *testing.T) {
	for _, f := range serverFormats {
		for _, shift := range []int{1, -1, 7} {
			t.Run(fmt.Sprint(f.name, shift), func(t *testing.T) {
				ms := box(101, 200)
				shifted := func(m mail) string { m.uid = uint32(int(m.uid) + shift); return f.id(m) }
				for _, headers := range []bool{false, true} {
					_, p := pair(t, listing(ms, 40), drop(ms, headers, shifted))
					if p.Format != "" {
						t.Errorf("headers %v: believed: %+v", headers, p)
					}
				}
			})
		}
	}
}

func TestPairBelievesNoFormulaOfEqualSizes(t *testing.T) {
	ms := box(101, 100)
	for i := range ms {
		ms[i].octets = 1000
	}
	shifted := func(m mail) string { m.uid++; return dovecot(m) }
	if _, p := pair(t, listing(ms, 40), drop(ms, false, shifted)); p.Format != "" || p.Paired > 0 {
		t.Errorf("equal sizes prove nothing: %+v", p)
	}
	// The right formula fits, and is only likely.
	rows, p := pair(t, listing(ms, 40), drop(ms, false, dovecot))
	if p.Format != "" || p.Paired != 100 || rows[0].Sure != LikelyFormula {
		t.Errorf("%+v, row 0 %q", p, rows[0].Sure)
	}
	// Message-IDs do prove it.
	rows, p = pair(t, listing(ms, 40), drop(ms, true, dovecot))
	if p.Format == "" || rows[99].Sure != retrieval.SureFormula {
		t.Errorf("%+v", p)
	}
}

func TestPairWithNothingAtHand(t *testing.T) {
	ms := box(101, 100)
	if rows, p := pair(t, listing(ms, 0), drop(ms, false, dovecot)); p.Paired != 100 || p.Format != "" || rows[5].Sure != LikelyFormula || p.Proof != 0 {
		t.Errorf("UIDVALIDITY and every UID fit, which is likely and no more: %+v", p)
	}
	plain := func(m mail) string { return fmt.Sprint(m.uid) }
	if rows, p := pair(t, listing(ms, 0), drop(ms, false, plain)); p.Paired != 0 || rows[0].Hole != retrieval.HolePending {
		t.Errorf("a bare number proves nothing: %+v", p)
	}
	if _, p := pair(t, listing(ms[1:], 0), drop(ms, false, dovecot)); p.Paired != 0 {
		t.Errorf("one UID is missing: %+v", p)
	}
	l := listing(ms, 0)
	l.UIDValidity++
	if _, p := pair(t, l, drop(ms, false, dovecot)); p.Paired != 0 {
		t.Errorf("another UIDVALIDITY: %+v", p)
	}
}

func TestPairOneContradictionIsEnough(t *testing.T) {
	ms := box(101, 200)
	l := listing(ms, 40)
	l.Known[ms[20].uid].Octets++
	if _, p := pair(t, l, drop(ms, false, dovecot)); p.Format != "" {
		t.Errorf("believed: %+v", p)
	}
	// The same Message-ID outweighs sizes that are counted differently.
	if _, p := pair(t, l, drop(ms, true, dovecot)); p.Format == "" {
		t.Errorf("not believed: %+v", p)
	}
}

func TestPairSmallMailboxes(t *testing.T) {
	for n := 1; n <= 5; n++ {
		ms := box(1, n)
		rows, p := pair(t, listing(ms, n), drop(ms, false, dovecot))
		if p.Paired != n || rows[0].Sure != retrieval.SureFormula {
			t.Errorf("%d messages: %+v", n, p)
		}
	}
	if rows, p := pair(t, listing(nil, 0), drop(nil, false, dovecot)); len(rows) != 0 || p.Paired != 0 {
		t.Errorf("nothing: %+v", p)
	}
	rows, _ := pair(t, listing(nil, 0), drop(box(1, 2), false, dovecot))
	if rows[0].Hole != retrieval.HoleGone {
		t.Errorf("INBOX is empty: %q", rows[0].Hole)
	}
}

func TestPairTwoIdenticalMessagesStayTwo(t *testing.T) {
	twin := mail{101, 500, "<same@example.org>"}
	second := twin
	second.uid = 102
	other := mail{103, 900, "<other@example.org>"}
	ms := []mail{twin, second, other}
	for _, id := range []func(mail) string{dovecot, courier} {
		rows, p := pair(t, listing(ms, 3), drop(ms, true, id))
		if p.Paired != 3 || rows[0].Number != 1 || rows[1].Number != 2 {
			t.Errorf("%+v: %+v", p, rows)
		}
	}
	rows, _ := pair(t, listing(ms, 3), drop(ms, true, courier))
	if rows[0].Sure != retrieval.LikelyHeader || rows[2].Sure != retrieval.SureOctets {
		t.Errorf("twins cannot be sure: %q, %q", rows[0].Sure, rows[2].Sure)
	}
	// One of the twins is on one side only.
	if _, p := pair(t, listing(ms, 3), drop(ms[1:], true, courier)); p.Paired != 2 || p.OnlyIMAP != 1 {
		t.Errorf("%+v", p)
	}
}

func TestPairHoles(t *testing.T) {
	ms := box(101, 12)
	l := listing(ms, 12)
	tests := []struct {
		name string
		l    Listing
		d    *retrieval.Maildrop
		uid  uint32
		num  int
		want retrieval.Hole
	}{
		{"arrived", l, drop(ms[:10], false, dovecot), 111, 0, retrieval.HoleArrived},
		{"arrived, Courier", l, drop(ms[:10], true, courier), 111, 0, retrieval.HoleArrived},
		{"moved away", listing(ms[:11], 11), drop(ms, false, dovecot), 0, 12, retrieval.HoleGone},
		{"hidden", l, drop(append(append([]mail{}, ms[:3]...), ms[4:]...), false, dovecot), 104, 0, retrieval.HoleHidden},
		{"no POP3 session", l, nil, 101, 0, retrieval.HoleNoSession},
		{"no IMAP session", Listing{}, drop(ms, false, dovecot), 0, 1, retrieval.HoleNoSession},
		{"Courier, headers not asked for", listing(ms, 3), drop(ms, false, courier), 0, 5, retrieval.HolePending},
		{"Courier, not loaded", listing(ms, 3), drop(ms, true, courier), 110, 0, retrieval.HolePending},
		{"Courier, nothing like it", listing(ms[1:], 11), drop(ms, true, courier), 0, 1, retrieval.HoleUnpaired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, _ := pair(t, tt.l, tt.d)
			for _, r := range rows {
				if r.UID == tt.uid && r.Number == tt.num {
					if r.Hole != tt.want {
						t.Errorf("hole %q, want %q", r.Hole, tt.want)
					}
					return
				}
			}
			t.Errorf("no such row: %+v", rows)
		})
	}
}

func TestPairAtLoginAndUIDNext(t *testing.T) {
	ms := box(101, 12)
	l := listing(ms, 12)
	l.AtLogin = 105
	d := drop(nil, false, dovecot)
	rows, _ := pair(t, l, d)
	if rows[0].Hole != retrieval.HoleHidden || rows[11].Hole != retrieval.HoleArrived {
		t.Errorf("%q, %q", rows[0].Hole, rows[11].Hole)
	}
	l = listing(ms[:10], 10)
	l.UIDNext = 111
	rows, _ = pair(t, l, drop(ms, false, dovecot))
	if r := rows[len(rows)-1]; r.Hole != retrieval.HolePending {
		t.Errorf("IMAP was not told of it yet: %q", r.Hole)
	}
}

func TestPairAnotherFolder(t *testing.T) {
	l := listing(box(1, 3), 3)
	l.Inbox = false
	rows, p := pair(t, l, drop(box(101, 5), false, dovecot))
	if len(rows) != 3 || rows[0].Hole != retrieval.HoleFolder || p.Paired != 0 {
		t.Errorf("%+v %+v", rows, p)
	}
}

func TestPairDuplicateUniqueIDs(t *testing.T) {
	ms := box(101, 20)
	d := drop(ms, true, dovecot)
	d.Entries[3].UniqueID = d.Entries[2].UniqueID
	rows, p := pair(t, listing(ms, 20), d)
	truth(t, rows, ms, ms)
	if p.Paired != 20 || rows[2].Sure == retrieval.SureFormula || rows[3].Sure == retrieval.SureFormula {
		t.Errorf("%+v; %q, %q", p, rows[2].Sure, rows[3].Sure)
	}
}

// A maildrop may keep unique-ids from before a change of server, with the new
// ones behind them.
func TestPairMixedFormats(t *testing.T) {
	ms := box(101, 40)
	id := func(m mail) string {
		if m.uid < 111 {
			return courier(m)
		}
		return dovecot(m)
	}
	rows, p := pair(t, listing(ms, 40), drop(ms, true, id))
	truth(t, rows, ms, ms)
	if p.Paired != 40 || rows[0].Sure != retrieval.SureOctets || rows[39].Sure != retrieval.SureFormula {
		t.Errorf("%+v; %q, %q", p, rows[0].Sure, rows[39].Sure)
	}
}

func TestPairBySizeAloneWhereTOPIsMissing(t *testing.T) {
	ms := box(101, 5)
	ms[4].octets = ms[3].octets
	rows, p := pair(t, listing(ms, 5), drop(ms, false, courier))
	if p.Paired != 3 || rows[0].Sure != LikelyOctets || p.Method != "octets alone" {
		t.Errorf("%+v; %q", p, rows[0].Sure)
	}
}

func TestPairSizesCountedDifferently(t *testing.T) {
	ms := box(101, 3)
	d := drop(ms, true, courier)
	d.Entries[1].Octets = 42 // Courier, an 8-bit header without UTF8
	rows, p := pair(t, listing(ms, 3), d)
	if p.Paired != 3 || rows[1].Sure != retrieval.LikelyHeader {
		t.Errorf("%+v; %q", p, rows[1].Sure)
	}
}

// Whatever the two sides hold, nobody is lost or shown twice, and a formula that
// is believed is the true one.
func TestPairProperty(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		all := box(1+rng.IntN(500), 1+rng.IntN(60))
		f := serverFormats[rng.IntN(len(serverFormats))].id
		wrong := rng.IntN(3) == 0
		if wrong {
			f = courier
		}
		var imap, pop []mail
		for _, m := range all {
			if rng.IntN(5) == 0 {
				m.octets = 1000
			}
			if rng.IntN(10) > 0 {
				imap = append(imap, m)
			}
			if rng.IntN(10) > 0 {
				pop = append(pop, m)
			}
		}
		if wrong {
			rng.Shuffle(len(pop), func(i, j int) { pop[i], pop[j] = pop[j], pop[i] })
		}
		rows, _ := pair(t, listing(imap, rng.IntN(len(imap)+1)), drop(pop, rng.IntN(2) == 0, f))
		again, _ := Pair(listing(imap, 0), drop(pop, false, f))
		if len(rows) < len(imap) || len(again) < len(imap) {
			t.Fatal("rows are missing")
		}
		truth(t, rows, imap, pop)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzUniqueID(f *testing.F) {
	for _, s := range []string{
		"000000786b04f5a5", "1795486864.121", "1795486864.12345", "1795486864-121", "121", "UID108-1795487385", "", "0", "01", ".", "-", "1.", ".1", "1.2.3",
		"4294967296", "00000000ffffffff", "GmailId18f0c0ffee", "+1", "1e3", "000000786B04f5a5", strings.Repeat("9", 70), "1\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id := parseUniqueID(s)
		var back string
		switch id.shape {
		case shapeOther:
			return
		case shapeHex:
			back = fmt.Sprintf("%08x%08x", id.a, id.b)
			if !strings.EqualFold(back, s) {
				t.Fatalf("%q reads as %q", s, back)
			}
			return
		case shapeDot:
			back = fmt.Sprintf("%d.%d", id.a, id.b)
		case shapeDash:
			back = fmt.Sprintf("%d-%d", id.a, id.b)
		case shapePlain:
			back = fmt.Sprint(id.a)
		}
		if back != s {
			t.Fatalf("%q reads as %q", s, back)
		}
	})
}

func BenchmarkPair(b *testing.B) {
	ms := box(1, 100_000)
	for _, bb := range []struct {
		name  string
		known int
		id    func(mail) string
		full  bool
	}{{"Dovecot", 40, dovecot, false}, {"Courier", 40, courier, false}, {"CourierAll", 100_000, courier, true}} {
		b.Run(bb.name, func(b *testing.B) {
			l, d := listing(ms, bb.known), drop(ms, bb.full, bb.id)
			b.ReportAllocs()
			for b.Loop() {
				Pair(l, d)
			}
		})
	}
}
