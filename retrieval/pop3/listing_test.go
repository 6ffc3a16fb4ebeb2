package pop3

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"imapop/retrieval"
)

// multi makes a multi-line answer.
func multi(lines ...string) string {
	return "+OK\r\n" + strings.Join(append(lines, ".", ""), "\r\n")
}

// What STAT, LIST and UIDL must not say: each is an error that ends the
// session, never a list that is short.
func TestOddListings(t *testing.T) {
	list, uidl := multi("1 20", "2 20", "3 20"), multi("1 a", "2 b", "3 c")
	for name, say := range map[string]map[string]string{
		"STAT without numbers":    {"STAT": "+OK\r\n"},
		"STAT with one number":    {"STAT": "+OK 3\r\n"},
		"STAT negative":           {"STAT": "+OK -3 60\r\n"},
		"STAT huge":               {"STAT": "+OK 99999999999999999999 60\r\n"},
		"STAT glued":              {"STAT": "+OK 3x 60\r\n"},
		"STAT counts more":        {"STAT": "+OK 4 60\r\n"},
		"STAT counts less":        {"STAT": "+OK 2 60\r\n"},
		"LIST empty":              {"LIST": multi()},
		"LIST short":              {"LIST": multi("1 20", "2 20")},
		"LIST blank line":         {"LIST": multi("1 20", "", "3 20")},
		"LIST word":               {"LIST": multi("1 20", "two 20", "3 20")},
		"LIST without size":       {"LIST": multi("1 20", "2", "3 20")},
		"LIST negative size":      {"LIST": multi("1 20", "2 -20", "3 20")},
		"LIST negative number":    {"LIST": multi("1 20", "-2 20", "3 20")},
		"LIST zero":               {"LIST": multi("0 20", "1 20", "2 20")},
		"LIST huge number":        {"LIST": multi("1 20", "4294967298 20", "3 20")},
		"LIST huge size":          {"LIST": multi("1 20", "2 99999999999999999999", "3 20")},
		"LIST twice":              {"LIST": multi("1 20", "2 20", "2 20")},
		"LIST falling":            {"LIST": multi("3 20", "2 20", "1 20")},
		"LIST hole":               {"LIST": multi("1 20", "3 20", "4 20")},
		"LIST bare LF":            {"LIST": "+OK\r\n1 20\n2 20\r\n3 20\r\n.\r\n"},
		"UIDL empty":              {"UIDL": multi()},
		"UIDL short":              {"UIDL": multi("1 a", "2 b")},
		"UIDL long":               {"UIDL": multi("1 a", "2 b", "3 c", "4 d")},
		"UIDL blank line":         {"UIDL": multi("1 a", "", "3 c")},
		"UIDL without id":         {"UIDL": multi("1 a", "2", "3 c")},
		"UIDL with an empty id":   {"UIDL": multi("1 a", "2 ", "3 c")},
		"UIDL id without number":  {"UIDL": multi("1 a", "b", "3 c")},
		"UIDL twice":              {"UIDL": multi("1 a", "2 b", "2 c")},
		"UIDL negative":           {"UIDL": multi("1 a", "-2 b", "3 c")},
		"UIDL huge":               {"UIDL": multi("1 a", "18446744073709551618 b", "3 c")},
		"UIDL id of 2000 octets":  {"UIDL": multi("1 a", "2 "+strings.Repeat("u", 2000), "3 c")},
		"UIDL line of 1 MiB more": {"UIDL": multi("1 a", "2 "+strings.Repeat("u", 2<<20), "3 c")},
		"LIST cut":                {"LIST": "+OK\r\n1 20\r\n2 2" + drop},
		"UIDL cut":                {"UIDL": "+OK\r\n1 a\r\n2 b\r\n" + drop},
	} {
		for _, caps := range []string{allCaps, ""} {
			t.Run(name+" "+caps, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{caps: caps, say: map[string]string{"STAT": "+OK 3 60\r\n", "LIST": list, "UIDL": uidl}}
					for command, answer := range say {
						f.say[command] = answer
					}
					s := open(t, f)
					d, err := s.Snapshot(t.Context())
					if !errors.Is(err, retrieval.ErrProtocol) && !errors.Is(err, retrieval.ErrClosed) && !errors.Is(err, retrieval.ErrTooMuch) {
						t.Errorf("%+v, %v", d, err)
					}
					<-s.Done()
					synctest.Wait()
					if f.sawAny("QUIT") || f.sawAny("DELE") {
						t.Errorf("heard %q", f.commands())
					}
				})
			})
		}
	}
}

