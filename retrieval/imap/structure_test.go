package imap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/wire"
)

// ownReading are mails whose parts this server counts in another way than we do.
var ownReading = map[string]string{
	"dovecot boundary-reused":       "it ends the outer multipart with the inner one; here the outer goes on",
	"dovecot boundary-missing":      "a multipart in which no boundary line stands has one empty part",
	"dovecot boundary-never-found":  "the same",
	"dovecot header-no-end":         "without an empty line all of it is header",
	"dovecot names":                 "a name without its quotes ends at the first blank",
	"dovecot nested-encoded":        "an encoded message inside counts as one with an empty text",
	"dovecot type-odd":              "a type that has no form keeps no charset",
	"sandbox boundary-inner-open":   "go-message gives nothing of a part whose multipart is not closed",
	"sandbox boundary-missing":      "a multipart without a boundary is an empty text",
	"sandbox boundary-never-found":  "the same",
	"sandbox boundary-never-closed": "go-message takes the last line end off the part",
	"sandbox boundary-reused":       "an empty multipart is an empty text",
	"sandbox empty-parts":           "go-message stops at two boundary lines in a row",
	"sandbox header-mbox":           "go-message stops at a header line without colon",
	"sandbox header-no-colon":       "the same",
	"sandbox header-no-end":         "the same",
	"sandbox mailing-list":          "go-message does not know that parts of a digest are messages",
	"sandbox names":                 "go-message drops parameters that have no form",
	"sandbox nested-encoded":        "it reads base64 as a message",
	"sandbox type-odd":              "a type that has no form keeps no charset",
}

