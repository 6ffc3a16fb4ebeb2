//go:build unix

package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"imapop/account"
)

func TestResolve(t *testing.T) {
	t.Setenv("IMAPOP_TEST_PW", "from env")
	t.Setenv("IMAPOP_TEST_EMPTY", "")
	ask := func(context.Context) (string, error) { return "asked", nil }
	command := func(s string) account.SecretSource { return account.SecretSource{Command: s} }
	for _, c := range []struct {
		name string
		src  account.SecretSource
		want string
		err  string // "": none
	}{
		{"literal", account.SecretSource{Literal: account.NewPassword("wonderland")}, "wonderland", ""},
		{"literal with a line break", account.SecretSource{Literal: account.NewPassword("a\r\nDELE 1")}, "", "line break"},
		{"env", account.SecretSource{Env: "IMAPOP_TEST_PW"}, "from env", ""},
		{"env empty", account.SecretSource{Env: "IMAPOP_TEST_EMPTY"}, "", "IMAPOP_TEST_EMPTY is empty"},
		{"env unset", account.SecretSource{Env: "IMAPOP_TEST_NONE"}, "", "IMAPOP_TEST_NONE is not set"},
		{"ask", account.SecretSource{}, "asked", ""},
		{"first line", command("printf 'secret word\\nuser: alice\\n'"), "secret word", ""},
		{"CRLF", command("printf 'secret\\r\\n'"), "secret", ""},
		{"no newline", command("printf secret"), "secret", ""},
		{"spaces stay", command("printf ' a b \\n'"), " a b ", ""},
		{"empty first line", command("printf '\\nsecret\\n'"), "", "printed no password"},
		{"nothing", command("true"), "", "printed no password"},
		{"NUL", command("printf 'a\\0b\\n'"), "", "NUL"},
		{"fails", command("echo hunter2; echo 'locked: hunter2' >&2; exit 3"), "", `exit status 3: it said "locked: ***"`},
		{"terminal control", command("printf '\\033[2Jno\\n' >&2; exit 1"), "", `"\x1b[2Jno"`},
		{"too long", command("head -c 200000 /dev/zero | tr '\\0' x"), "", "longer than"},
		{"much more after it", command("echo secret; head -c 200000 /dev/zero"), "secret", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Resolve(t.Context(), c.src, ask)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("got error %v, want %q", err, c.err)
			}
			if p.Reveal() != c.want {
				t.Errorf("got %q, want %q", p.Reveal(), c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestNobodyToAsk(t *testing.T) {
	if _, err := Resolve(t.Context(), account.SecretSource{}, nil); !errors.Is(err, ErrNoSource) {
		t.Errorf("got %v, want ErrNoSource", err)
	}
}

func TestAskFails(t *testing.T) {
	cause := errors.New("went away")
	_, err := Resolve(t.Context(), account.SecretSource{}, func(context.Context) (string, error) { return "hunter2", cause })
	if !errors.Is(err, cause) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no fifo here: ", err)
	}
	return path
}

func TestCancelEndsTheCommand(t *testing.T) {
	path := fifo(t)
	cause := errors.New("the person pressed Esc")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		f, err := os.Open(path) // returns when the command has opened the other end: it runs
		if err == nil {
			defer f.Close()
		}
		cancel(cause)
	}()
	_, err := Resolve(ctx, account.SecretSource{Command: "exec sleep 600 >'" + path + "'"}, nil)
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestChildStaysBehind(t *testing.T) {
	path := fifo(t)
	p, err := Resolve(t.Context(), account.SecretSource{Command: "echo secret; cat '" + path + "' &"}, nil)
	if err != nil || p.Reveal() != "secret" {
		t.Errorf("got %q, %v", p.Reveal(), err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		f.Close() // ends the child
	}
}