// What they may say, though it is odd.
func TestFairListings(t *testing.T) {
	for name, c := range map[string]struct {
		say   map[string]string
		ids   string
		octet int64
	}{
		"extra words":       {map[string]string{"STAT": "+OK 2 40 (2 new)\r\n", "LIST": multi("1 20 new", "2 20 old")}, "uid-1 uid-2", 40},
		"unique-id twice":   {map[string]string{"UIDL": multi("1 same", "2 same")}, "same same", 40},
		"71 octets":         {map[string]string{"UIDL": multi("1 "+strings.Repeat("u", 71), "2 b")}, strings.Repeat("u", 71) + " b", 40},
		"not printable":     {map[string]string{"UIDL": multi("1 ../\x1b[2J\xff", "2 b")}, "../\x1b[2J\xff b", 40},
		"stuffed":           {map[string]string{"UIDL": multi("1 .", "2 ..")}, ". ..", 40},
		"no UIDL":           {map[string]string{"UIDL": "-ERR no such command\r\n"}, " ", 40},
		"sum is an opinion": {map[string]string{"STAT": "+OK 2 12345\r\n"}, "uid-1 uid-2", 12345},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: allCaps, messages: mails(2), say: c.say}
				s := open(t, f)
				d, err := s.Snapshot(t.Context())
				if err != nil || len(d.Entries) != 2 {
					t.Fatalf("%+v, %v", d, err)
				}
				if ids := d.Entries[0].UniqueID + " " + d.Entries[1].UniqueID; ids != c.ids || d.HasUIDL != (ids != " ") {
					t.Errorf("unique-ids %q, %v", ids, d.HasUIDL)
				}
				check(t, s.Noop(t.Context()), nil)
			})
		})
	}
}

func TestEmptyMaildrop(t *testing.T) {
	for name, say := range map[string]map[string]string{
		"lists": nil,
		"-ERR":  {"LIST": "-ERR no messages\r\n", "UIDL": "-ERR no messages\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, &fake{caps: allCaps, say: say})
			d, err := s.Snapshot(t.Context())
			if err != nil || len(d.Entries) != 0 {
				t.Errorf("%s: %+v, %v", name, d, err)
			}
		})
	}
}

// A refusal is no reason to end the session, nor to get out of step.
func TestListingRefused(t *testing.T) {
	for _, command := range []string{"STAT", "LIST"} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, &fake{caps: allCaps, messages: mails(2), say: map[string]string{command: "-ERR [SYS/TEMP] later\r\n"}})
			_, err := s.Snapshot(t.Context())
			check(t, err, retrieval.ErrSysTemp)
			got, err := fetch(s, 2)
			if err != nil || got.errs[2] != nil || got.got[2].Len() == 0 {
				t.Errorf("%s: then %v, %v", command, err, got.errs)
			}
		})
	}
}

// In a session with marks the server leaves the marked ones out; the numbers stay.
func TestSnapshotWithMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(5), say: map[string]string{}}
		s := open(t, f)
		_, err := s.Snapshot(t.Context())
		check(t, err, nil)
		check(t, s.Delete(t.Context(), []int{1, 3, 5}, nil), nil)
		f.say["STAT"], f.say["LIST"], f.say["UIDL"] = "+OK 2 40\r\n", multi("2 20", "4 20"), multi("2 b", "4 d")
		d, err := s.Snapshot(t.Context())
		if err != nil || len(d.Entries) != 5 {
			t.Fatalf("%+v, %v", d, err)
		}
		for i, e := range d.Entries {
			if e.Number != i+1 || e.Marked != (i%2 == 0) || e.Marked == (e.UniqueID != "") || e.Octets != 20 {
				t.Errorf("entry %+v", e)
			}
		}
	})
}

// listing100k is what a maildrop of 100,000 messages looks like.
func listing100k() (stat, list, uidl string) {
	var l, u strings.Builder
	for i := 1; i <= 100_000; i++ {
		fmt.Fprintf(&l, "%d %d\r\n", i, 1000+i%5000)
		fmt.Fprintf(&u, "%d %08x6b04f5a5\r\n", i, i)
	}
	return "100000 349950000", l.String(), u.String()
}

// enroll puts three answers together, as a session would; namesFirst: UIDL comes before LIST.
func enroll(r *roll, stat, list, uidl string, namesFirst bool) ([]retrieval.Entry, error) {
	if err := r.stat(stat); err != nil {
		return nil, err
	}
	passes := []func() error{
		func() error { return r.pass("LIST", split(strings.NewReader(list), maxListing), r.size) },
		func() error {
			return r.pass("UIDL", split(iotest.OneByteReader(strings.NewReader(uidl)), maxListing), r.name)
		},
	}
	if namesFirst {
		slices.Reverse(passes)
	}
	for _, pass := range passes {
		if err := pass(); err != nil {
			return nil, err
		}
	}
	return r.entries, nil
}

