//go:build linux

package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"imapop/ui/internal/pty"
)

// soon bounds every wait of these tests, on a loaded machine too.
const soon = 30 * time.Second

// onTerminal starts the app on the demo account and waits for its messages.
func onTerminal(t *testing.T, bin string, w, h int, env ...string) *pty.Term {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "TERM=xterm-256color", "LANG=C.UTF-8", "NO_COLOR=")
	cmd.Env = append(cmd.Env, env...)
	term, err := pty.Start(cmd, w, h)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	t.Cleanup(func() { term.Close() })
	if !term.Await("UIDL", soon) && !term.Await("POP3", soon) {
		t.Fatalf("nothing was drawn:\n%q", term.Output())
	}
	return term
}

// left checks that the terminal is as it was found.
func left(t *testing.T, term *pty.Term) {
	t.Helper()
	after, err := term.Attributes()
	if err != nil {
		t.Fatal(err)
	}
	if after != term.Before() {
		t.Errorf("the line discipline was %+v and is %+v", term.Before(), after)
	}
	drawn := term.Drawn()
	for what, pair := range map[string][2]string{
		"the alternate screen": {"\x1b[?1049h", "\x1b[?1049l"}, "the hidden cursor": {"\x1b[?25l", "\x1b[?25h"},
		"the mouse": {"\x1b[?1002h", "\x1b[?1002l"}, "the mouse's numbers": {"\x1b[?1006h", "\x1b[?1006l"},
	} {
		on, off := strings.LastIndex(drawn, pair[0]), strings.LastIndex(drawn, pair[1])
		if on < 0 || off < on {
			t.Errorf("%s: on at %d, off at %d", what, on, off)
		}
	}
}

// TestLessonByKeysAlone holds that whoever has never seen the program gets from
// its first screen through lesson 4 with the keys that the screens name.
func TestLessonByKeysAlone(t *testing.T) {
	term := onTerminal(t, build(t), 80, 24)
	dialogue(t, term, "4 Lessons", "4", "Two doors to one mailbox", "jjj", "fetch the mail, then take it", "\r",
		"· enter: imap open", "\r", "What will IMAP list then?", "b", "✓ right", "\r",
		"Where will A be then?", "b", "✓ right", "\r", "· enter: pop3 open", "\r", "You predicted 2 of 2", "\r", "Leave on server", "q")
	quits(t, term)
}

func TestTerminalIsLeftAsItWas(t *testing.T) {
	bin := build(t)
	signal := func(s syscall.Signal) func(*pty.Term) error {
		return func(term *pty.Term) error { return term.Cmd.Process.Signal(s) }
	}
	for _, c := range []struct {
		name string
		end  func(*pty.Term) error
		code int
	}{
		{"q", func(term *pty.Term) error { return term.Type("q") }, exitOK},
		{"TERM", signal(syscall.SIGTERM), exitFail},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := onTerminal(t, bin, 120, 36)
			if err := c.end(term); err != nil {
				t.Fatal(err)
			}
			code, ended := term.Wait(soon)
			if !ended || code != c.code {
				t.Fatalf("ended: %v, exit code %d, want %d", ended, code, c.code)
			}
			left(t, term)
		})
	}
	t.Run("vanishes", func(t *testing.T) {
		term := onTerminal(t, bin, 120, 36)
		if err := term.Vanish(); err != nil {
			t.Fatal(err)
		}
		if _, ended := term.Wait(soon); !ended {
			t.Error("the program lives on without its terminal")
		}
	})
	t.Run("NO_COLOR", func(t *testing.T) {
		term := onTerminal(t, bin, 120, 36, "NO_COLOR=1", "COLORTERM=truecolor")
		quits(t, term)
		if c := colour.FindString(term.Drawn()); c != "" {
			t.Errorf("a colour was drawn: %q", c)
		}
	})
}

// colour is an SGR that sets a foreground or a ground (ECMA-48 section 8.3.117).
var colour = regexp.MustCompile(`\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m`)

func quits(t *testing.T, term *pty.Term) {
	t.Helper()
	if err := term.Type("q"); err != nil {
		t.Fatal(err)
	}
	if code, ended := term.Wait(soon); !ended || code != exitOK {
		t.Errorf("ended: %v, exit code %d", ended, code)
	}
}
