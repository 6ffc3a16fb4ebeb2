package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/query"
)

func parse(t *testing.T, typed string) query.Query {
	t.Helper()
	q, err := query.Parse(typed, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestSearchIsSentAsItIsShown holds the command that a person reads to the one
// that goes out.
func TestSearchIsSentAsItIsShown(t *testing.T) {
	for typed, sent := range map[string]string{
		`from:ada "the engine" unseen`:  `FROM "ada" TEXT "the engine" UNSEEN`,
		"since:2026-11-01 since:7d":     `SINCE "1-Nov-2026" NOT (NOT (SINCE "19-Nov-2026"))`,
		"on:2026-11-02 larger:10k":      `NOT (NOT (ON "2-Nov-2026")) LARGER 10000`,
		"-subject:x -keyword:$Work":     `NOT (SUBJECT "x") UNKEYWORD $Work`,
		"larger:1k smaller:2k larger:3": "LARGER 1000 SMALLER 2000",
	} {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(5)
			got := x.hear("UID SEARCH ")
			x.say("TAG OK done")
			if !sameTerms(got, sent) {
				t.Errorf("%s: sent %s, want %s in it", typed, got, sent)
			}
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if _, err := s.Search(ctx, parse(t, typed)); err != nil {
				t.Error(err)
			}
		}))
	}
}

// sameTerms reports whether a command has all the words of another; the library
// has an order of its own.
func sameTerms(got, want string) bool {
	for _, w := range strings.Fields(want) {
		if !strings.Contains(got, w) {
			return false
		}
	}
	return true
}

// TestSearchIsNotBelieved has a server that answers more than there is, falling
// and twice, in either form.
func TestSearchIsNotBelieved(t *testing.T) {
	falling := func(n int) string {
		var b strings.Builder
		for i := n; i > 0; i-- {
			fmt.Fprintf(&b, " %d", 2*i)
		}
		return b.String()
	}
	for name, answer := range map[string]func(x *script) string{
		"falling":        func(*script) string { return "* SEARCH 9 7 5 7" },
		"falling set":    func(x *script) string { return fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 9,7,5`, x.tag) },
		"falling ranges": func(x *script) string { return fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 9,7:7,5`, x.tag) },
		"with modseq":    func(*script) string { return "* SEARCH 9 5 7 (MODSEQ 12)" },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(x *script) {
				x.login(someCaps)
				x.open(5)
				x.hear("UID SEARCH ")
				x.say(answer(x), "TAG OK done")
			}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
				if got, err := s.Search(ctx, parse(t, "x")); err != nil || !slices.Equal(got, []uint32{5, 7, 9}) {
					t.Error(got, err)
				}
			}))
		})
	}
	t.Run("far too many", func(t *testing.T) { // the library alone takes many seconds
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(5)
			x.hear("UID SEARCH ")
			x.say("* SEARCH"+falling(120_000), "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if got, err := s.Search(ctx, parse(t, "x")); err != nil || len(got) != 5+slack || !slices.IsSorted(got) {
				t.Error(len(got), err)
			}
		}))
	})
}

func TestSortAndThread(t *testing.T) {
	caps := someCaps + " SORT THREAD=REFERENCES"
	play(t, func(x *script) {
		x.login(caps)
		x.open(5)
		x.hear(`UID SORT (REVERSE SIZE) UTF-8 ALL`)
		x.say("* SORT 9 5 5 4294967295 0 7", "TAG OK done")
		x.hear("UID THREAD REFERENCES UTF-8 ALL")
		x.say("* THREAD (5)(7 9 (11)(13 12))((14)(15))", "TAG OK done")
		x.hear("UID SEARCH ")
		x.say("* SEARCH 7", "TAG OK done")
		x.hear("UID SORT (FROM)")
		x.say("TAG NO [BADCHARSET] no")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		uids, said, err := s.Sort(ctx, retrieval.BySize)
		if err != nil || !slices.Equal(uids, []uint32{9, 5, 4294967295, 7}) || said != "UID SORT (REVERSE SIZE)" {
			t.Error(uids, said, err)
		}
		uids, depth, _, err := s.Thread(ctx)
		if err != nil || !slices.Equal(uids, []uint32{5, 7, 9, 11, 13, 12, 14, 15}) || !slices.Equal(depth, []int{0, 0, 1, 2, 2, 3, 0, 1}) {
			t.Error(uids, depth, err)
		}
		if uids, said, err := s.Sort(ctx, retrieval.ByUnread); err != nil || !slices.Equal(uids, []uint32{7}) || said != "UID SEARCH UNSEEN" {
			t.Error(uids, said, err)
		}
		_, _, err = s.Sort(ctx, retrieval.ByFrom)
		is(t, err, retrieval.ErrRefused)
	}))
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(5)
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		_, _, err := s.Sort(ctx, retrieval.ByFrom)
		is(t, err, retrieval.ErrUnsupported)
		_, _, _, err = s.Thread(ctx)
		is(t, err, retrieval.ErrUnsupported)
	}))
}

// TestHostileThreads has answers that no tree is made of: the session lives on,
// or ends with an error; nothing grows without bound.
func TestHostileThreads(t *testing.T) {
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, "%d ", i+1)
	}
	for name, answer := range map[string]string{
		"too many":  "* THREAD (" + many.String() + ")",
		"no tree":   "* THREAD ))))((((",
		"too large": "* THREAD (99999999999999)(1)",
		"words":     "* THREAD (1 A)",
	} {
		play(t, func(x *script) {
			x.login(someCaps + " THREAD=REFERENCES")
			x.open(5)
			x.hear("UID THREAD")
			x.say(answer, "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if uids, _, _, err := s.Thread(ctx); err != nil || len(uids) > 5+slack {
				t.Errorf("%s: %d, %v", name, len(uids), err)
			}
		}))
	}
	play(t, func(x *script) { // the wire ends what is nested too deep
		x.login(someCaps + " THREAD=REFERENCES")
		x.open(5)
		x.hear("UID THREAD")
		x.say("* THREAD "+strings.Repeat("(", 100_000)+"1", "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		_, _, _, err := s.Thread(ctx)
		if err == nil || !errors.Is(err, retrieval.ErrTooMuch) {
			t.Error(err)
		}
	}))
}
