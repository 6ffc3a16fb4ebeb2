package imap

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzNumbers holds of any answer that names messages: what is handed on to the
// library rises and is bounded, what is kept is bounded, without a number twice.
func FuzzNumbers(f *testing.F) {
	f.Add("* SEARCH 5 3 1\r\n")
	f.Add("* SEARCH 9 (MODSEQ 7)\r\n")
	f.Add("* SEARCH\r\n")
	f.Add("* ESEARCH (TAG \"A\") UID ALL 9,4:2,1 COUNT 5\r\n")
	f.Add("* THREAD (2)(3 6 (4 23)(44 7 96))((5)(6))\r\n")
	f.Add("* THREAD (1 4294967296)(")
	f.Fuzz(func(t *testing.T, line string) {
		const most = 4
		out := rising([]byte(line), most)
		if !bytes.Equal(out, []byte(line)) {
			_, rest, _ := strings.Cut(string(out), "SEARCH")
			rest, _, _ = strings.Cut(rest, "(")
			var list []int
			for _, w := range strings.Fields(rest) {
				n, err := strconv.Atoi(w)
				if err != nil {
					t.Fatalf("%q became %q", line, out)
				}
				list = append(list, n)
			}
			if len(list) > most || !slices.IsSorted(list) {
				t.Errorf("%q became %q", line, out)
			}
		}
		if set := risingSet([]byte(line), most); len(set) > len(line)+2 {
			t.Errorf("%q grew to %q", line, set)
		}
		for _, take := range []func(*gathered, []byte){(*gathered).sorted, (*gathered).threaded} {
			g := &gathered{most: most, seen: map[uint32]bool{}}
			take(g, []byte(line))
			unique := slices.Compact(slices.Sorted(slices.Values(g.uids)))
			if len(g.uids) > most || len(g.depth) != len(g.uids) || len(unique) != len(g.uids) || slices.Contains(g.uids, 0) {
				t.Errorf("%q: %+v", line, g)
			}
		}
	})
}
