package imap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

// inInbox is a client that selects INBOX first.
func inInbox(t *testing.T, f func(ctx context.Context, s *Session, e *ear)) func(*Session, *ear) {
	return func(s *Session, e *ear) {
		ctx := context.Background()
		if _, err := s.Select(ctx, "INBOX", false); err != nil {
			t.Error(err)
		}
		f(ctx, s, e)
	}
}

// listed is an answer to the listing FETCH.
func listed(seq, uid int) string {
	return fmt.Sprintf(`* %d FETCH (UID %d FLAGS (\Seen) RFC822.SIZE %d ENVELOPE ("Thu, 01 Jan 2026 00:00:00 +0000" "s%d" (("=?utf-8?q?=1B[31mred?=" NIL "a" "b.example")) NIL NIL NIL NIL NIL NIL "<m%d@x>"))`,
		seq, uid, uid*10, uid, uid)
}

func TestWindowAsksAgainForWhatWasLeftOut(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(5)
		x.hear("FETCH 3:5 (")
		x.say(listed(3, 13), `* 4 FETCH (FLAGS (\Flagged))`, listed(4, 14), "TAG OK done")
		x.hear("FETCH 4:5 (")
		x.say(listed(4, 14), "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		ms, err := s.Window(ctx, 3, 99)
		if err != nil || len(ms) != 2 || ms[0].UID != 13 || ms[1].UID != 14 || ms[0].Octets != 130 {
			t.Error(ms, err)
		}
		if h := ms[0].Header; strings.ContainsRune(h.From, 0x1b) || !strings.Contains(h.From, "[31mred") || h.MessageID != "<m13@x>" || h.Date.IsZero() {
			t.Errorf("%+v", h)
		}
		if ms, err := s.Window(ctx, 6, 9); err != nil || len(ms) != 0 {
			t.Error(ms, err)
		}
	}))
}

func TestSelectWindow(t *testing.T) {
	ctx := context.Background()
	t.Run("empty", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(0)
		}, func(s *Session, _ *ear) {
			if box, ms, err := s.SelectWindow(ctx, "INBOX", false, 50); err != nil || len(ms) != 0 || box.Messages != 0 || box.UIDValidity != 7 {
				t.Error(box, ms, err)
			}
		})
	})
	t.Run("counted before", func(t *testing.T) { // both commands at once, then what the guess missed
		play(t, func(x *script) {
			x.login(someCaps)
			x.hear("STATUS")
			x.say("* STATUS INBOX (MESSAGES 4 UNSEEN 1)", "TAG OK done")
			x.hear("SELECT")
			sel := x.tag
			x.hear("FETCH 3:4 (")
			x.say("* 5 EXISTS", sel+" OK selected", listed(3, 13), listed(4, 14), "TAG OK done")
			x.hear("FETCH 5 (")
			x.say(listed(5, 15), "TAG OK done")
		}, func(s *Session, _ *ear) {
			s.Status(ctx, "INBOX")
			box, ms, err := s.SelectWindow(ctx, "INBOX", false, 2)
			if err != nil || box.Messages != 5 || len(ms) != 2 || ms[0].UID != 14 || ms[1].UID != 15 {
				t.Error(box, ms, err)
			}
		})
	})
	t.Run("guess too high", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps)
			x.hear("STATUS")
			x.say("* STATUS INBOX (MESSAGES 4 UNSEEN 1)", "TAG OK done")
			x.hear("SELECT")
			sel := x.tag
			x.hear("FETCH 3:4 (")
			x.say("* 1 EXISTS", sel+" OK selected", "TAG BAD invalid messageset")
			x.hear("FETCH 1 (")
			x.say(listed(1, 11), "TAG OK done")
		}, func(s *Session, _ *ear) {
			s.Status(ctx, "INBOX")
			if _, ms, err := s.SelectWindow(ctx, "INBOX", false, 2); err != nil || len(ms) != 1 || ms[0].UID != 11 {
				t.Error(ms, err)
			}
		})
	})
	t.Run("refused", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(3)
			x.hear("SELECT")
			x.say("TAG NO [NONEXISTENT] no such mailbox")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			_, _, err := s.SelectWindow(ctx, "Nowhere", false, 2)
			is(t, err, retrieval.ErrRefused)
			if s.State() != retrieval.IMAPAuthenticated || s.Mailbox().Name != "" {
				t.Error(s.State(), s.Mailbox())
			}
		}))
	})
}

