package compare

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"imapop/retrieval"
)

// A formula that gives wrong UIDs, though they all look right, is never called
// proven: not with few messages, few sizes, or few of them looked at.
func TestPairNeverProvesAWrongFormula(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		n := 2 + rng.IntN(40)
		ms := box(100+rng.IntN(50), n)
		kinds := 1 + rng.IntN(n)
		for i := range ms {
			ms[i].octets = int64(500 + rng.IntN(kinds))
		}
		turn := 1 + rng.IntN(n-1) // each id names the message turn places on
		wrong := map[uint32]uint32{}
		for i, m := range ms {
			wrong[m.uid] = ms[(i+turn)%n].uid
		}
		f := serverFormats[rng.IntN(len(serverFormats))]
		id := func(m mail) string { m.uid = wrong[m.uid]; return f.id(m) }
		l, d := listing(ms, rng.IntN(n+1)), drop(ms, rng.IntN(4) == 0, id)
		rows, p := pair(t, l, d)
		if p.Format != "" {
			t.Fatalf("seed %d: %s, %d messages of %d sizes, %d looked at: %+v", seed, f.name, n, kinds, len(l.Known), p)
		}
		for _, r := range rows {
			if r.Sure == retrieval.SureFormula {
				t.Fatalf("seed %d: UID %d is sure", seed, r.UID)
			}
		}
	}
}

// The right one is proven as soon as a screen of ordinary mail was looked at.
func TestPairSoonProvesTheRightFormula(t *testing.T) {
	for _, n := range []int{10, 100, 10_000} {
		for _, f := range serverFormats {
			ms := box(1000, n)
			rng := rand.New(rand.NewPCG(uint64(n), 3))
			for i := range ms {
				ms[i].octets = int64(800 + rng.IntN(20_000))
			}
			if _, p := pair(t, listing(ms, min(n, 10)), drop(ms, false, f.id)); p.Format == "" || p.Paired != n {
				t.Errorf("%s, %d messages: %+v", f.name, n, p)
			}
		}
	}
}

// UIDVALIDITY 1 is the number of some message too, which must not turn the
// format around.
func TestPairSmallUIDValidity(t *testing.T) {
	ms := box(1, 30)
	l := listing(ms, 30)
	l.UIDValidity = 1
	for _, pattern := range []func(mail) string{
		func(m mail) string { return fmt.Sprintf("1.%d", m.uid) },
		func(m mail) string { return fmt.Sprintf("%d-1", m.uid) },
		func(m mail) string { return fmt.Sprintf("%08x%08x", m.uid, 1) },
	} {
		rows, p := pair(t, l, drop(ms, false, pattern))
		truth(t, rows, ms, ms)
		if p.Paired != 30 || p.Format == "" {
			t.Errorf("%s: %+v", pattern(ms[4]), p)
		}
	}
	l.Known = nil
	if _, p := pair(t, l, drop(ms, false, func(m mail) string { return fmt.Sprintf("1.%d", m.uid) })); p.Paired != 0 {
		t.Errorf("1 is no evidence: %+v", p)
	}
}

func TestPairOpaqueUniqueIDs(t *testing.T) {
	ms := box(1, 20)
	opaque := func(m mail) string { return fmt.Sprintf("GmailId%016x", uint64(m.uid)*0x9e3779b97f4a7c15) }
	rows, p := pair(t, listing(ms, 20), drop(ms, true, opaque))
	truth(t, rows, ms, ms)
	if p.Paired != 20 || p.Format != "" || rows[3].Sure != retrieval.SureOctets {
		t.Errorf("%+v", p)
	}
	hex := func(m mail) string { return fmt.Sprintf("%016x", uint64(m.uid)*0x9e3779b97f4a7c15) }
	if _, p := pair(t, listing(ms, 20), drop(ms, true, hex)); p.Paired != 20 || p.Format != "" {
		t.Errorf("16 digits of anything: %+v", p)
	}
}
