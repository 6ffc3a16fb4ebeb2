package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"imapop/account"
	"imapop/retrieval"
)

func TestMessages(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(5)
		x.hear("UID FETCH 11,13:14 (")
		x.say(listed(1, 11), `* 3 FETCH (UID 13 FLAGS (\Flagged))`, listed(3, 13), "TAG OK done")
		x.hear("UID FETCH 13:14 (")
		x.say(listed(3, 13), "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		ms, err := s.Messages(ctx, []uint32{14, 11, 13, 0, 11})
		if err != nil || len(ms) != 2 || ms[0].UID != 11 || ms[1].UID != 13 {
			t.Error(ms, err)
		}
		if ms, err := s.Messages(ctx, nil); err != nil || ms != nil {
			t.Error(ms, err)
		}
	}))
}

// Commands that name many UIDs stay below the line that a server must take.
func TestManyUIDsGoOutInShortCommands(t *testing.T) {
	var uids []uint32
	for i := range uint32(1000) {
		uids = append(uids, 4_000_000_000+2*i)
	}
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(5)
		for range 3 {
			if cmd := x.hear("UID COPY"); len(cmd) > 8000 {
				t.Errorf("a command of %d octets", len(cmd))
			}
			x.say("TAG OK [COPYUID 9 1 2] done")
		}
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		if _, err := s.Copy(ctx, uids, "Archive"); err != nil {
			t.Error(err)
		}
	}))
}

func TestUIDsWithoutESEARCH(t *testing.T) {
	t.Run("small", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(fewCaps)
			x.open(3)
			x.hear("UID SEARCH ALL")
			x.say("* SEARCH 30 10 20", "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if uids, err := s.UIDs(ctx); err != nil || !slices.Equal(uids, []uint32{10, 20, 30}) {
				t.Error(uids, err)
			}
		}))
	})
	t.Run("large", func(t *testing.T) {
		const n = searchable + 1
		play(t, func(x *script) {
			x.login(fewCaps)
			x.open(n)
			for from := 1; from <= n; from += uidChunk {
				x.hear(fmt.Sprintf("FETCH %d", from))
				var b strings.Builder
				for i := from; i < from+uidChunk && i <= n; i++ {
					fmt.Fprintf(&b, "* %d FETCH (UID %d)\r\n", i, 2*i)
				}
				x.say(b.String() + x.tag + " OK done")
			}
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if uids, err := s.UIDs(ctx); err != nil || len(uids) != n || uids[n-1] != 2*n {
				t.Error(len(uids), err)
			}
		}))
	})
}

// An EXPUNGE between question and answer makes the answer void for numbering.
func TestUIDsAreAskedAgainWhenTheMailboxMoved(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(3)
		x.hear("UID SEARCH")
		x.say("* 1 EXPUNGE", fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 11:13`, x.tag), "TAG OK done")
		x.hear("UID SEARCH")
		x.say(fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 12:13`, x.tag), "TAG OK done")
		x.hear("NOOP")
		x.say("* 2 EXPUNGE", "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, e *ear) {
		if uids, err := s.UIDs(ctx); err != nil || !slices.Equal(uids, []uint32{12, 13}) {
			t.Error(uids, err)
		}
		s.Noop(ctx)
		if first := e.wait(t, retrieval.Expunged); !slices.Equal(first.Seqs, []uint32{1}) {
			t.Error(first)
		}
		if second := e.wait(t, retrieval.Expunged); !slices.Equal(second.UIDs, []uint32{13}) {
			t.Error(second)
		}
	}))
}

func TestSizes(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(2)
		x.hear("UID FETCH 11:12 (")
		x.say("* 1 FETCH (UID 11 FLAGS () RFC822.SIZE 7 BODY[HEADER.FIELDS (MESSAGE-ID)] {23}\r\nMessage-ID:\r\n <a@b>\r\n\r\n)",
			`* 2 FETCH (UID 12 FLAGS (x))`, "TAG OK done")
		x.hear("UID FETCH 12 (")
		x.say(`* 2 FETCH (UID 12 FLAGS (x) RFC822.SIZE 9 BODY[HEADER.FIELDS (MESSAGE-ID)] NIL)`, "TAG OK done")
		x.hear("UID FETCH 1:* (UID")
		x.say(`* 1 FETCH (UID 11 FLAGS () RFC822.SIZE 7)`, `* 2 FETCH (UID 12 FLAGS () RFC822.SIZE 9)`, "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		got, err := s.Sizes(ctx, []uint32{11, 12})
		if err != nil || got[11].MessageID != "<a@b>" || got[11].Octets != 7 || got[12].Octets != 9 || !slices.Equal(got[12].Flags, []string{"x"}) {
			t.Error(got, err)
		}
		if got, err = s.Sizes(ctx, nil); err != nil || len(got) != 2 {
			t.Error(got, err)
		}
	}))
}

func TestCredentialsThatCannotBeSent(t *testing.T) {
	for _, c := range []struct{ user, password string }{{"", "x"}, {"a\r\nb", "x"}, {"a", ""}, {"a", "x\x00"}, {"a", "x\n"}} {
		acc := testAccount()
		acc.User = c.user
		_, err := Open(context.Background(), Config{Account: acc, Password: account.NewPassword(c.password)})
		is(t, err, retrieval.ErrAuth)
		if strings.Contains(err.Error(), "x") && strings.Contains(err.Error(), c.password) && len(c.password) > 1 {
			t.Errorf("the password is in %q", err)
		}
	}
}

// A server that sends events faster than they can be told is left.
func TestFlood(t *testing.T) {
	over := make(chan bool, 1)
	block := make(chan bool)
	q := newQueue(func(Event) { <-block }, func() { over <- true })
	for range maxQueued + 10 {
		q.push(Event{Kind: retrieval.Exists})
		q.push(Event{Kind: retrieval.Expunged})
	}
	<-over
	if len(q.list) > maxQueued+1 {
		t.Errorf("%d wait", len(q.list))
	}
	close(block)
	q.last(Event{Kind: retrieval.Closed})
	<-q.ended
}