func TestUIDsAreClippedToEXISTS(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(3)
		x.hear("UID SEARCH RETURN (ALL) ALL")
		x.say(fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 5:4294967295`, x.tag), "TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		if uids, err := s.UIDs(ctx); err != nil || !slices.Equal(uids, []uint32{5, 6, 7}) {
			t.Error(len(uids), err)
		}
	}))
}

func TestFetchCompleteOrAnError(t *testing.T) {
	for name, c := range map[string]struct {
		answers [][]string // one for each FETCH
		want    string
		err     error
	}{
		"whole":           {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[]<0> {5}\r\nabcde)", "TAG OK done"}}, want: "abcde"},
		"quoted":          {answers: [][]string{{`* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[]<0> "abcde")`, "TAG OK done"}}, want: "abcde"},
		"without partial": {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[] {5}\r\nabcde)", "TAG OK done"}}, want: "abcde"},
		"empty":           {answers: [][]string{{`* 1 FETCH (UID 11 RFC822.SIZE 0 BODY[]<0> "")`, "TAG OK done"}}},
		"NIL": {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[]<0> NIL)", "TAG OK [EXPUNGEISSUED] gone"},
			{"* 1 FETCH (UID 11 BODY[]<0> NIL)", "TAG OK [EXPUNGEISSUED] gone"}}, err: retrieval.ErrGone},
		"left out": {answers: [][]string{{"TAG OK done"}, {"TAG OK done"}}, err: retrieval.ErrGone},
		"refused":  {answers: [][]string{{"TAG NO [EXPUNGEISSUED] gone"}}, err: retrieval.ErrGone},
		"flags first": {answers: [][]string{{`* 1 FETCH (UID 11 FLAGS (\Seen))`, "* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[]<0> {5}\r\nabcde)", "TAG OK done"},
			{"* 1 FETCH (UID 11 RFC822.SIZE 5 BODY[]<0> {5}\r\nabcde)", "TAG OK done"}}, want: "abcde"},
		"size too high": {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 9 BODY[]<0> {5}\r\nabcde)", "TAG OK done"},
			{`* 1 FETCH (UID 11 BODY[]<5> "")`, "TAG OK done"}}, want: "abcde"},
		"short part": {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 9 BODY[]<0> {5}\r\nabcde)", "TAG OK done"},
			{"* 1 FETCH (UID 11 BODY[]<5> {4}\r\nfghi)", "TAG OK done"}}, want: "abcdefghi"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(x *script) {
				x.login(someCaps)
				x.open(1)
				for _, a := range c.answers {
					x.hear("UID FETCH 11 (UID")
					x.say(a...)
				}
				x.hear("NOOP")
				x.say("TAG OK still in step")
			}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
				var buf bytes.Buffer
				n, err := s.Fetch(ctx, 11, true, &buf, nil)
				if !errors.Is(err, c.err) || buf.String() != c.want || n != int64(len(c.want)) {
					t.Errorf("%d, %v, %q", n, err, buf.String())
				}
				if err := s.Noop(ctx); err != nil {
					t.Error(err)
				}
			}))
		})
	}
}

func TestFetchOfACutLiteralIsAnError(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(1)
		x.hear("UID FETCH")
		x.c.Write([]byte("* 1 FETCH (UID 11 RFC822.SIZE 500 BODY[]<0> {500}\r\nabc"))
		x.c.Close()
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		var buf bytes.Buffer
		n, err := s.Fetch(ctx, 11, true, &buf, nil)
		is(t, err, retrieval.ErrClosed)
		if n != 3 {
			t.Error(n)
		}
	}))
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("no space left")

func TestFetchSurvivesItsWriter(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(1)
		x.hear("UID FETCH")
		x.say("* 1 FETCH (UID 11 RFC822.SIZE 100000 BODY[]<0> {100000}\r\n"+strings.Repeat("x", 100_000)+")", "TAG OK done")
		x.hear("NOOP")
		x.say("TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
		_, err := s.Fetch(ctx, 11, true, &fullDisk{room: 50_000}, nil)
		is(t, err, errFull)
		if err := s.Noop(ctx); err != nil {
			t.Error(err)
		}
	}))
}

func TestStore(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(2)
		x.hear(`UID STORE 11:12 +FLAGS (\Seen kw)`)
		x.say(`* 1 FETCH (UID 11 FLAGS (kw \Seen))`, `* 2 FETCH (UID 12 FLAGS (\Seen kw))`, "TAG OK done")
		x.hear(`UID STORE 11 -FLAGS (kw)`)
		x.say("TAG OK done")
		x.hear(`UID FETCH 11 (`)
		x.say(`* 1 FETCH (UID 11 FLAGS (\Seen) RFC822.SIZE 3)`, "TAG OK done")
		x.hear(`UID STORE 99 -FLAGS (kw)`)
		x.say("TAG OK done")
		x.hear(`UID FETCH 99 (`)
		x.say("TAG OK done")
	}, inInbox(t, func(ctx context.Context, s *Session, e *ear) {
		now, err := s.Store(ctx, []uint32{12, 11, 11}, true, []string{`\Seen`, "kw"})
		if err != nil || len(now) != 2 || !slices.Equal(now[11], []string{`\Seen`, "kw"}) {
			t.Error(now, err)
		}
		if ev := e.wait(t, retrieval.FlagsChanged); !ev.ByUs {
			t.Error(ev)
		}
		if now, err = s.Store(ctx, []uint32{11}, false, []string{"kw"}); err != nil || !slices.Equal(now[11], []string{`\Seen`}) {
			t.Error(now, err)
		}
		_, err = s.Store(ctx, []uint32{99}, false, []string{"kw"})
		is(t, err, retrieval.ErrGone)
		for _, bad := range []string{"", `\Recent`, "two words", "Ünter", `a"b`, "x\r\ny", "a)"} {
			_, err := s.Store(ctx, []uint32{11}, true, []string{bad})
			is(t, err, retrieval.ErrRefused)
		}
		_, err = s.Store(ctx, []uint32{0}, true, []string{"kw"})
		is(t, err, retrieval.ErrRefused)
	}))
}