// TestStructureIsWhatTheMessageHolds fetches hard mail twice, as a whole and by
// its structure and parts, and holds that the two are the same message: numbers,
// types, names, octets.
func TestStructureIsWhatTheMessageHolds(t *testing.T) {
	t.Run("sandbox", func(t *testing.T) {
		srv, err := sandbox.Start(t.Context(), sandbox.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		acc := srv.Account()
		s, err := Open(t.Context(), Config{Account: acc, Password: acc.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Drop()
		twice(t, s, "sandbox")
	})
	t.Run("dovecot", func(t *testing.T) {
		srv := dovecot.Start(t, dovecot.Options{})
		twice(t, openDovecot(t, srv, srv.Account().IMAP, nil), "dovecot")
	})
}

func twice(t *testing.T, s *Session, server string) {
	ctx := t.Context()
	if _, err := s.Select(ctx, "INBOX", false); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("../mime/testdata/mail/*.eml")
	read := 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".eml")
		if bytes.IndexByte(raw, 0) >= 0 || len(raw) == 0 {
			continue // no server takes these
		}
		uid, err := s.Append(ctx, "INBOX", nil, time.Time{}, raw)
		if err != nil {
			t.Fatalf("%s: append: %v", name, err)
		}
		var whole bytes.Buffer
		if _, err := s.Fetch(ctx, uid, true, &whole, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := s.Structure(ctx, uid)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			if s.Err() != nil {
				return
			}
			continue
		}
		read++
		same(t, s, uid, server+" "+name, m, mime.Parse(whole.Bytes()))
	}
	if read < 55 {
		t.Errorf("%d mails were read", read)
	}
}

// same compares the tree that the server told with the one that is in the octets.
func same(t *testing.T, s *Session, uid uint32, name string, told, held *mime.Message) {
	t.Helper()
	var diffs []string
	list := func(m *mime.Message) (out []string) {
		m.Root.Walk(func(p *mime.Part, _ int) {
			line := fmt.Sprintf("%s %s %q %s", p.Number, p.Type, p.FileName, strings.TrimPrefix(p.Charset(), "us-ascii")) // some say the default
			if !p.Multipart() {
				line += fmt.Sprintf(" %d", p.Octets)
			}
			out = append(out, line)
		})
		return out
	}
	if a, b := list(told), list(held); fmt.Sprint(a) != fmt.Sprint(b) {
		diffs = append(diffs, fmt.Sprintf("told %q\nheld %q", a, b))
	}
	if told.Octets != held.Octets || told.Header.Text("Subject") != held.Header.Text("Subject") {
		diffs = append(diffs, fmt.Sprintf("%d octets, subject %q; %d octets, subject %q", told.Octets, told.Header.Text("Subject"), held.Octets, held.Header.Text("Subject")))
	}
	told.Root.Walk(func(p *mime.Part, _ int) {
		h := held.Find(p.Number)
		if h == nil || p.Multipart() {
			return
		}
		b, err := s.Part(t.Context(), uid, p.Number, p.Octets, 0, nil)
		if err != nil || !bytes.Equal(b, h.Body()) {
			diffs = append(diffs, fmt.Sprintf("part %s: %v, %.60q, want %.60q", p.Number, err, b, h.Body()))
		}
	})
	why, odd := ownReading[name]
	switch {
	case odd && len(diffs) == 0:
		t.Errorf("%s: agrees, though we say that it does not: %s", name, why)
	case !odd && len(diffs) > 0:
		t.Errorf("%s: %s", name, strings.Join(diffs, "\n"))
	}
}

func TestSection(t *testing.T) {
	for _, bad := range []string{"0", "1..2", "TEXT.1", "1.x", "-1", "01", "1.TEXT.TEXT"} {
		if _, _, err := section(bad); err != retrieval.ErrRefused {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if path, spec, err := section("3.1.TEXT"); fmt.Sprintf("%v %v %v", path, spec, err) != "[3 1] TEXT <nil>" {
		t.Error(path, spec, err)
	}
}

const oneText = `BODYSTRUCTURE ("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 1 NIL NIL NIL NIL)`

// TestStructureLeftOut holds that an answer that lacks something is asked for
// again, and is an error when it lacks it still.
func TestStructureLeftOut(t *testing.T) {
	whole := "* 1 FETCH (UID 11 RFC822.SIZE 20 " + oneText + " BODY[HEADER]<0> {12}\r\nSubject: a\r\n)"
	for name, c := range map[string]struct {
		answers [][]string
		err     error
	}{
		"whole":       {answers: [][]string{{whole}}},
		"flags first": {answers: [][]string{{`* 1 FETCH (UID 11 FLAGS (\Seen))`}, {whole}}},
		"no header":   {answers: [][]string{{"* 1 FETCH (UID 11 RFC822.SIZE 20 " + oneText + " BODY[HEADER]<0> NIL)"}, {"* 1 FETCH (UID 11 RFC822.SIZE 20 " + oneText + ")"}}, err: retrieval.ErrGone},
		"nothing":     {answers: [][]string{{}, {}}, err: retrieval.ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(x *script) {
				x.login(someCaps)
				x.open(1)
				for _, a := range c.answers {
					if cmd := x.hear("UID FETCH 11 (UID "); !strings.Contains(cmd, "BODYSTRUCTURE") || !strings.Contains(cmd, "BODY.PEEK[HEADER]<0.65536>") {
						t.Errorf("heard %q", cmd)
					}
					x.say(append(a, "TAG OK done")...)
				}
			}, func(s *Session, _ *ear) {
				if _, err := s.Select(context.Background(), "INBOX", false); err != nil {
					t.Fatal(err)
				}
				m, err := s.Structure(context.Background(), 11)
				if c.err != nil {
					is(t, err, c.err)
				} else if err != nil || m.Header.Text("Subject") != "a" || m.Root.Octets != 5 {
					t.Errorf("%+v, %v", m, err)
				}
			})
		})
	}
}

// TestPartIsCutWhereAsked holds that no more is asked for than is wanted, and
// that a part that is shorter than announced ends.
func TestPartIsCutWhereAsked(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(1)
		x.hear("UID FETCH 11 (UID BODY.PEEK[2.1]<0.3>)")
		x.say("* 1 FETCH (UID 11 BODY[2.1]<0> {3}\r\nabc)", "TAG OK done")
		x.hear("UID FETCH 11 (UID BODY.PEEK[2]<0.1048576>)")
		x.say("* 1 FETCH (UID 11 BODY[2]<0> {3}\r\nabc)", "TAG OK done")
		x.hear("UID FETCH 11 (UID BODY.PEEK[2]<3.1048576>)")
		x.say(`* 1 FETCH (UID 11 BODY[2]<3> "")`, "TAG OK done")
		x.hear("UID FETCH 11 (UID BODY.PEEK[1.TEXT]<0.1048576>)")
		x.say("* 1 FETCH (UID 11 BODY[2]<0> {3}\r\nabc)", "TAG OK done") // not what was asked
		x.hear("UID FETCH 11 (UID BODY.PEEK[1.TEXT]<0.1048576>)")
		x.say("TAG OK done")
	}, func(s *Session, _ *ear) {
		ctx := context.Background()
		if _, err := s.Select(ctx, "INBOX", false); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Part(ctx, 11, "2.1", 9, 3, nil); string(b) != "abc" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if b, err := s.Part(ctx, 11, "2", 9, 0, nil); string(b) != "abc" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if b, err := s.Part(ctx, 11, "1.TEXT", 9, 0, nil); len(b) > 0 || !errors.Is(err, retrieval.ErrGone) {
			t.Errorf("%q, %v", b, err)
		}
	})
}
