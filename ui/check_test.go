package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// checker answers with what a test says, and remembers what it was given.
type checker struct {
	answer func(ctx context.Context, progress func(int, int, string)) (check.Report, error)
	given  []string
}

func (c *checker) Check(ctx context.Context, v *retrieval.View, _ []retrieval.Line, progress func(int, int, string)) (check.Report, error) {
	c.given = append(c.given, v.Account)
	return c.answer(ctx, progress)
}

func withChecker(t *testing.T, c Checker) app {
	a := opened(t.Context(), fake.NewDesk())
	a.checking.by = c
	return a
}

// settle gives the app what a command brings, until nothing more comes.
func settle(a app, cmd tea.Cmd) app {
	for _, msg := range results(cmd) {
		var next tea.Cmd
		a, next = drive(a, msg)
		switch msg.(type) {
		case lookedMsg, checkedMsg:
			a = settle(a, next)
		}
	}
	return a
}

func TestAccountScreenChecksWhenOpened(t *testing.T) {
	c := &checker{answer: func(_ context.Context, progress func(int, int, string)) (check.Report, error) {
		progress(1, 8, "IMAP mail.example.org:993")
		return fake.Report(), nil
	}}
	a, cmd := drive(withChecker(t, c), typed("5"))
	if a.screen != wish.Account || !strings.Contains(a.View(), "looking") {
		t.Fatalf("5 does not open the screen, or nothing runs:\n%s", a.View())
	}
	if a = settle(a, cmd); !strings.Contains(a.View(), "serious  The server takes passwords before TLS") {
		t.Errorf("no report:\n%s", a.View())
	}
	a, _ = drive(a, typed("1"))
	if a, cmd = drive(a, typed("5")); results(cmd) != nil || len(c.given) != 1 || c.given[0] != fake.Fresh().Account {
		t.Errorf("opening it again checks again: %v", c.given)
	}
	if a, cmd = drive(a, typed("c")); len(results(cmd)) == 0 || len(c.given) != 2 {
		t.Errorf("c does not check again: %v", c.given)
	}
}

// TestCheckIsStopped stops a check, and drops what an older one says.
func TestCheckIsStopped(t *testing.T) {
	c := &checker{answer: func(ctx context.Context, _ func(int, int, string)) (check.Report, error) {
		<-ctx.Done()
		return check.Report{}, context.Cause(ctx)
	}}
	a, cmd := drive(withChecker(t, c), typed("5"))
	a, _ = drive(a, typed("c"))
	if a = settle(a, cmd); !strings.Contains(a.View(), "not checked: context canceled") {
		t.Errorf("c does not stop it:\n%s", a.View())
	}
	a, _ = drive(a, typed("c"))
	if a, _ = drive(a, checkedMsg{err: errors.New("of an older check"), gen: 1}); strings.Contains(a.View(), "older") {
		t.Errorf("an older check is heard:\n%s", a.View())
	}
}

func TestCheckThatPanicsOrIsMissing(t *testing.T) {
	c := &checker{answer: func(context.Context, func(int, int, string)) (check.Report, error) { panic("oh") }}
	a, cmd := drive(withChecker(t, c), typed("5"))
	if a = settle(a, cmd); !strings.Contains(a.View(), "a fault in imapop itself: oh") {
		t.Errorf("the panic is not told:\n%s", a.View())
	}
	a, cmd = drive(opened(t.Context(), fake.NewDesk()), typed("5"))
	if a = settle(a, cmd); !strings.Contains(a.View(), "cannot be checked here") {
		t.Errorf("nobody says that it cannot:\n%s", a.View())
	}
}