func TestMove(t *testing.T) {
	t.Run("MOVE", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(3)
			x.uids(3)
			x.hear(`UID MOVE 11:12 "Archive"`)
			x.say("* OK [COPYUID 9 11:12 101:102] moved", "* 2 EXPUNGE", "* 1 EXPUNGE", "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, e *ear) {
			s.UIDs(ctx)
			got, err := s.Move(ctx, []uint32{11, 12}, "Archive")
			if err != nil || got.UIDValidity != 9 || got.UIDs[11] != 101 || got.UIDs[12] != 102 {
				t.Error(got, err)
			}
			if ev := e.wait(t, retrieval.Expunged); !ev.ByUs {
				t.Error(ev)
			}
		}))
	})
	t.Run("without MOVE", func(t *testing.T) {
		play(t, func(x *script) {
			x.login("IMAP4rev1 UIDPLUS")
			x.open(3)
			x.hear(`UID COPY 11 "Archive"`)
			x.say("TAG OK [COPYUID 9 11 101] copied")
			x.hear(`UID STORE 11 +FLAGS (\Deleted)`)
			x.say(`* 1 FETCH (UID 11 FLAGS (\Deleted))`, "TAG OK done")
			x.hear("UID EXPUNGE 11")
			x.say("* 1 EXPUNGE", "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			if got, err := s.Move(ctx, []uint32{11}, "Archive"); err != nil || got.UIDs[11] != 101 {
				t.Error(got, err)
			}
		}))
	})
	t.Run("copy refused", func(t *testing.T) { // nothing may be deleted then
		play(t, func(x *script) {
			x.login("IMAP4rev1 UIDPLUS")
			x.open(3)
			x.hear(`UID COPY 11 "Nowhere"`)
			x.say("TAG NO [TRYCREATE] no such mailbox")
			x.hear("NOOP")
			x.say("TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			_, err := s.Move(ctx, []uint32{11}, "Nowhere")
			is(t, err, retrieval.ErrRefused)
			s.Noop(ctx)
		}))
	})
	t.Run("neither", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(fewCaps)
			x.open(3)
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			_, err := s.Move(ctx, []uint32{11}, "Archive")
			is(t, err, retrieval.ErrUnsupported)
		}))
	})
}

