//go:build linux

package cli

import (
	"fmt"
	"mime"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval/imap"
	"imapop/retrieval/wire"
	"imapop/ui/internal/pty"
)

// evilMails are messages of which every part that is shown is evil: as raw octets,
// in encoded words, in plain text, in HTML and in the names of attachments.
func evilMails() []string {
	word := mime.BEncoding.Encode("utf-8", "s"+evil)
	oneLine := strings.NewReplacer("\r", "", "\n", "", "\x0b", "").Replace(evil)
	header := func(subject, from, kind string) string {
		return "Message-ID: <" + fmt.Sprint(len(subject+kind)) + oneLine + "@evil.example>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: " + from +
			"\r\nTo: alice@sandbox.example\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\nContent-Type: " + kind + "\r\n"
	}
	return []string{
		header("raw "+oneLine, `"Mallory `+oneLine+`" <m@evil.example>`, "text/plain; charset=utf-8") + "\r\nA body " + evil + "\r\n",
		header("encoded "+word, mime.QEncoding.Encode("utf-8", "Mallory "+evil)+" <m@evil.example>", "text/html; charset=utf-8") +
			"\r\n<p>HTML " + evil + " &#27;]52;c;RVZJTA==&#7; &#x9b;31m &#x202e;<a href=\"http://evil.example/" + oneLine + "\">a link</a></p>\r\n",
		header("attached", "m@evil.example", "multipart/mixed; boundary=b") + "\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee the attachment\r\n" +
			"--b\r\nContent-Type: application/octet-stream; name=\"../../.bashrc" + oneLine + "\"\r\nContent-Disposition: attachment; filename*=utf-8''..%2F..%2Fnul%00%1b%5d52%3bc%3beA%3d%3d%07%e2%80%aecon.txt\r\n\r\nx\r\n--b--\r\n",
	}
}

// mailbox fills a demo server with evil mail and gives its configuration.
func mailbox(t *testing.T) (dir, conf string) {
	t.Helper()
	good := startGood(t)
	a := good.srv.Account()
	s, err := imap.Open(t.Context(), imap.Config{Account: a, Password: account.NewPassword(secretUnderAttack), Wire: wire.Options{Roots: good.srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	for _, m := range evilMails() {
		if _, err := s.Append(t.Context(), "INBOX", nil, time.Time{}, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	return dir, good.config(t, dir, "", "", "")
}

// TestEvilMail shows evil mail by every command that prints.
func TestEvilMail(t *testing.T) {
	_, conf := mailbox(t)
	for _, command := range []string{"compare", "fetch --dry-run --keep", "fetch --keep", "check"} {
		o := attackOnce(t, conf, command, wire.Options{})
		if o.code != exitOK {
			t.Errorf("%s: exit code %d: %s", command, o.code, o.errs)
		}
		if command == "compare" && !strings.Contains(o.out, "raw ␛]52") {
			t.Errorf("%s does not show the mail: %s", command, o.out)
		}
		harmless(t, command, o.out+o.errs)
	}
}

// marks are what a terminal would have obeyed; the program writes none of them itself.
var marks = []string{"\x1b]52", "\x1b]8;", "\x1b[31mred", "\x07", "\x0b", "\u009b", "\x9b32m", "\u202e", "\u2066", "\u200b", "\u00ad"}

func unharmed(t *testing.T, term *pty.Term) {
	t.Helper()
	drawn := term.Drawn()
	if !strings.Contains(drawn, "␛]52") {
		t.Error("nothing evil was ever shown: the test cannot fail")
	}
	for _, m := range marks {
		if i := strings.Index(drawn, m); i >= 0 {
			t.Errorf("the terminal was sent %q: %q", m, drawn[max(0, i-60):min(len(drawn), i+60)])
		}
	}
	left(t, term)
}

func startApp(t *testing.T, bin, dir, conf, await string) *pty.Term {
	t.Helper()
	cmd := exec.Command(bin, "--config", conf)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_STATE_HOME="+dir, "TERM=xterm-256color", "LANG=C.UTF-8")
	term, err := pty.Start(cmd, 140, 40)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	t.Cleanup(func() { term.Close() })
	if !term.Await(await, soon) {
		t.Fatalf("%q was not drawn: %s", await, end(term))
	}
	return term
}

// end is the last that was drawn, fit for a log.
func end(term *pty.Term) string {
	s := term.Output()
	return fmt.Sprintf("%q", s[max(0, len(s)-400):])
}

// walk presses keys, each after the one before was answered on screen.
func walk(t *testing.T, term *pty.Term, steps ...[2]string) {
	t.Helper()
	for _, s := range steps {
		term.Mark()
		if err := term.Type(s[0]); err != nil {
			t.Fatal(err)
		}
		if s[1] != "" && !term.Await(s[1], soon) {
			t.Fatalf("%q: %q was not drawn: %s", s[0], s[1], end(term))
		}
	}
}

// TestTerminalUnderAttack reads evil mail in the app, on each screen, and then
// meets servers whose every text is evil. The terminal is left as it was.
func TestTerminalUnderAttack(t *testing.T) {
	bin := build(t)
	t.Run("mail", func(t *testing.T) {
		dir, conf := mailbox(t)
		term := startApp(t, bin, dir, conf, "attached")
		walk(t, term, [2]string{"G", ""}, [2]string{"\r", "see the attachment"}, [2]string{"p", "a link"}, [2]string{"p", "A body"},
			[2]string{"r", "Message-ID"}, [2]string{"r", "A body"}, [2]string{"t", "text/plain"}, [2]string{"t", "A body"}, [2]string{"q", "this message"},
			[2]string{"w", " TIME         "}, [2]string{"q", "this message"}, [2]string{"5", "LEAVING MAIL"}, [2]string{"1", "this message"})
		quits(t, term)
		unharmed(t, term)
		keepsNothing(t, dir)
	})
	t.Run("servers", func(t *testing.T) {
		good := startGood(t)
		dir := t.TempDir()
		f := startFoe(t, func(c *talk) {
			tag := c.imapUntil("SELECT")
			c.say("* OK [ALERT] beware %s\r\n* NO [ALERT] %s\r\n%s NO [REFERRAL imap://evil.example/] refused %s\r\n", evil, evil, tag, evil)
			c.hang()
		})
		term := startApp(t, bin, dir, good.config(t, dir, "imap", f.addr, ""), "refused")
		walk(t, term, [2]string{"w", " TIME         "}, [2]string{"q", "this message"})
		quits(t, term)
		unharmed(t, term)
		keepsNothing(t, dir)
	})
}