func BenchmarkListing(b *testing.B) {
	stat, list, uidl := listing100k()
	b.SetBytes(int64(len(list) + len(uidl)))
	b.ReportAllocs()
	for b.Loop() {
		r := &roll{}
		if err := r.stat(stat); err != nil {
			b.Fatal(err)
		}
		for _, err := range []error{
			r.pass("LIST", split(strings.NewReader(list), maxListing), r.size),
			r.pass("UIDL", split(strings.NewReader(uidl), maxListing), r.name),
		} {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func FuzzListings(f *testing.F) {
	f.Add("3 60", "1 20\r\n2 20\r\n3 20\r\n", "1 a\r\n2 b\r\n3 c\r\n", uint8(0), true)
	f.Add("1 20", "2 20\r\n", "2 b\r\n", uint8(1), false)
	f.Add("0 0", "", "", uint8(0), false)
	f.Add("-1 x", "1 99999999999999999999\r\n", "1 \r\n", uint8(255), true)
	f.Fuzz(func(t *testing.T, stat, list, uidl string, marks uint8, namesFirst bool) {
		count, octets, err := parseStat(stat)
		if err != nil {
			return
		}
		if count < 0 || octets < 0 {
			t.Fatalf("STAT %q is %d, %d", stat, count, octets)
		}
		marked := map[int]bool{}
		for n := 1; n <= 8; n++ {
			if marks&(1<<(n-1)) != 0 {
				marked[n] = true
			}
		}
		entries, err := enroll(&roll{marked: marked}, stat, list, uidl, namesFirst)
		if err != nil {
			check(t, err, retrieval.ErrProtocol)
			return
		}
		live := 0
		for i, e := range entries {
			if e.Number != i+1 || e.Octets < 0 || e.Marked != marked[e.Number] || e.Marked != (e.UniqueID == "") {
				t.Fatalf("entry %d is %+v", i, e)
			}
			if !e.Marked {
				live++
			}
		}
		if live != count || strings.Count(list, "\r\n") != count || strings.Count(uidl, "\r\n") != count {
			t.Fatalf("%d of %d from %q, %q", live, count, list, uidl)
		}
	})
}

func FuzzCapabilities(f *testing.F) {
	f.Add([]byte("TOP\r\nSASL PLAIN LOGIN\r\nEXPIRE 7\r\nLOGIN-DELAY 60\r\nIMPLEMENTATION x y\r\n"))
	f.Add([]byte("\r\n\r\nLOGIN-DELAY -1\r\nLOGIN-DELAY 99999999999999\r\nsasl plain\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := parseCapabilities(lines(body))
		if !c.Known || c.LoginDelay < 0 {
			t.Fatalf("%+v", c)
		}
		if got := strings.Join(c.Lines, "\r\n"); got != strings.TrimSuffix(string(body), "\r\n") {
			t.Fatalf("lines %q of %q", c.Lines, body)
		}
	})
}

// LIST is left out when the sizes that are known are the maildrop's, and asked
// for by Sizes when they are not.
func TestNames(t *testing.T) {
	sizes := map[string]int64{"uid-1": 20, "uid-2": 20, "uid-3": 20}
	for name, c := range map[string]struct {
		say   map[string]string
		sizes map[string]int64
		sure  bool
		heard string // from STAT on
	}{
		"all known":     {nil, sizes, true, "STAT UIDL"},
		"one is new":    {nil, map[string]int64{"uid-1": 20, "uid-3": 20}, false, "STAT UIDL LIST"},
		"one changed":   {nil, map[string]int64{"uid-1": 20, "uid-2": 19, "uid-3": 20}, false, "STAT UIDL LIST"},
		"nothing known": {nil, nil, false, "STAT UIDL LIST"},
		"an odd sum":    {map[string]string{"STAT": "+OK 3 61\r\n"}, sizes, false, "STAT UIDL LIST"},
		"no UIDL":       {map[string]string{"UIDL": "-ERR no such command\r\n"}, sizes, true, "STAT UIDL LIST"},
	} {
		for _, caps := range []string{allCaps, ""} {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: caps, messages: mails(3), say: c.say}
				s := open(t, f)
				before := len(f.commands())
				d, sure, err := s.Names(t.Context(), func(id string) (int64, bool) { n, ok := c.sizes[id]; return n, ok })
				if err != nil || sure != c.sure || len(d.Entries) != 3 || d.HasUIDL != (name != "no UIDL") {
					t.Fatalf("%s: %+v, %v, %v", name, d, sure, err)
				}
				if !sure {
					d, err = s.Sizes(t.Context(), d)
				}
				if heard := strings.Join(f.commands()[before:], " "); err != nil || heard != c.heard {
					t.Errorf("%s: heard %q, %v", name, heard, err)
				}
				for i, e := range d.Entries {
					if e.Number != i+1 || e.Octets != 20 || d.HasUIDL && e.UniqueID != fmt.Sprintf("uid-%d", i+1) {
						t.Errorf("%s: entry %+v", name, e)
					}
				}
				check(t, s.Noop(t.Context()), nil)
			})
		}
	}
}

// A LIST that does not agree with the UIDL before it ends the session.
func TestSizesThatDisagree(t *testing.T) {
	for name, say := range map[string]map[string]string{
		"more":   {"LIST": multi("1 20", "2 20", "3 20")},
		"fewer":  {"LIST": multi("1 20")},
		"others": {"LIST": multi("1 20", "3 20")},
		"none":   {"LIST": "+OK\r\n" + drop},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, &fake{caps: allCaps, messages: mails(2), say: say})
			d, _, err := s.Names(t.Context(), func(string) (int64, bool) { return 0, false })
			check(t, err, nil)
			if _, err := s.Sizes(t.Context(), d); !errors.Is(err, retrieval.ErrProtocol) && !errors.Is(err, retrieval.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
			<-s.Done()
		})
	}
}