func TestExpunge(t *testing.T) {
	t.Run("UIDPLUS", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(3)
			x.hear("UID EXPUNGE 11,13")
			x.say("* 3 EXPUNGE", "TAG OK done")
			x.hear("UID SEARCH RETURN (ALL) UID 11,13") // numbers were not known: the server is asked what is left
			x.say(fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 11`, x.tag), "TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, e *ear) {
			if got, err := s.Expunge(ctx, []uint32{13, 11}); err != nil || !slices.Equal(got, []uint32{13}) {
				t.Error(got, err)
			}
			if ev := e.wait(t, retrieval.Expunged); !slices.Equal(ev.Seqs, []uint32{3}) || !ev.ByUs {
				t.Error(ev)
			}
		}))
	})
	t.Run("others are marked", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(fewCaps)
			x.open(3)
			x.hear("UID SEARCH DELETED")
			x.say("* SEARCH 11 12", "TAG OK done")
			x.hear("UID SEARCH DELETED")
			x.say("* SEARCH 11", "TAG OK done")
			x.hear("EXPUNGE")
			x.say("TAG OK done")
		}, inInbox(t, func(ctx context.Context, s *Session, _ *ear) {
			_, err := s.Expunge(ctx, []uint32{11})
			var others *OthersDeletedError
			if !errors.As(err, &others) || !slices.Equal(others.Others, []uint32{12}) {
				t.Error(err)
			}
			is(t, err, retrieval.ErrRefused)
			if _, err := s.Expunge(ctx, []uint32{11}); err != nil {
				t.Error(err)
			}
		}))
	})
}

func TestAppend(t *testing.T) {
	play(t, func(x *script) {
		x.login("IMAP4rev1 UIDPLUS LITERAL+")
		x.hear(`APPEND "Sent" (\Seen) "`)
		line, _ := x.r.ReadString('\n')
		end, _ := x.r.ReadString('\n')
		if line != "T9 SELECT x\r\n" || end != "\r\n" {
			t.Errorf("heard %q, %q", line, end)
		}
		x.say("TAG OK [APPENDUID 9 55] done")
	}, func(s *Session, _ *ear) {
		uid, err := s.Append(context.Background(), "Sent", []string{`\Seen`}, time.Unix(0, 0), []byte("T9 SELECT x\r\n"))
		if err != nil || uid != 55 || len(s.sel.open) != 0 {
			t.Error(uid, err, s.sel)
		}
	})
}

func TestFolders(t *testing.T) {
	ctx := context.Background()
	t.Run("in one answer", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(someCaps + " LIST-STATUS SPECIAL-USE")
			x.hear(`LIST "" "*" RETURN (SUBSCRIBED STATUS (`)
			x.say(`* LIST (\HasNoChildren \Subscribed \Sent) "/" "Sent"`, "* STATUS Sent (MESSAGES 5 UNSEEN 2)",
				`* LIST (\Noselect) "/" Work`, `* LIST () "/" "R&D"`, `* STATUS "R&D" (MESSAGES 1 UNSEEN 0)`,
				"* LIST () NIL \"caf\xe9\"", `* LIST () "/" "Entw&APw-rfe"`, "* STATUS \"Entw&APw-rfe\" (MESSAGES 7 UNSEEN 7)", "TAG OK done")
		}, func(s *Session, _ *ear) {
			fs, err := s.Folders(ctx)
			if err != nil || len(fs) != 5 {
				t.Fatal(fs, err)
			}
			if f := fs[0]; f.Name != "Sent" || f.Role != "Sent" || !f.Subscribed || f.Messages != 5 || f.Unseen != 2 || !f.Counted || f.Delim != "/" {
				t.Errorf("%+v", f)
			}
			if !fs[1].NoSelect || fs[2].Name != "R&D" || !fs[2].NoSelect || !fs[3].NoSelect || fs[3].Delim != "" {
				t.Errorf("%+v", fs)
			}
			if fs[4].Name != "Entwürfe" || fs[4].NoSelect || fs[4].Messages != 7 {
				t.Errorf("%+v", fs[4])
			}
		})
	})
	t.Run("one by one", func(t *testing.T) {
		play(t, func(x *script) {
			x.login(fewCaps)
			x.hear(`LIST "" "*"`)
			x.say(`* LIST () "." INBOX`, `* LIST () "." INBOX.Bad`, "TAG OK done")
			x.hear("STATUS INBOX")
			a := x.tag
			x.hear(`STATUS "INBOX.Bad"`)
			x.say("* STATUS INBOX (MESSAGES 3 UNSEEN 1)", a+" OK done", "TAG NO cannot")
		}, func(s *Session, _ *ear) {
			fs, err := s.Folders(ctx)
			if err != nil || len(fs) != 2 || !fs[0].Counted || fs[0].Messages != 3 || fs[1].Counted {
				t.Error(fs, err)
			}
		})
	})
}

func TestNamesAreSentAsRev1UntilEnabled(t *testing.T) {
	play(t, func(x *script) {
		x.login("IMAP4rev2 " + someCaps)
		x.hear(`CREATE "Entw&APw-rfe"`)
		x.say("TAG OK done")
	}, func(s *Session, _ *ear) {
		if err := s.Create(context.Background(), "Entwürfe"); err != nil || s.Revision() != "IMAP4rev1" || !slices.Contains(s.Caps(), "IMAP4rev2") {
			t.Error(err, s.Revision(), s.Caps())
		}
	})
}

func TestLogoutTakesNoLongerThanTwoSeconds(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.hear("LOGOUT")
	}, func(s *Session, _ *ear) {
		start := time.Now()
		s.Logout(context.Background())
		<-s.Done()
		if d := time.Since(start); d > logoutLimit || s.Err() != nil {
			t.Error(d, s.Err())
		}
	})
}
